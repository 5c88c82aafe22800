"""Jobs on small feature maps in the memory of an engine under test."""

from dataclasses import replace

import numpy as np

from modelgen.arithmetic.function_table import BYTES as TABLE_BYTES
from modelgen.hardware import Hardware
from modelgen.targets.systolic.abi import Fence, Operation
from modelgen.targets.systolic.descriptor import Descriptor
from modelgen.targets.systolic.reference import slices
from tests.hw.engine_bench import Allocator


class Maker:
    """Makes jobs on small feature maps, with all their data in memory."""

    def __init__(self, memory: bytearray, hardware: Hardware, seed: int = 0) -> None:
        self.memory = Allocator(memory)
        self.hardware = hardware
        self.random = np.random.default_rng(seed)

    def floats(self, count: int) -> int:
        """Places `count` random FP32; returns their address."""
        return self.memory.place(self.random.standard_normal(count).astype("<f4").tobytes())

    def job(
        self,
        operation: Operation = Operation.MATMUL,
        *,
        rows: int = 5,
        columns: int = 6,
        channels: int = 3,
        outputs: int = 0,
        kernel: int = 1,
        padding: int = 0,
        stride: int = 1,
        span: bool = False,
    ) -> Descriptor:
        """Returns a job that loads a feature map, works on all its windows and stores to memory."""
        size = self.hardware.array_size
        is_matmul = operation == Operation.MATMUL
        outputs = (outputs or size) if is_matmul else channels
        run = kernel * channels if span else channels
        pitch = (columns + 2 * padding) * channels
        if span:
            banks = 1 << (size - 1).bit_length()
            pitch += -(pitch - run) % banks
        out_rows = (rows + 2 * padding - kernel) // stride + 1
        out_columns = (columns + 2 * padding - kernel) // stride + 1
        job = Descriptor(
            operation=operation,
            load=True,
            fill=padding > 0,
            first=True,
            store_memory=True,
            span=span,
            source=self.floats(rows * columns * channels),
            source_pitch_y=4 * columns * channels,
            source_pitch_x=4 * channels,
            load_rows=rows,
            load_columns=columns,
            load_words=channels,
            load_pitch_y=pitch,
            load_head=padding * (pitch + channels),
            load_tail=max(0, padding * (pitch - channels)),
            step_x=stride * channels,
            step_y=stride * pitch,
            position_rows=out_rows,
            position_columns=out_columns,
            run_words=run,
            runs_x=1 if span else kernel,
            runs_y=kernel,
            run_pitch_x=0 if span else channels,
            run_pitch_y=pitch,
            tiles=-(-outputs // size),
            channels=outputs,
        )
        return self.storing(replace(job, weights=self.weights(job)), out_rows, out_columns)

    def weights(self, job: Descriptor) -> int:
        """Places random weights for a job; returns their address."""
        size = self.hardware.array_size
        tile = size * size if job.operation == Operation.MATMUL else -(-size // 16) * 16
        count = slices.count(job, size) * job.tiles * tile
        return self.memory.place(self.random.integers(-127, 128, count).astype(np.int8).tobytes())

    def storing(self, job: Descriptor, rows: int, columns: int, window: int = 1) -> Descriptor:
        """Returns the job with `rows` x `columns` results of `window` x `window` positions each."""
        pitch = 4 * job.channels
        return replace(
            job,
            parameters=self.floats(2 * job.tiles * self.hardware.array_size),
            destination=self.memory.place(bytes(rows * columns * pitch)),
            destination_pitch_x=pitch,
            destination_pitch_y=columns * pitch,
            store_rows=rows,
            store_columns=columns,
            window_rows=window,
            window_columns=window,
        )

    def table(self) -> int:
        """Places a table of arbitrary polynomials; returns its address."""
        return self.memory.place(self.random.bytes(TABLE_BYTES))

    def elsewhere(self, job: Descriptor) -> Descriptor:
        """Returns the job with its results at another place in memory, after all earlier jobs."""
        size = (job.store_rows + job.pair_rows) * job.destination_pitch_y
        return replace(job, destination=self.memory.place(bytes(size)), fence=Fence.ALL)

    def with_residual(self, job: Descriptor) -> Descriptor:
        count = job.store_rows * job.store_columns * job.channels
        return replace(job, add_residual=True, residual=self.floats(count))

    def in_buffer(self, job: Descriptor, base: int) -> Descriptor:
        """Returns the job with its results in the buffer instead of memory."""
        return replace(
            job,
            store_memory=False,
            store_buffer=True,
            store_base=base,
            store_pitch_x=job.channels,
            store_pitch_y=job.store_columns * job.channels,
        )


def matrix_product(
    memory: Allocator, hw: Hardware, rows: int, words: int, tiles: int, seed: int = 0
) -> Descriptor:
    """Returns a job that loads `rows` rows of `words` words and stores all columns of its tiles."""
    rng, size = np.random.default_rng(seed), hw.array_size
    slices = -(-words // size)
    weights = rng.integers(-127, 128, slices * tiles * size * size).astype(np.int8)
    columns = tiles * size
    return Descriptor(
        operation=Operation.MATMUL,
        load=True,
        first=True,
        store_memory=True,
        source=memory.place(rng.standard_normal(rows * words).astype("<f4").tobytes()),
        source_pitch_y=4 * words,
        load_rows=rows,
        load_columns=1,
        load_words=words,
        load_pitch_y=words,
        step_y=words,
        position_rows=rows,
        position_columns=1,
        run_words=words,
        runs_x=1,
        runs_y=1,
        weights=memory.place(weights.tobytes()),
        tiles=tiles,
        channels=columns,
        parameters=memory.place(rng.standard_normal(2 * columns).astype("<f4").tobytes()),
        destination=memory.place(bytes(4 * rows * columns)),
        destination_pitch_x=4 * columns,
        destination_pitch_y=4 * columns,
        store_rows=rows,
        store_columns=1,
        window_rows=1,
        window_columns=1,
    )
