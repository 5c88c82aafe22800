"""The machine timer: counting, writing both halves, and when the interrupt is raised."""

import cocotb
from cocotb.triggers import FallingEdge

from tests.hw.obi import Master, start
from tests.hw.runner import run_cocotb

MTIME, MTIMEH, MTIMECMP, MTIMECMPH = 0x0, 0x4, 0x8, 0xC


def test_timer():
    run_cocotb("heepstor:ip:timer", "timer", "tests.hw.test_timer")


async def ready(dut):
    master = Master(dut)
    await start(dut)
    return master


@cocotb.test()
async def it_counts_clock_cycles(dut):
    master = await ready(dut)
    first = await master.read(MTIME)
    for _ in range(100):
        await FallingEdge(dut.clk_i)
    second = await master.read(MTIME)
    third = await master.read(MTIME)
    assert second - first == 100 + (third - second)
    assert dut.irq_o.value == 0


@cocotb.test()
async def the_lower_half_carries_into_the_upper_one(dut):
    master = await ready(dut)
    await master.write(MTIMEH, 7)
    await master.write(MTIME, 0xFFFF_FFF0)
    for _ in range(20):
        await FallingEdge(dut.clk_i)
    assert await master.read(MTIMEH) == 8
    assert await master.read(MTIME) < 0x40


@cocotb.test()
async def the_interrupt_is_raised_from_mtimecmp_on(dut):
    master = await ready(dut)
    now = await master.read(MTIME)
    await master.write(MTIMECMP, now + 60)
    await master.write(MTIMECMPH, 0)
    while dut.irq_o.value == 0:
        assert int(dut.mtime.value) <= now + 60
        await FallingEdge(dut.clk_i)
    assert int(dut.mtime.value) == now + 61, "the interrupt is registered: one cycle later"
    await master.write(MTIMECMPH, 1)
    await FallingEdge(dut.clk_i)
    assert dut.irq_o.value == 0


@cocotb.test()
async def all_64_bits_are_compared(dut):
    master = await ready(dut)
    await master.write(MTIMECMP, 0)
    await master.write(MTIMECMPH, 1)
    await FallingEdge(dut.clk_i)
    assert dut.irq_o.value == 0
    await master.write(MTIMEH, 1)
    await FallingEdge(dut.clk_i)
    assert dut.irq_o.value == 1
