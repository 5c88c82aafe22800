"""INT8 jobs on small feature maps in the memory of an engine under test."""

from dataclasses import replace

import numpy as np

from modelgen.arithmetic.integer.channel_forms import SHIFTS
from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.arithmetic.integer.sum_form import SumForm
from modelgen.targets.systolic.abi import Fence, Operation
from modelgen.targets.systolic.descriptor import Descriptor
from modelgen.targets.systolic.integer_parameters import bias_words, sum_parameters, words_by_tile
from modelgen.targets.systolic.reference import slices
from modelgen.targets.systolic.reference.scratchpad import BYTE_TABLE_BYTES
from modelgen.targets.systolic.tiles import depthwise_block, tile_columns
from tests.hw.engine_bench import MEMORY_BASE
from tests.hw.engine_jobs import Maker
from tests.support.random_integers import fill_value, packed

ZERO_POINT = -9
"""Of the activations that are loaded."""


class IntegerMaker(Maker):
    """Makes INT8 jobs on small feature maps, with all their data in memory."""

    def bytes(self, count: int) -> int:
        """Places `count` random bytes, in whole words; returns their address."""
        return self.memory.place(self.random.bytes(-(-count // 4) * 4))

    def map_job(
        self,
        operation: Operation = Operation.MATMUL,
        *,
        rows: int = 5,
        columns: int = 6,
        channels: int = 8,
        outputs: int = 0,
        kernel: int = 1,
        padding: int = 0,
        stride: int = 1,
        span: bool = False,
        pairs: bool = False,
        int4: bool = False,
        window: int = 1,
    ) -> Descriptor:
        """Returns a job that loads a feature map, works on all its windows and stores to memory.

        With pairs, the two positions are in the upper and in the lower half of the map; a middle
        row is in both.
        """
        size, words = self.hardware.array_size, -(-channels // 4)
        is_matmul = operation == Operation.MATMUL
        outputs = (outputs or size) if is_matmul else channels
        run = kernel * words if span else words
        out_rows = (rows + 2 * padding - kernel) // stride + 1
        out_columns = (columns + 2 * padding - kernel) // stride + 1
        stored_rows = out_rows // window
        half = -(-stored_rows // 2) if pairs else stored_rows
        is_kernel = operation == Operation.DEPTHWISE
        job = Descriptor(
            operation=operation,
            int8=True,
            int4_weights=int4,
            load=True,
            fill=padding > 0,
            fill_value=fill_value(ZERO_POINT),
            first=True,
            store_memory=True,
            span=span,
            source=self.bytes(4 * rows * columns * words),
            source_pitch_y=4 * columns * words,
            source_pitch_x=4 * words,
            load_rows=rows,
            load_columns=columns,
            load_words=words,
            step_x=stride * words,
            column_stride=stride if is_kernel else 0,
            position_rows=half * window,
            position_columns=out_columns,
            run_words=run,
            runs_x=1 if span else kernel,
            runs_y=kernel,
            run_pitch_x=0 if span else words,
            pair_rows=stored_rows - half,
            window_rows=window,
            tiles=-(-outputs // size),
            channels=outputs,
        )
        job = self._pitched(job, (columns + 2 * padding) * words, stride)
        head = padding * (job.run_pitch_y + words)
        tail = max(0, padding * (job.run_pitch_y - words))
        job = replace(job, load_head=head, load_tail=tail, weights=self.weights(job))
        return self.results(job, half, out_columns // window, window)

    def _pitched(self, job: Descriptor, least: int, stride: int) -> Descriptor:
        """Returns a job with the smallest row pitch for which banks are free."""
        banks, group = self.hardware.banks, self.hardware.banks // 4
        rows, _ = depthwise_block(self.hardware.array_size)

        def fits(pitch: int) -> bool:
            if job.span and (pitch - job.run_words) % banks:
                return False
            if job.operation == Operation.DEPTHWISE and rows > 1:
                return pitch % banks == group
            distance = job.pair_rows * job.window_rows * stride * pitch
            return not job.pair_rows or distance % banks in (group, 2 * group, 3 * group)

        pitches = [pitch for pitch in range(least, least + 2 * banks) if fits(pitch)]
        if not pitches:
            # Only by whole rows in every fourth bank; the job has no pairs then.
            return self._pitched(replace(job, pair_rows=0), least, stride)
        pitch = pitches[0]
        return replace(job, load_pitch_y=pitch, run_pitch_y=pitch, step_y=stride * pitch)

    def weights(self, job: Descriptor) -> int:
        """Places random weights for a job, none where there is no tap; returns their address."""
        if not job.int8:
            return super().weights(job)
        size = self.hardware.array_size
        low = -8 if job.int4_weights else -127
        shape = slices.count(job, size), job.tiles * size, size
        tiles = self.random.integers(low, -low, shape).astype(np.int8)
        if job.operation == Operation.DEPTHWISE:
            tiles *= self._taps(job)[:, None]
        counts = tile_columns(job.channels, job.tiles, size)
        stream = b"".join(
            packed(tile[:count], job.int4_weights, size)
            for slice_ in tiles.reshape(-1, job.tiles, size, size)
            for tile, count in zip(slice_, counts, strict=True)
        )
        return self.memory.place(stream)

    def _taps(self, job: Descriptor) -> np.ndarray:
        """Returns which rows of the array have a tap in each block, (blocks, S)."""
        rows, columns = depthwise_block(self.hardware.array_size)
        down, across = slices.blocks(job, self.hardware.array_size)
        kernel = np.zeros((down * rows, across * columns), np.int8)
        kernel[: job.runs_y, : job.runs_x] = 1
        cut = kernel.reshape(down, rows, across, columns).transpose(0, 2, 1, 3)
        taps = np.zeros((down * across, self.hardware.array_size), np.int8)
        taps[:, : rows * columns] = cut.reshape(down * across, -1)
        return taps

    def results(self, job: Descriptor, rows: int, columns: int, window: int = 1) -> Descriptor:
        """Returns the job with `rows` x `columns` results of `window` x `window` positions each.

        The factors are such that most results are not limited.
        """
        size = self.hardware.array_size
        count = sum(tile_columns(job.channels, job.tiles, size))
        terms = 4 * job.run_words * job.runs_y * job.runs_x
        places = {Operation.MATMUL: 6, Operation.DEPTHWISE: 8}.get(job.operation, 0)
        places += terms.bit_length() // 2 - 4 * job.int4_weights
        # Factors from 2^-places to twice that.
        shift = next(shift for shift in SHIFTS if shift - places >= 25)
        multiplier = self.random.integers(2 ** (shift - places), 2 ** (shift - places + 1), count)
        bias = bias_words(self.random.integers(-2000, 2000, count), np.full(count, shift))
        constants = self.random.integers(-(2**31), 2**31, count) >> 4
        words = -(-job.channels // 4)
        pitch = 4 * words
        return replace(
            job,
            parameters=self.memory.place(words_by_tile([multiplier, bias, constants], size)),
            zero_point=3,
            destination=self.memory.place(bytes((rows + job.pair_rows) * columns * pitch)),
            destination_pitch_x=pitch,
            destination_pitch_y=columns * pitch,
            store_rows=rows,
            store_columns=columns,
            window_rows=window,
            window_columns=window,
        )

    def with_operand(self, job: Descriptor) -> Descriptor:
        """Returns the job with an operand that is added; its results before have bounds."""
        size = (job.store_rows + job.pair_rows) * job.destination_pitch_y
        form = SumForm(3_750_000, 2_500_000, 22, 7, -16)
        line = sum_parameters(form, (3, -20), Clamp(-100, 110))
        columns = tile_columns(job.channels, job.tiles, self.hardware.array_size)
        length = sum(3 * -(-4 * count // 16) * 16 for count in columns)
        begin = job.parameters - MEMORY_BASE
        channels = bytes(self.memory.memory[begin : begin + length])
        return replace(
            job,
            add_residual=True,
            residual=self.bytes(size),
            parameters=self.memory.place(line + channels),
        )

    def byte_table(self) -> int:
        """Places a table of arbitrary bytes; returns its address."""
        return self.memory.place(self.random.bytes(BYTE_TABLE_BYTES))

    def kept(self, job: Descriptor, base: int) -> Descriptor:
        """Returns the job with its results in the buffer instead of memory."""
        words = -(-job.channels // 4)
        return replace(
            job,
            store_memory=False,
            store_buffer=True,
            store_base=base,
            store_pitch_x=words,
            store_pitch_y=job.store_columns * words,
        )


def after(job: Descriptor) -> Descriptor:
    """Returns the job after all earlier ones."""
    return replace(job, fence=Fence.ALL)
