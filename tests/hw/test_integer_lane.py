"""The store path's requantiser against Python's integers: sums, and additions between them."""

import os
import random
from dataclasses import dataclass, replace

import cocotb
import pytest
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, Timer

from tests.hw.integer_model import Addition, Requantization, rounded_as_fp32
from tests.hw.runner import run_cocotb

pytestmark = pytest.mark.slow


def test_the_model_rounds_as_fp32():
    """NumPy's FP32 is the judge of what "as FP32" means, also close to halves."""
    import numpy as np

    rng = random.Random(1)
    for _ in range(20_000):
        shift = rng.randrange(26, 50)
        factor = rng.getrandbits(24) | 1 << 23
        half = ((2 * rng.randrange(-200, 200) + 1) << (shift - 1)) // factor
        x = max(-(1 << 24), min(1 << 24, half + rng.randrange(-2, 3)))
        product = np.float32(x) * np.ldexp(np.float32(factor), -shift).astype(np.float32)
        expected = int(np.rint(product))
        if abs(expected) < 256:
            assert rounded_as_fp32(x * factor, shift) == expected, (x, factor, shift)


def test_requantizer():
    run_cocotb("heepstor:ip:engine", "requantizer", __name__)


def byte(rng: random.Random) -> int:
    return rng.choice([-128, 127, 0, -1, 1]) if rng.random() < 0.3 else rng.randrange(-128, 128)


def any_sum(rng: random.Random) -> int:
    bits = rng.randrange(1, 33)
    return rng.choice([-1, 1]) * rng.getrandbits(bits - 1) - rng.getrandbits(1)


def word(place: int, bias: int) -> int:
    """A bias and the place of its shift, as they are in memory."""
    return place << 30 | bias & (1 << 30) - 1


def any_requantization(rng: random.Random) -> tuple[Requantization, int]:
    """Parameters and a sum: arbitrary, or with a quotient close to a half, or at the corners."""
    kind = rng.random()
    low, high = sorted((byte(rng), byte(rng))) if rng.random() < 0.7 else (-128, 127)
    place = rng.randrange(4)
    shift = 30 + 7 * place
    top = 1 << rng.randrange(25, 32)
    factor = rng.choice([rng.getrandbits(32), top | rng.randrange(top), (1 << 32) - 1, 0])
    offset = rng.choice([0, rng.getrandbits(32), 0x80007FFF, 0xFFFF0001])
    bias, total = any_sum(rng), any_sum(rng)
    if kind < 0.1:
        bias, total = rng.choice([-(2**29), 2**29 - 1]), rng.choice([-(2**31), 2**31 - 1])
    elif kind < 0.7 and factor:
        # The sum next to a half.
        half = (2 * rng.randrange(-300, 300) + 1) << (shift - 1)
        x = half // factor + rng.randrange(-1, 2)
        if rng.random() < 0.3:
            # Exactly a half, or a unit of a power of two away from it.
            factor = 1 << rng.randrange(0, 32)
            x = half // factor + rng.choice([0, 0, 1, -1, 1 << rng.randrange(0, 20)])
        if abs(x) < 1 << 26:
            bias = any_sum(rng) >> 6
            total = x - bias
        offset = rng.choice([0, 0, offset])
    total = max(-(2**31), min(2**31 - 1, total))
    bias = max(-(2**29), min(2**29 - 1, bias))
    ties_even = rng.random() < 0.5
    made = Requantization(word(place, bias), factor, offset, ties_even, byte(rng), low, high)
    return made, total


@dataclass(frozen=True)
class Step:
    """What a requantiser does in a cycle: a sum, or an addition of two numbers."""

    expected: int
    total: int = 0
    how: Requantization | None = None  # of a sum
    addition: Addition | None = None
    value: int = 0
    operand: int = 0
    ties_even: bool = False
    zero_point: int = 0
    low: int = 0
    high: int = 0


def any_bounds(rng: random.Random) -> tuple[int, int]:
    if rng.random() < 0.1:
        return byte(rng), byte(rng)
    low, high = sorted((byte(rng), byte(rng))) if rng.random() < 0.7 else (-128, 127)
    return low, high


def any_addition(rng: random.Random) -> Addition:
    """Whose results are rarely limited, or arbitrary."""
    place = rng.choice([0, rng.randrange(4)])
    bits = min(22 + 7 * place, 26)
    factors = [rng.getrandbits(rng.randrange(1, bits + 1)) for _ in range(2)]
    if rng.random() < 0.3:
        # Halves.
        factors = [1 << rng.randrange(26) for _ in range(2)]
    if rng.random() < 0.1:
        factors = [any_sum(rng) >> 2, rng.getrandbits(32)]
    offset = rng.choice([0, rng.getrandbits(32)])
    return Addition(factors[1], word(place, factors[0]), offset, byte(rng), *any_bounds(rng))


def any_step(rng: random.Random, ties_even: bool) -> Step:
    if rng.random() < 0.4:
        job = any_addition(rng)
        value, operand = (byte(rng) - byte(rng) for _ in range(2))
        fields = {"zero_point": job.zero_point, "low": job.low, "high": job.high}
        return Step(job.of(value, operand), addition=job, value=value, operand=operand, **fields)
    low, high = any_bounds(rng)
    case, total = any_requantization(rng)
    case = replace(case, ties_even=ties_even, low=low, high=high)
    if rng.random() < 0.5:
        # A summand, less its zero point.
        zero = byte(rng)
        case = replace(case, zero_point=0, low=low - zero, high=high - zero)
    fields = {"ties_even": ties_even, "zero_point": case.zero_point}
    fields |= {"low": case.low, "high": case.high}
    return Step(case.of(total), total, case, **fields)


def drive(dut, rng: random.Random, stages: list[Step | None]) -> None:
    """Sets what each stage needs; whatever has no meaning is junk."""
    parameters = [step and (step.how or step.addition) for step in stages]
    dut.addition_i.value = bool(stages[1] and stages[1].addition)
    dut.sum_i.value = rng.getrandbits(32)
    dut.no_sum_i.value = bool(stages[0] and stages[0].addition)
    if stages[0]:
        dut.bias_i.value = parameters[0].bias
        if stages[0].how:
            dut.sum_i.value = stages[0].total & 0xFFFFFFFF
    if stages[1]:
        dut.value_i.value, dut.operand_i.value = stages[1].value, stages[1].operand
        dut.multiplier_i.value = parameters[1].multiplier
    if stages[2]:
        dut.offset_i.value = parameters[2].offset
    if stages[3]:
        dut.ties_even_i.value, dut.zero_point_i.value = stages[3].ties_even, stages[3].zero_point
    if stages[4]:
        dut.low_i.value, dut.high_i.value = stages[4].low, stages[4].high


@cocotb.test()
async def check_requantizer(dut):
    """A sum or an addition in each cycle."""
    latency, rng = 4, random.Random(int(os.environ.get("SEED", "3")))
    Clock(dut.clk_i, 10, "ns").start()
    for name in ("bias", "multiplier", "value", "operand", "offset", "ties_even", "zero_point"):
        getattr(dut, f"{name}_i").value = 0
    for _ in range(int(os.environ.get("JOBS", "600"))):
        ties_even = rng.random() < 0.5
        stages: list[Step | None] = [None] * (latency + 1)
        for number in range(60):
            await FallingEdge(dut.clk_i)
            step = any_step(rng, ties_even) if number < 50 else None
            stages = [step, *stages[:latency]]
            drive(dut, rng, stages)
            await Timer(1, "ns")
            if done := stages[latency]:
                got = dut.value_o.value.to_signed()
                assert got == done.expected, f"{done}: {got}, not {done.expected}"
