"""The arithmetic in RTL against exact rationals: adder, multiplier, products of slices."""

import os
import random
import struct

import cocotb
import pytest
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

from tests.hw import obi
from tests.hw.runner import DSP48E2, run_cocotb
from tests.support import exact

pytestmark = pytest.mark.slow

EDGES = [
    0x00000000, 0x80000000, 0x00000001, 0x80000001, 0x007FFFFF, 0x00800000, 0x00800001, 0x3F800000,
    0xBF800000, 0x3F7FFFFF, 0x34000000, 0x7F7FFFFF, 0xFF7FFFFF, 0x7F000000, 0x7F800000, 0xFF800000,
    0x7FC00000, 0xFFC00001, 0x7F800001,
]  # fmt: skip


def random_float(rng: random.Random) -> int:
    """Bits of a number: any pattern, an edge case, or one of a narrow range of exponents."""
    kind = rng.random()
    if kind < 0.3:
        return rng.getrandbits(32)
    if kind < 0.5:
        return rng.choice(EDGES)
    exponent = rng.choice([rng.randrange(0, 4), rng.randrange(120, 135), rng.randrange(250, 255)])
    return rng.getrandbits(1) << 31 | exponent << 23 | rng.getrandbits(23)


def random_ordinary(rng: random.Random) -> int:
    """Bits of a finite number of moderate size, often close to the one before in magnitude."""
    return rng.getrandbits(1) << 31 | rng.randrange(100, 150) << 23 | rng.getrandbits(23)


@pytest.mark.parametrize(("toplevel", "latency"), [("fp32_add", 4), ("fp32_mul", 3)])
def test_operation(toplevel, latency):
    run_cocotb(
        "heepstor:ip:float",
        toplevel,
        "tests.hw.test_arithmetic",
        environment={"LATENCY": str(latency), "OPERATION": toplevel},
        testcase="check_operation",
    )


@cocotb.test()
async def check_operation(dut):
    """A new pair of operands in most cycles; every result is the exact one, rounded once."""
    adding = os.environ["OPERATION"] == "fp32_add"
    latency = int(os.environ["LATENCY"])
    function = exact.add if adding else exact.multiply
    result = dut.sum_o if adding else dut.product_o
    rng = random.Random(1)
    pairs = [(a, b) for a in EDGES for b in EDGES]
    pairs += [(random_float(rng), random_float(rng)) for _ in range(4000)]
    for _ in range(1000):  # cancellation: nearly equal, opposite signs
        a = random_float(rng)
        pairs.append((a, (a ^ 0x80000000) + rng.randrange(-2, 3) & 0xFFFFFFFF))
    Clock(dut.clk_i, 10, "ns").start()
    stages: list[tuple[int, int] | None] = [None] * (latency + 1)  # the youngest first
    while pairs or any(stages):
        await FallingEdge(dut.clk_i)
        # Operands that must not count stand at the inputs in the other cycles.
        a, b = (pairs or [(0, 0)])[-1]
        is_alone = adding and rng.random() < 0.2
        stages = [pairs.pop() if pairs and rng.random() < 0.8 else None, *stages[:-1]]
        dut.a_i.value, dut.b_i.value = a, b
        if adding:
            dut.alone_i.value = is_alone
        if stages[0] and is_alone:
            stages[0] = (a, 0x80000000)
        if stages[-1]:
            a, b = stages[-1]
            got = int(result.value)
            assert got == function(a, b), f"{a:08x}, {b:08x}: {got:08x}, not {function(a, b):08x}"
        dut.enable_i.value = sum(bool(stages[s]) << s for s in range(latency))


@pytest.mark.parametrize(
    ("array_size", "beat_bytes", "elements"),
    [(4, 16, []), (8, 16, []), (8, 4, []), (12, 8, []), (8, 16, DSP48E2)],
    ids=["4-16", "8-16", "8-4", "12-8", "8-16-dsp48e2"],
)
def test_slice_product(array_size, beat_bytes, elements):
    run_cocotb(
        "heepstor:ip:systolic_array",
        "slice_product",
        "tests.hw.test_arithmetic",
        parameters={"ArraySize": array_size, "BeatBytes": beat_bytes, "TagWidth": 16},
        environment={"ARRAY_SIZE": str(array_size), "BEAT_BYTES": str(beat_bytes)},
        testcase="check_slice_product",
        sources=elements,
        build_args=["-DHEEPSTOR_DSP48E2"] if elements else [],
    )


def random_slice(rng: random.Random, size: int) -> list[int]:
    """Activations of one slice: ordinary, far apart, subnormal, or with special values."""
    kind = rng.random()
    if kind < 0.5:
        return [random_ordinary(rng) if rng.random() < 0.8 else 0 for _ in range(size)]
    if kind < 0.6:
        return [rng.getrandbits(1) << 31 | rng.getrandbits(23) for _ in range(size)]
    values = [random_float(rng) for _ in range(size)]
    if kind < 0.9:  # without infinities and NaNs
        values = [0x3F800000 if exact.is_special(value) else value for value in values]
    return values


@cocotb.test()
async def check_slice_product(dut):
    """Tiles as fast as their bytes come, used for one row or for many; gaps at random.

    Of some tiles only the first columns are loaded; the others' products may be anything. Some
    slices bypass the array.
    """
    size, beat_bytes = int(os.environ["ARRAY_SIZE"]), int(os.environ["BEAT_BYTES"])
    rng = random.Random(size)
    columns = [rng.choice([size, rng.randrange(1, size + 1)]) for _ in range(60)]
    tiles = [[rng.randrange(-127, 128) for _ in range(size * size)] for _ in columns]
    slices = []  # (tile, swap, bypass, lanes, activations)
    for tile in range(len(tiles)):
        for row in range(rng.choice([1, 1, 2, 9])):
            bypass, lanes = row > 0 and rng.random() < 0.3, rng.randrange(1, size + 1)
            slices.append((tile, row == 0, bypass, lanes, random_slice(rng, size)))
    # A sum of minus one, counted in lowest digits: those of 1.0 are worth 2^-25.
    columns[0], tiles[0] = size, [0, -1, *[0] * (size - 2)] * size
    slices[0] = 0, True, False, size, [0x3F800000, 0x33000000, *[0] * (size - 2)]
    beats = []
    complete = []  # the beats of each tile and those before it
    for tile, count in zip(tiles, columns, strict=True):
        data = struct.pack(f"{len(tile)}b", *tile)
        beats += [data[i : i + beat_bytes] for i in range(0, count * size, beat_bytes)]
        complete.append(len(beats))

    controls = ("valid_i", "swap_i", "bypass_i", "clear_i", "weight_load_i", "integer_i")
    for name in (*controls, "tag_i", "weight_i"):
        getattr(dut, name).value = 0
    await obi.start(dut)

    claimed = taken = sent = received = tiles_used = 0
    while received < len(slices):
        await FallingEdge(dut.clk_i)
        # What came out of the last cycle.
        if dut.valid_o.value == 1:
            assert int(dut.tag_o.value) == received, "slices come out in order"
            tile, _, bypass, lanes, activations = slices[received]
            products = int(dut.product_o.value)
            for column in range(size if bypass else columns[tile]):
                weights = [tiles[tile][column * size + row] for row in range(lanes)]
                expected = exact.slice_dot(activations[:lanes], weights)
                if bypass:
                    expected = activations[column] if column < lanes else 0
                got = products >> (32 * column) & 0xFFFFFFFF
                assert got == expected, f"slice {received}, column {column}: {got:08x}"
            received += 1
        # What goes into the next one: a slice, and a claim for a beat of the tile after it.
        ready = tiles_used < len(tiles) and claimed >= complete[tiles_used]
        valid = sent < len(slices) and (not slices[sent][1] or ready) and rng.random() < 0.9
        dut.valid_i.value = int(valid)
        if valid:
            _, swap, bypass, lanes, activations = slices[sent]
            dut.swap_i.value, dut.bypass_i.value = int(swap), int(bypass)
            dut.tag_i.value = sent
            dut.lane_valid_i.value = (1 << lanes) - 1
            dut.activation_i.value = sum(bits << (32 * i) for i, bits in enumerate(activations))
            tiles_used += swap
            sent += 1
        allowed = claimed < complete[min(tiles_used, len(tiles) - 1)]
        claim = allowed and rng.random() < 0.9
        dut.weight_load_i.value = int(claim)
        claimed += claim
        if dut.weight_take_o.value == 1:
            dut.weight_i.value = int.from_bytes(beats[taken], "little")
            taken += 1
