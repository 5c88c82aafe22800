"""The array's INT8 modes: pairs of sums, depthwise kernels, bypass, and FP32 slices in between."""

import os
import random
from dataclasses import dataclass, field

import cocotb
import pytest
from cocotb.triggers import FallingEdge

from tests.hw import obi
from tests.hw.runner import DSP48E2, run_cocotb
from tests.support import exact

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("array_size", "beat_bytes", "elements"),
    [(4, 4, []), (8, 16, []), (12, 8, []), (32, 32, []), (4, 4, DSP48E2), (12, 8, DSP48E2)],
    ids=["4-4", "8-16", "12-8", "32-32", "4-4-dsp48e2", "12-8-dsp48e2"],
)
def test_integer_products(array_size, beat_bytes, elements):
    run_cocotb(
        "heepstor:ip:systolic_array",
        "slice_product",
        __name__,
        parameters={"ArraySize": array_size, "BeatBytes": beat_bytes, "TagWidth": 16},
        environment={"ARRAY_SIZE": str(array_size), "BEAT_BYTES": str(beat_bytes)},
        sources=elements,
        build_args=["-DHEEPSTOR_DSP48E2"] if elements else [],
    )


@dataclass
class Slice:
    """What enters the array in a cycle, and what must leave it."""

    kind: str  # pair, kernel, bytes, float
    tile: int
    swap: bool
    lanes: int = 0
    first: list[int] = field(default_factory=list)  # INT8, or the bits of FP32
    second: list[int] = field(default_factory=list)
    taps: list[list[int]] = field(default_factory=list)
    pairs: bool = True
    expected: list[tuple[int, int]] | None = None  # of each column; None: nothing is looked at


def kernel_rows(size: int) -> int:
    return min(size // 4, 3)


def weights_of(rng: random.Random, size: int) -> list[int]:
    """A tile, byte c * S + r for row r and column c; in 8 rows at most 1,016 in magnitude."""
    tile = []
    for _ in range(size):
        column = []
        extreme = rng.random() < 0.3
        for first in range(0, size, 8):
            count = min(8, size - first)
            group = [rng.choice([-127, 127]) if extreme else rng.randrange(-127, 128)] * count
            if not extreme:
                group = [rng.randrange(-127, 128) for _ in range(count)]
            if rng.random() < 0.1:
                group[:2] = [-128, 126]
            column += group
        tile += column
    return tile


def byte(rng: random.Random) -> int:
    return rng.choice([-128, 127, 0, -1]) if rng.random() < 0.3 else rng.randrange(-128, 128)


class Sequence:
    """Random slices, with what each gives."""

    def __init__(self, size: int, count: int) -> None:
        self.size = size
        self.rng = random.Random(size)
        self.tiles = [weights_of(self.rng, size) for _ in range(count)]
        self.slices: list[Slice] = []
        for tile in range(count):
            kind = self.rng.choice(["pair", "pair", "kernel", "float"])
            self._tile(tile, kind)
            for _ in range(self.rng.choice([0, 0, 3])):
                self._bytes(tile)

    def _tile(self, tile: int, kind: str) -> None:
        if kind == "kernel":
            self._kernel(tile, self.rng.randrange(3, 9))
            return
        for row in range(self.rng.choice([1, 2, 9])):
            make = self._pair if kind == "pair" else self._float
            make(tile, row == 0)

    def _column(self, tile: int, column: int) -> list[int]:
        return self.tiles[tile][column * self.size : (column + 1) * self.size]

    def _pair(self, tile: int, swap: bool) -> None:
        lanes = self.rng.choice([self.size, self.rng.randrange(1, self.size + 1)])
        pairs = self.rng.random() < 0.7
        first, second = ([byte(self.rng) for _ in range(self.size)] for _ in range(2))
        if self.rng.random() < 0.2:
            first, second = [-128] * self.size, [127] * self.size
        expected = []
        for c in range(self.size):
            weights = self._column(tile, c)[:lanes]
            sums = [
                sum(w * a for w, a in zip(weights, values, strict=False))
                for values in (first, second)
            ]
            expected.append((sums[0], sums[1] if pairs else 0))
        self.slices.append(
            Slice("pair", tile, swap, lanes, first, second, pairs=pairs, expected=expected)
        )

    def _kernel(self, tile: int, columns: int) -> None:
        """A row of columns; from the third on each ends a window of three."""
        rows, read = kernel_rows(self.size), []
        for number in range(columns):
            taps = [[byte(self.rng) for _ in range(self.size)] for _ in range(rows)]
            read.append(taps)
            expected = None
            if number >= 2:
                expected = []
                for c in range(self.size):
                    weights = self._column(tile, c)
                    total = sum(
                        weights[3 * y + x] * (read[number - 2 + x][y][c] + 128)
                        for y in range(rows)
                        for x in range(3)
                    )
                    expected.append((total, 0))
            self.slices.append(
                Slice("kernel", tile, number == 0, self.size, taps=taps, expected=expected)
            )

    def _bytes(self, tile: int) -> None:
        lanes = self.rng.randrange(1, self.size + 1)
        first, second = ([byte(self.rng) for _ in range(self.size)] for _ in range(2))
        expected = [(first[c], second[c]) if c < lanes else (0, 0) for c in range(self.size)]
        self.slices.append(Slice("bytes", tile, False, lanes, first, second, expected=expected))

    def _float(self, tile: int, swap: bool) -> None:
        lanes = self.rng.randrange(1, self.size + 1)
        values = [
            self.rng.getrandbits(1) << 31
            | self.rng.randrange(100, 150) << 23
            | self.rng.getrandbits(23)
            for _ in range(self.size)
        ]
        expected = [
            (exact.slice_dot(values[:lanes], self._column(tile, c)[:lanes]), 0)
            for c in range(self.size)
        ]
        self.slices.append(Slice("float", tile, swap, lanes, values, expected=expected))


def packed(values: list[int], width: int) -> int:
    mask = (1 << width) - 1
    return sum((value & mask) << (width * i) for i, value in enumerate(values))


def signed(value: int, index: int, width: int) -> int:
    bits = value >> (width * index) & ((1 << width) - 1)
    return bits - (1 << width) if bits >> (width - 1) else bits


def drive(dut, rng: random.Random, size: int, item: Slice | None) -> None:
    """Sets the inputs; whatever has no meaning is junk."""
    rows = kernel_rows(size)
    kind = item.kind if item else ""
    dut.valid_i.value = item is not None
    dut.integer_i.value = kind != "float" if item else rng.getrandbits(1)
    dut.depthwise_i.value = kind == "kernel" if item else rng.getrandbits(1)
    dut.bypass_i.value = kind == "bytes"
    dut.pairs_i.value = item.pairs if item else rng.getrandbits(1)
    dut.swap_i.value = bool(item and item.swap)
    lanes = item.lanes if item else size
    dut.lane_valid_i.value = (1 << lanes) - 1
    junk = [rng.getrandbits(32) for _ in range(size)]
    dut.activation_i.value = packed(item.first if kind == "float" else junk, 32)
    is_pair = kind in ("pair", "bytes")
    dut.first_i.value = packed(item.first if is_pair else junk, 8)
    dut.second_i.value = packed(item.second if is_pair else junk[::-1], 8)
    taps = item.taps if kind == "kernel" else [junk] * rows
    dut.tap_i.value = sum(packed(row, 8) << (8 * size * y) for y, row in enumerate(taps))


@cocotb.test()
async def check_integer_products(dut):
    """Tiles as fast as their bytes come; gaps at random, but not within the row of a kernel."""
    size, beat_bytes = int(os.environ["ARRAY_SIZE"]), int(os.environ["BEAT_BYTES"])
    sequence = Sequence(size, int(os.environ.get("TILES", "80")))
    rng = random.Random(2)
    beats = []
    for tile in sequence.tiles:
        data = bytes(weight & 0xFF for weight in tile)
        beats += [data[i : i + beat_bytes] for i in range(0, len(data), beat_bytes)]
    per_tile = size * size // beat_bytes
    for name in ("valid_i", "swap_i", "bypass_i", "clear_i", "weight_load_i", "tag_i", "weight_i"):
        getattr(dut, name).value = 0
    drive(dut, rng, size, None)
    await obi.start(dut)
    slices = sequence.slices
    claimed = taken = sent = received = used = 0
    was_float = False
    cycle = 0
    while received < len(slices):
        assert cycle < 100_000
        cycle += 1
        await FallingEdge(dut.clk_i)
        if dut.weight_take_o.value == 1:
            dut.weight_i.value = int.from_bytes(beats[taken], "little")
            taken += 1
        if dut.valid_o.value == 1:
            item = slices[received]
            assert int(dut.tag_o.value) == received
            if item.expected is not None:
                check(dut, size, received, item)
            received += 1
        item = slices[sent] if sent < len(slices) else None
        # A tile is used in a later cycle than its last beat is claimed in.
        ready = item and (not item.swap or claimed >= per_tile * (item.tile + 1))
        inside = item and item.kind == "kernel" and not item.swap
        # INT8 products are sooner by a cycle.
        overtakes = item and item.kind != "float" and was_float
        was_float = False
        if ready and not overtakes and (inside or rng.random() < 0.8):
            was_float = item.kind == "float"
            drive(dut, rng, size, item)
            dut.tag_i.value = sent
            used = item.tile + 1 if item.swap else used
            sent += 1
        else:
            drive(dut, rng, size, None)
        # Beats of the tile after the active one may come from the cycle of its swap on.
        room = claimed < min(per_tile * (used + 1), len(beats))
        load = room and rng.random() < 0.9
        dut.weight_load_i.value = int(load)
        claimed += load


def check(dut, size: int, number: int, item: Slice) -> None:
    firsts, seconds = int(dut.first_sum_o.value), int(dut.second_sum_o.value)
    carries, products = int(dut.second_carry_o.value), int(dut.product_o.value)
    for c in range(size):
        got = (signed(firsts, c, 20), signed(seconds, c, 20) + (carries >> c & 1))
        expected = item.expected[c]
        if item.kind == "kernel":
            got = got[0], 0
        if item.kind == "float":
            got = products >> (32 * c) & 0xFFFFFFFF, 0
        assert got == expected, f"slice {number} ({item.kind}), column {c}: {got}, not {expected}"
