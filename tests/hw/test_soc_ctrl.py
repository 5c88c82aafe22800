"""SoC control: identification, the exit code, and bus errors."""

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge

from tests.hw.obi import Master, start
from tests.hw.runner import run_cocotb

MAGIC, VERSION, CONFIG_HASH, EXIT, SCRATCH, BUS_ERROR, BUS_ERROR_ADDRESS, BOOT = range(0, 32, 4)
SESSION, GUARD_BASE, GUARD_END, STACK_OVERFLOW, STACK_OVERFLOW_ADDRESS, CONSOLE = range(32, 56, 4)
HASH = 0x12345678


def test_soc_ctrl():
    run_cocotb("heepstor:ip:soc_ctrl", "soc_ctrl", "tests.hw.test_soc_ctrl", {"ConfigHash": HASH})


async def ready(dut):
    master = Master(dut)
    dut.bus_error_i.value = 0
    dut.boot_select_i.value = 0
    dut.store_i.value = 0
    dut.console_present_i.value = 0
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


async def store(dut, address):
    """A store of the CPU; whether it raises the interrupt."""
    dut.store_i.value = 1
    dut.store_addr_i.value = address
    await FallingEdge(dut.clk_i)
    dut.store_i.value = 0
    return dut.stack_overflow_irq_o.value == 1


@cocotb.test()
async def stores_into_the_stacks_guard_are_noticed(dut):
    master = await ready(dut)
    assert not await store(dut, 0x8000_1000), "there is no guard yet"
    await master.write(GUARD_BASE, 0x8000_1000)
    await master.write(GUARD_END, 0x8000_2000)
    for outside in (0x8000_0FFC, 0x8000_2000, 0x0000_1800, 0xFFFF_FFFC):
        assert not await store(dut, outside)
    dut.store_addr_i.value = 0x8000_1800
    await FallingEdge(dut.clk_i)
    assert dut.stack_overflow_irq_o.value == 0, "it was not a store"
    assert await store(dut, 0x8000_1FFC)
    assert await store(dut, 0x8000_1000)
    assert await master.read(STACK_OVERFLOW_ADDRESS) == 0x8000_1FFC, "the first is kept"
    await master.write(STACK_OVERFLOW, 1)
    assert dut.stack_overflow_irq_o.value == 0
    assert await store(dut, 0x8000_1001)
    await master.write(GUARD_END, 0)
    await master.write(STACK_OVERFLOW, 1)
    assert not await store(dut, 0x8000_1800)


@cocotb.test()
async def the_session_is_kept(dut):
    master = await ready(dut)
    assert await master.read(SESSION) == 0
    await master.write(SESSION, 0x1234_5678)
    await master.write(EXIT, 0)
    assert await master.read(SESSION) == 0x1234_5678


@cocotb.test()
async def the_console_shows_each_character_for_one_cycle(dut):
    master = await ready(dut)
    assert await master.read(CONSOLE) == 0
    dut.console_present_i.value = 1
    assert await master.read(CONSOLE) == 1 << 31
    seen = []

    async def watch():
        while True:
            await FallingEdge(dut.clk_i)
            if dut.console_valid_o.value:
                seen.append(int(dut.console_o.value))

    watcher = cocotb.start_soon(watch())
    for character in b"ab\xff":
        await master.write(CONSOLE, character)
    await ClockCycles(dut.clk_i, 3)
    watcher.cancel()
    assert bytes(seen) == b"ab\xff"
