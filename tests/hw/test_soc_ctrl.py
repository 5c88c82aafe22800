"""SoC control: identification, the exit code, and bus errors."""

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge

from tests.hw.obi import Master, start
from tests.hw.runner import run_cocotb

MAGIC, VERSION, CONFIG_HASH, EXIT, SCRATCH, BUS_ERROR, BUS_ERROR_ADDRESS, BOOT = range(0, 32, 4)
HASH = 0x12345678


def test_soc_ctrl():
    run_cocotb("heepstor:ip:soc_ctrl", "soc_ctrl", "tests.hw.test_soc_ctrl", {"ConfigHash": HASH})


async def ready(dut):
    master = Master(dut)
    dut.bus_error_i.value = 0
    dut.boot_select_i.value = 0
    await start(dut)
    return master


async def bus_error(dut, address):
    dut.bus_error_i.value = 1
    dut.bus_error_addr_i.value = address
    await FallingEdge(dut.clk_i)
    dut.bus_error_i.value = 0


@cocotb.test()
async def it_identifies_itself(dut):
    master = await ready(dut)
    assert await master.read(MAGIC) == 0x48454550
    assert await master.read(VERSION) == 1
    assert await master.read(CONFIG_HASH) == HASH


@cocotb.test()
async def scratch_takes_single_bytes(dut):
    master = await ready(dut)
    await master.write(SCRATCH, 0x11223344)
    await master.write(SCRATCH, 0xAABBCCDD, enables=0b0100)
    assert await master.read(SCRATCH) == 0x11BB3344


@cocotb.test()
async def a_written_exit_code_is_shown(dut):
    master = await ready(dut)
    assert dut.exit_valid_o.value == 0
    await master.write(EXIT, 0)
    assert dut.exit_valid_o.value == 1
    assert int(dut.exit_code_o.value) == 0
    await master.write(EXIT, 42)
    assert int(dut.exit_code_o.value) == 42


@cocotb.test()
async def the_way_to_boot_and_the_end_of_a_program_are_seen(dut):
    master = await ready(dut)
    assert await master.read(BOOT) == 0b00
    dut.boot_select_i.value = 1
    await ClockCycles(dut.clk_i, 3)
    assert await master.read(BOOT) == 0b01
    await master.write(EXIT, 0)
    assert await master.read(BOOT) == 0b11


@cocotb.test()
async def the_first_bus_error_is_kept_until_cleared(dut):
    master = await ready(dut)
    await bus_error(dut, 0x4000_0004)
    assert dut.bus_error_irq_o.value == 1
    await bus_error(dut, 0x5000_0000)
    assert await master.read(BUS_ERROR) == 1
    assert await master.read(BUS_ERROR_ADDRESS) == 0x4000_0004
    await master.write(BUS_ERROR, 1)
    assert dut.bus_error_irq_o.value == 0
    await bus_error(dut, 0x6000_0000)
    assert await master.read(BUS_ERROR_ADDRESS) == 0x6000_0000
