"""INT8 jobs of the engine by their definition: word after word, in Python's integers.

Written independently of modelgen.targets.systolic.reference, and slow.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from modelgen.targets.systolic.abi import Operation
from modelgen.targets.systolic.descriptor import Descriptor
from tests.support import exact


def signed(value: int, bits: int) -> int:
    """The lowest bits of a number, the highest of which is the sign."""
    value &= (1 << bits) - 1
    return value - (value >> (bits - 1) << bits)


@dataclass
class ExactIntegers:
    """Runs the computing and storing of valid INT8 jobs on words of memory and buffer."""

    memory: bytearray
    base: int
    size: int
    buffer: dict[int, int]
    buffer_words: int
    sums: dict[tuple[int, int, int], int] = field(default_factory=dict)
    """By half, entry, column."""
    table: bytes = b""

    def run(self, job: Descriptor) -> None:
        for half in range(2 if job.pair_rows else 1):
            self._clear(job, half)
        for index, slice_ in enumerate(self._slices(job)):
            for tile in range(job.tiles):
                for position in range(job.position_rows * job.position_columns):
                    self._compute(job, index, slice_, tile, position)
        if job.stores:
            self._store(job)

    # Computing

    def _clear(self, job: Descriptor, half: int) -> None:
        for entry in range(job.tiles * job.position_rows * job.position_columns):
            for column in range(self.size):
                place = half, job.accumulator + entry, column
                if job.first or place not in self.sums:
                    self.sums[place] = -128 if job.operation == Operation.MAX else 0

    def _slices(self, job: Descriptor) -> Iterator[list[int | None]]:
        """Yields places of the words of a slice, from the position's first one and the tile's."""
        width = self.size // 4
        if job.operation == Operation.MATMUL:
            if job.span:
                words = [
                    run * job.run_pitch_y + word
                    for run in range(job.runs_y)
                    for word in range(job.run_words)
                ]
                for first in range(0, len(words), width):
                    yield self._filled(words[first : first + width])
                return
            for run_y in range(job.runs_y):
                for run_x in range(job.runs_x):
                    start = run_y * job.run_pitch_y + run_x * job.run_pitch_x
                    words = [start + word for word in range(job.run_words)]
                    for first in range(0, len(words), width):
                        yield self._filled(words[first : first + width])
            return
        down, across = self._steps(job)
        for run_y in range(0, job.runs_y, down):
            for run_x in range(0, job.runs_x, across):
                start = run_y * job.run_pitch_y + run_x * job.run_pitch_x
                yield [start + word for word in range(width)]

    def _steps(self, job: Descriptor) -> tuple[int, int]:
        """Kernel rows and columns of a slice."""
        if job.operation != Operation.DEPTHWISE:
            return 1, 1
        return {4: 1, 8: 2}.get(self.size, 3), 3

    def _filled(self, words: list[int]) -> list[int | None]:
        return [*words, *[None] * (self.size // 4 - len(words))]

    def _byte(self, place: int | None, index: int) -> int:
        """A signed byte of a word of the buffer."""
        if place is None:
            return 0
        return signed(self.buffer.get(place % self.buffer_words, 0) >> 8 * index, 8)

    def _compute(
        self, job: Descriptor, index: int, slice_: list[int | None], tile: int, position: int
    ) -> None:
        y, x = divmod(position, job.position_columns)
        origin = job.input_base + y * job.step_y + x * job.step_x
        distance = job.pair_rows * job.window_rows * job.step_y
        entry = job.accumulator + tile * job.position_rows * job.position_columns + position
        for column in range(self.size):
            if job.operation == Operation.MATMUL:
                made = self._pair(job, index, slice_, tile, column, origin, distance)
            elif job.operation == Operation.DEPTHWISE:
                made = [self._kernel(job, index, slice_, tile, column, origin)]
            else:
                places = (origin, origin + distance)[: 2 if job.pair_rows else 1]
                made = [self._channel(job, slice_, tile, column, start) for start in places]
            for half, value in enumerate(made[: 2 if job.pair_rows else 1]):
                place = half, entry, column
                if job.operation == Operation.MAX:
                    held = self.sums[place]
                    more = value - held if value > signed(held, 8) else 0
                    self.sums[place] = signed(self.sums[place] + more, 32)
                else:
                    self.sums[place] = signed(self.sums[place] + value, 32)

    def _channel(
        self, job: Descriptor, slice_: list[int | None], tile: int, column: int, start: int
    ) -> int:
        """The activation of a column's channel; 0 if there is none."""
        word = tile * (self.size // 4) + column // 4
        first = slice_[0]
        assert first is not None
        return self._byte(start + first + word if word < job.run_words else None, column % 4)

    def _pair(
        self,
        job: Descriptor,
        index: int,
        slice_: list[int | None],
        tile: int,
        column: int,
        origin: int,
        distance: int,
    ) -> list[int]:
        """Both sums of a column, told apart at its foot."""
        if column >= self._columns(job, tile):
            return [0, 0]  # nothing may depend on them
        chain, taken, lower = 0, 0, 0
        for row in range(self.size):
            place = slice_[row // 4]
            first = None if place is None else origin + place
            second = None if place is None or not job.pair_rows else origin + distance + place
            operand = self._byte(second, row % 4) * 2**18 + self._byte(first, row % 4)
            chain = signed(chain + operand * self._weight(job, index, tile, column, row), 40)
            if row % 8 == 7 or row == self.size - 1:
                lower += signed(chain - taken, 18)
                taken = chain
        return [lower, (chain - lower) >> 18]

    def _kernel(
        self,
        job: Descriptor,
        index: int,
        slice_: list[int | None],
        tile: int,
        column: int,
        origin: int,
    ) -> int:
        down, across = self._steps(job)
        word = tile * (self.size // 4) + column // 4
        first = slice_[0]
        assert first is not None
        if word >= job.run_words or column >= self._columns(job, tile):
            return 0
        total = 0
        for tap_y in range(down):
            for tap_x in range(across):
                place = origin + first + word + tap_y * job.run_pitch_y + tap_x * job.run_pitch_x
                unsigned = self._byte(place, column % 4) + 128
                row = 3 * tap_y + tap_x
                total += unsigned * self._weight(job, index, tile, column, row)
        return total

    def _columns(self, job: Descriptor, tile: int) -> int:
        left = job.channels - tile * self.size
        return left if tile == job.tiles - 1 and 0 < left < self.size else self.size

    def _weight(self, job: Descriptor, index: int, tile: int, column: int, row: int) -> int:
        def length(columns: int) -> int:
            weights = columns * self.size
            stored = -(-weights // 2) if job.int4_weights else weights
            return -(-stored // 16) * 16

        whole = length(self.size)
        slice_ = (job.tiles - 1) * whole + length(self._columns(job, job.tiles - 1))
        start = job.weights - self.base + index * slice_ + tile * whole
        place = column * self.size + row
        if job.int4_weights:
            return signed(self.memory[start + place // 2] >> 4 * (place % 2), 4)
        return signed(self.memory[start + place], 8)

    # Storing

    def _word(self, address: int) -> int:
        return int.from_bytes(self.memory[address - self.base : address - self.base + 4], "little")

    def _store(self, job: Descriptor) -> None:
        if job.load_table:
            start = job.coefficients - self.base
            self.table = bytes(self.memory[start : start + 256])
        halves = 2 if job.pair_rows else 1
        channels = min(job.channels, job.tiles * self.size)
        results = {}
        for half in range(halves):
            for y in range(job.store_rows):
                for x in range(job.store_columns):
                    for channel in range(channels):
                        result = self._result(job, half, y, x, channel)
                        results[half, y, x, channel] = result & 0xFF
        for tile in range(job.tiles):
            for y in range(job.store_rows):
                for x in range(job.store_columns):
                    for half in range(halves):
                        for first in range(tile * self.size, channels, 4)[: self.size // 4]:
                            word = sum(
                                results.get((half, y, x, first + i), 0) << 8 * i for i in range(4)
                            )
                            self._write(job, half, y, x, first // 4, word)

    def _write(self, job: Descriptor, half: int, y: int, x: int, place: int, word: int) -> None:
        row = y + half * job.pair_rows
        if job.store_memory:
            address = job.destination + row * job.destination_pitch_y
            address += x * job.destination_pitch_x + 4 * place - self.base
            self.memory[address : address + 4] = word.to_bytes(4, "little")
        if job.store_buffer:
            column = x * job.store_pitch_x + place
            self.buffer[job.store_base + row * job.store_pitch_y + column] = word

    def _result(self, job: Descriptor, half: int, y: int, x: int, channel: int) -> int:
        tile, column = divmod(channel, self.size)
        entry = job.accumulator + tile * job.position_rows * job.position_columns
        value = max(
            self._requantized(
                job,
                tile,
                column,
                self.sums[half, entry + wy * job.position_columns + wx, column],
            )
            for wy in range(y * job.window_rows, (y + 1) * job.window_rows)
            for wx in range(x * job.window_columns, (x + 1) * job.window_columns)
        )
        if job.add_residual:
            value = self._sum(job, half, y, x, channel, value)
        if job.apply_table:
            return self.table[value & 0xFF]
        return value

    def _parameter(self, job: Descriptor, tile: int, column: int, array: int) -> int:
        def length(tile: int) -> int:
            return -(-4 * self._columns(job, tile) // 16) * 16

        start = job.parameters + (64 if job.add_residual else 0)
        start += sum(3 * length(before) for before in range(tile))
        return self._word(start + array * length(tile) + 4 * column)

    def _requantized(self, job: Descriptor, tile: int, column: int, total: int) -> int:
        scale, bias, offsets = (self._parameter(job, tile, column, array) for array in range(3))
        x = total + signed(bias, 30)
        result = quotient(x, x * scale, bias, offsets, job.ties_even)
        if job.add_residual:
            bounds = self._word(job.parameters + 48)
            return clamp(result, signed(bounds >> 14, 9), signed(bounds >> 23, 9))
        return clamp(result + job.zero_point, job.integer_low, job.integer_high)

    def _sum(self, job: Descriptor, half: int, y: int, x: int, channel: int, value: int) -> int:
        scale, bias, offsets, zero_point = (
            self._word(job.parameters + 16 * index) for index in range(4)
        )
        row = y + half * job.pair_rows
        address = job.residual + row * job.destination_pitch_y + x * job.destination_pitch_x
        operand = signed(self.memory[address + channel - self.base], 8)
        first = signed(bias, 30)
        total = value * first + (operand - signed(zero_point, 8)) * (scale & (2**26 - 1))
        result = quotient(first, total * 2**8, bias, offsets, False)
        return clamp(result + job.zero_point, job.integer_low, job.integer_high)


def quotient(factor: int, product: int, bias: int, offsets: int, as_fp32: bool) -> int:
    """What a product is when it is divided; more than any bound if the factor has over 27 bits."""
    if not -(2**26) <= factor < 2**26:
        return 1000 if factor > 0 else -1000
    shift = (30, 37, 44, 51)[bias >> 30 & 3]
    product += offset_of(offsets, product < 0) * 2**16
    exact_quotient = Fraction(product, 2**shift)
    if as_fp32:
        return fp32_nearest(exact_quotient)
    return (product + 2 ** (shift - 1)) // 2**shift


def offset_of(word: int, is_negative: bool) -> int:
    """The offset of a sign. From 3 * 2^14 on, below zero from 2^14 on, it is negative."""
    half = word >> 16 & 0xFFFF if is_negative else word & 0xFFFF
    return half - 2**16 if half >= (2**14 if is_negative else 3 * 2**14) else half


def fp32_nearest(value: Fraction) -> int:
    """The integer nearest to the FP32 number nearest to a number; of two the even one.

    From exactly half a unit of FP32 above the middle between two integers hardware goes upwards.
    """
    middle = math.floor(value) + Fraction(1, 2)
    above = exact.to_fraction(exact.to_bits(middle) + (1 if middle > 0 else -1))
    if value - middle == (above - middle) / 2:
        return math.ceil(value)
    return round(exact.to_fraction(exact.to_bits(value)))


def clamp(value: int, low: int, high: int) -> int:
    if value < low:
        return low
    return high if value > high else value
