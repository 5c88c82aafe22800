"""The store path's INT8 units against Python's integers: requantisation, sums, windows, tables."""

import os
import random

import cocotb
import pytest
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

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


@pytest.mark.parametrize("unit", ["requantizer", "integer_sum"])
def test_unit(unit):
    run_cocotb("heepstor:ip:engine", unit, __name__, testcase=f"check_{unit}")


def byte(rng: random.Random) -> int:
    return rng.choice([-128, 127, 0, -1, 1]) if rng.random() < 0.3 else rng.randrange(-128, 128)


def any_sum(rng: random.Random) -> int:
    bits = rng.randrange(1, 33)
    return rng.choice([-1, 1]) * rng.getrandbits(bits - 1) - rng.getrandbits(1)


def any_requantization(rng: random.Random) -> tuple[Requantization, int]:
    """Parameters and a sum: arbitrary, or with a quotient close to a half, or at the corners."""
    kind = rng.random()
    low, high = sorted((byte(rng), byte(rng))) if rng.random() < 0.7 else (-128, 127)
    shift = rng.choice([24, 55, rng.randrange(24, 56)])
    factor = rng.choice([rng.getrandbits(26), rng.getrandbits(26) | 1 << 25, (1 << 26) - 1, 0])
    offset = rng.choice([0, rng.getrandbits(32), 0x80007FFF, 0xFFFF0001])
    bias, total = any_sum(rng), any_sum(rng)
    if kind < 0.1:
        bias, total = rng.choice([-(2**31), 2**31 - 1]), rng.choice([-(2**31), 2**31 - 1])
    elif kind < 0.7 and factor:
        # The sum next to a half.
        half = (2 * rng.randrange(-300, 300) + 1) << (shift - 1)
        x = half // factor + rng.randrange(-1, 2)
        if rng.random() < 0.3:
            # Exactly a half, or a unit of a power of two away from it.
            factor = 1 << rng.randrange(0, 26)
            x = half // factor + rng.choice([0, 0, 1, -1, 1 << rng.randrange(0, 20)])
        if abs(x) < 1 << 26:
            bias = any_sum(rng) >> 6
            total = x - bias
        offset = rng.choice([0, 0, offset])
    total = max(-(2**31), min(2**31 - 1, total))
    bias = max(-(2**31), min(2**31 - 1, bias))
    made = Requantization(
        bias, shift << 26 | factor, offset, rng.random() < 0.5, byte(rng), low, high
    )
    return made, total


@cocotb.test()
async def check_requantizer(dut):
    """A sum in each cycle; the job's parameters change when all that belongs to them is out."""
    latency, rng = 6, random.Random(int(os.environ.get("SEED", "3")))
    Clock(dut.clk_i, 10, "ns").start()
    for _ in range(int(os.environ.get("JOBS", "400"))):
        job, _ = any_requantization(rng)
        cases = []
        for _ in range(50):
            case, total = any_requantization(rng)
            fields = job.ties_even, job.zero_point, job.low, job.high
            cases.append((Requantization(case.bias, case.multiplier, case.offset, *fields), total))
        dut.ties_even_i.value = job.ties_even
        dut.zero_point_i.value = job.zero_point
        dut.low_i.value, dut.high_i.value = job.low, job.high
        for number in range(len(cases) + latency):
            await FallingEdge(dut.clk_i)
            if number >= latency:
                case, total = cases[number - latency]
                got = dut.value_o.value.to_signed()
                assert got == case.of(total), f"{case}, {total}: {got}, not {case.of(total)}"
            if number < len(cases):
                case, total = cases[number]
                dut.sum_i.value, dut.bias_i.value = total, case.bias
            if 0 < number <= len(cases):
                case, _ = cases[number - 1]
                dut.multiplier_i.value, dut.offset_i.value = case.multiplier, case.offset


@cocotb.test()
async def check_integer_sum(dut):
    latency, rng = 5, random.Random(int(os.environ.get("SEED", "4")))
    Clock(dut.clk_i, 10, "ns").start()
    for _ in range(int(os.environ.get("JOBS", "400"))):
        low, high = sorted((byte(rng), byte(rng))) if rng.random() < 0.5 else (-128, 127)
        shift = rng.randrange(16, 32)
        factors = [rng.getrandbits(rng.choice([26, min(shift, 26)])) for _ in range(2)]
        line = (shift << 26 | factors[0], factors[1], rng.getrandbits(32), rng.getrandbits(32))
        job = Addition(line, byte(rng), low, high)
        adds = rng.random() < 0.9
        dut.adds_i.value = adds
        dut.line_i.value = sum(word << (32 * i) for i, word in enumerate(line))
        dut.zero_point_i.value = job.zero_point
        dut.low_i.value, dut.high_i.value = low, high
        cases = [(byte(rng), byte(rng)) for _ in range(50)]
        for number in range(len(cases) + latency):
            await FallingEdge(dut.clk_i)
            if number >= latency:
                case = cases[number - latency]
                expected = job.of(*case) if adds else case[0]
                got = dut.sum_o.value.to_signed()
                assert got == expected, f"{job}, {case}: {got}, not {expected}"
            if number < len(cases):
                dut.value_i.value, dut.operand_i.value = cases[number]
