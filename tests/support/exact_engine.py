"""The engine's jobs by their definition: word after word, in exact arithmetic, without NumPy.

Written independently of modelgen.targets.systolic.reference, and slow. Numbers are bits of FP32.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from modelgen.targets.systolic.abi import Factor, Operation
from modelgen.targets.systolic.descriptor import Descriptor
from tests.support import exact
from tests.support.exact_integers import ExactIntegers, signed


def maximum(left: int, right: int) -> int:
    if exact.is_nan(left) or exact.is_nan(right):
        return exact.CANONICAL_NAN_BITS
    return right if is_less(left, right) else left


def is_less(left: int, right: int) -> bool:
    if exact.is_nan(left) or exact.is_nan(right):
        return False
    return _order(left) < _order(right)


def _order(bits: int) -> int:
    """Numbers that grow with the value; the same for zeros of both signs."""
    magnitude = bits & 0x7FFFFFFF
    return -magnitude if bits >> 31 else magnitude


def whole_lines(size: int) -> int:
    return -(-size // 16) * 16


@dataclass
class ExactEngine:
    """Runs valid descriptors on words of memory."""

    memory: bytearray
    base: int
    size: int
    buffer: dict[int, int] = field(default_factory=dict)
    accumulators: dict[tuple[int, int], int] = field(default_factory=dict)
    table: list[int] = field(default_factory=list)
    buffer_words: int = 512
    """INT8 jobs read beyond the last word where they have no weights."""

    def __post_init__(self) -> None:
        places = self.memory, self.base, self.size, self.buffer, self.buffer_words
        self._integers = ExactIntegers(*places)

    def run(self, job: Descriptor) -> None:
        self._load(job)
        if job.int8:
            self._integers.run(job)
            return
        for index, tile, position, words in self._slices(job):
            self._accumulate(job, index, tile, position, words)
        if job.store_memory or job.store_buffer:
            self._store(job)

    def _read(self, address: int) -> int:
        return struct.unpack_from("<I", self.memory, address - self.base)[0]

    def _weight(self, job: Descriptor, tile: int, index: int) -> int:
        """Weight `index` of the tile that begins at an address."""
        if job.int4_weights:
            return signed(self.memory[tile + index // 2 - self.base] >> 4 * (index % 2), 4)
        return signed(self.memory[tile + index - self.base], 8)

    def _stored(self, job: Descriptor, weights: int) -> int:
        """Bytes of so many weights."""
        return whole_lines(-(-weights // 2) if job.int4_weights else weights)

    def _load(self, job: Descriptor) -> None:
        first = job.load_base + job.load_head
        if job.fill:
            end = first + job.load_rows * job.load_pitch_y + job.load_tail
            data = {
                first + row * job.load_pitch_y + word
                for row in range(job.load_rows)
                for word in range(job.load_columns * job.load_words)
            }
            for word in set(range(job.load_base, end)) - data:
                self.buffer[word] = exact.float_to_bits(job.fill_value)
        if not job.load:
            return
        for row in range(job.load_rows):
            for column in range(job.load_columns):
                for word in range(job.load_words):
                    place = first + row * job.load_pitch_y + column * job.load_words + word
                    self.buffer[place] = self._read(
                        job.source
                        + row * job.source_pitch_y
                        + column * job.source_pitch_x
                        + 4 * word
                    )

    def _slices(self, job: Descriptor) -> Iterator[tuple[int, int, int, list[int]]]:
        """Gives (slice, tile, position, places of the lanes' words) in the order of computing."""
        for index, starts in enumerate(self._cut(job)):
            for tile in range(job.tiles):
                shift = 0 if job.operation == Operation.MATMUL else tile * self.size
                for y in range(job.position_rows):
                    for x in range(job.position_columns):
                        origin = job.input_base + y * job.step_y + x * job.step_x
                        words = [origin + shift + start for start in starts]
                        if job.operation != Operation.MATMUL:
                            words = words[: max(job.run_words - shift, 0)]
                        yield index, tile, y * job.position_columns + x, words

    def _cut(self, job: Descriptor) -> Iterator[list[int]]:
        """Gives the words of each slice, from the origin."""
        size = self.size
        if job.span:
            words = [
                (k // job.run_words) * job.run_pitch_y + k % job.run_words
                for k in range(job.run_words * job.runs_y)
            ]
            for start in range(0, len(words), size):
                yield words[start : start + size]
            return
        for run_y in range(job.runs_y):
            for run_x in range(job.runs_x):
                start = run_y * job.run_pitch_y + run_x * job.run_pitch_x
                if job.operation != Operation.MATMUL:
                    yield [start + lane for lane in range(size)]
                    continue
                for word in range(0, job.run_words, size):
                    yield [start + i for i in range(word, min(word + size, job.run_words))]

    def _accumulate(
        self, job: Descriptor, index: int, tile: int, position: int, words: list[int]
    ) -> None:
        values = [self.buffer.get(word, 0) for word in words]
        entry = job.accumulator + tile * job.position_columns * job.position_rows + position
        for column in range(self.size):
            result = self._result(job, index, tile, column, values)
            if index or not job.first:
                combine = maximum if job.operation == Operation.MAX else exact.add
                result = combine(self.accumulators.get((entry, column), 0), result)
            self.accumulators[entry, column] = result

    def _columns(self, job: Descriptor, tile: int) -> int:
        """Columns of a tile that are in memory: of the last one only those with a channel."""
        left = job.channels - tile * self.size
        return left if tile == job.tiles - 1 and 0 < left < self.size else self.size

    def _result(
        self, job: Descriptor, index: int, tile: int, column: int, values: list[int]
    ) -> int:
        if job.operation == Operation.MATMUL:
            if column >= self._columns(job, tile):
                return 0  # nothing may depend on it
            last = self._stored(job, self._columns(job, job.tiles - 1) * self.size)
            whole = self._stored(job, self.size**2)
            start = job.weights + index * ((job.tiles - 1) * whole + last) + tile * whole
            first = column * self.size
            weights = [self._weight(job, start, first + i) for i in range(len(values))]
            return exact.slice_dot(values, weights)
        if job.operation == Operation.DEPTHWISE:
            matrix = index * job.tiles + tile
            start = job.weights + matrix * self._stored(job, self.size)
            own = self._weight(job, start, column)
            weights = [own if lane == column else 0 for lane in range(len(values))]
            return exact.slice_dot(values, weights)
        value = values[column] if column < len(values) else 0
        return exact.CANONICAL_NAN_BITS if exact.is_nan(value) else value

    def _store(self, job: Descriptor) -> None:
        if job.load_table:
            offset = job.coefficients - self.base
            self.table = [
                int.from_bytes(self.memory[place : place + 8], "little")
                for place in range(offset, offset + 8 * 512, 8)
            ]
        results = {
            (y, x, channel): self._output(job, y, x, channel)
            for y in range(job.store_rows)
            for x in range(job.store_columns)
            for channel in range(min(job.channels, job.tiles * self.size))
        }
        for (y, x, channel), bits in results.items():
            if job.store_memory:
                address = (
                    job.destination
                    + y * job.destination_pitch_y
                    + x * job.destination_pitch_x
                    + 4 * channel
                )
                struct.pack_into("<I", self.memory, address - self.base, bits)
            if job.store_buffer:
                word = job.store_base + y * job.store_pitch_y + x * job.store_pitch_x + channel
                self.buffer[word] = bits

    def _output(self, job: Descriptor, y: int, x: int, channel: int) -> int:
        tile, column = divmod(channel, self.size)
        entry = job.accumulator + tile * job.position_columns * job.position_rows
        window = [
            self.accumulators[
                entry
                + (y * job.window_rows + wy) * job.position_columns
                + (x * job.window_columns + wx),
                column,
            ]
            for wy in range(job.window_rows)
            for wx in range(job.window_columns)
        ]
        value = window[0]
        for other in window[1:]:
            value = maximum(value, other)
        value = self._scaled(job, tile, column, value)
        factor = None
        if job.add_residual or job.factor == Factor.OPERAND:
            operand = (
                job.residual
                + y * job.destination_pitch_y
                + x * job.destination_pitch_x
                + 4 * channel
            )
            factor = self._read(operand)
            if job.add_residual:
                value = exact.add(value, factor)
        argument = value
        if job.apply_table:
            value = self._function(job, value)
        if job.factor == Factor.VALUE:
            value = exact.multiply(value, argument)
        elif job.factor == Factor.OPERAND:
            value = exact.multiply(value, factor)
        elif is_less(value, 0):
            value = exact.multiply(value, exact.float_to_bits(job.slope))
        low, high = exact.float_to_bits(job.clamp_low), exact.float_to_bits(job.clamp_high)
        value = low if is_less(value, low) else value
        return high if is_less(high, value) else value

    def _scaled(self, job: Descriptor, tile: int, column: int, value: int) -> int:
        if job.scales_only:
            scale = self._read(job.parameters + 4 * (tile * self.size + column))
            return exact.multiply(value, scale)
        block = job.parameters + tile * 8 * self.size
        scale = self._read(block + 4 * column)
        bias = self._read(block + whole_lines(4 * self._columns(job, tile)) + 4 * column)
        return exact.add(exact.multiply(value, scale), bias)

    def _function(self, job: Descriptor, value: int) -> int:
        if exact.is_nan(value):
            return exact.CANONICAL_NAN_BITS
        unit = Fraction(2) ** (job.table_reach - 26)
        most = (1 << 26) - 1
        size = most if exact.is_special(value) else int(abs(exact.to_fraction(value)) / unit)
        fixed = min(size, most)
        if value >> 31:
            fixed = -1 - fixed
        segment, place = divmod(fixed + (1 << 26), 1 << 18)
        t = Fraction(place, 1 << 17) - 1
        entry = self.table[segment]
        c0, c1, c2 = _signed(entry, 0, 27), _signed(entry, 27, 49), _signed(entry, 49, 64)
        y = c0 + _nearest(t * (c1 + _nearest(t * c2)))
        return exact.to_bits(Fraction(y) / 2**job.table_fraction)


def _signed(entry: int, low: int, high: int) -> int:
    """Bits low .. high - 1, the highest of which is the sign."""
    value = entry >> low & (1 << high - low) - 1
    return value - (value >> high - low - 1 << high - low)


def _nearest(value: Fraction) -> int:
    """The nearest integer; the larger one of two."""
    return math.floor(value + Fraction(1, 2))
