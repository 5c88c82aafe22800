"""The engine's registers alone: the first of several errors, and chains that are stopped."""

import cocotb
import pytest
from cocotb.triggers import ClockCycles, FallingEdge

from modelgen.targets.systolic.abi import Error
from tests.hw.engine_bench import REGISTERS
from tests.hw.engine_chains import DONE, ERROR
from tests.hw.obi import Master, start
from tests.hw.runner import run_cocotb

pytestmark = pytest.mark.slow


def test_engine_control():
    run_cocotb("heepstor:ip:engine", "engine_control", "tests.hw.test_engine_control")


def error(code: int, index: int) -> int:
    """Returns the bits of an error_t that is valid."""
    return 1 << 24 | code << 16 | index


async def ready(dut) -> Master:
    master = Master(dut)
    for name in ("stored_i", "port_idle_i", "counters_i", "error_i", "error_address_i"):
        getattr(dut, name).value = 0
    await start(dut)
    return master


@cocotb.test()
async def check_the_first_error_is_kept(dut):
    """Units go on while memory answers what was asked for, and may find more that is wrong."""
    master = await ready(dut)
    await master.write(REGISTERS["doorbell"], 1)
    assert dut.busy_o.value == 1
    for code, index in ((4, 7), (1, 8), (2, 6)):
        dut.error_i.value = error(code, index)
        await FallingEdge(dut.clk_i)
        dut.error_address_i.value = 0x8000_0000 + 128 * index
        assert dut.halt_o.value == 1 and dut.failed_o.value == 0
    dut.error_i.value = 0
    dut.port_idle_i.value = 1
    await FallingEdge(dut.clk_i)
    assert dut.busy_o.value == 0
    assert await master.read(REGISTERS["error"]) == 7 << 16 | 4
    assert await master.read(REGISTERS["error_address"]) == 0x8000_0000 + 128 * 7


@cocotb.test()
async def check_a_chain_ends_when_the_port_is_idle(dut):
    """What was stored last may still be on its way, or be outside memory."""
    for is_outside in (False, True):
        master = await ready(dut)
        await master.write(REGISTERS["doorbell"], 1)
        dut.stored_i.value = 1
        await FallingEdge(dut.clk_i)
        dut.stored_i.value = 0
        for _ in range(3):
            await FallingEdge(dut.clk_i)
            assert dut.busy_o.value == 1
        if is_outside:
            dut.error_i.value = error(4, 7)
            await FallingEdge(dut.clk_i)
            dut.error_i.value = 0
        dut.port_idle_i.value = 1
        await FallingEdge(dut.clk_i)
        assert dut.busy_o.value == 0
        assert await master.read(REGISTERS["error"]) == (7 << 16 | 4 if is_outside else 0)
        assert await master.read(REGISTERS["interrupt"]) == (ERROR if is_outside else DONE)


async def select_stop(dut) -> None:
    """Stands for error_select: reports that the chain is stopped, at descriptor 5."""
    while True:
        await FallingEdge(dut.clk_i)
        code = int(dut.stop_o.value)
        dut.error_i.value = error(code, 5) if code else 0


async def ready_to_stop(dut) -> Master:
    master = await ready(dut)
    dut.port_idle_i.value = 1
    cocotb.start_soon(select_stop(dut))
    return master


@cocotb.test()
async def check_abort_stops_a_chain(dut):
    """And only one that is running."""
    master = await ready_to_stop(dut)
    await master.write(REGISTERS["abort"], 1)
    assert await master.read(REGISTERS["error"]) == Error.NONE
    await master.write(REGISTERS["doorbell"], 1)
    assert dut.busy_o.value == 1
    await master.write(REGISTERS["abort"], 1)
    assert await master.read(REGISTERS["error"]) == 5 << 16 | Error.ABORTED
    assert dut.busy_o.value == 0


@cocotb.test()
async def check_limit_stops_a_chain(dut):
    """When its counter of cycles, the last word of counters_t, gets there."""
    master = await ready_to_stop(dut)
    await master.write(REGISTERS["limit"], 1000)
    await master.write(REGISTERS["doorbell"], 1)
    dut.counters_i.value = 999
    assert await master.read(REGISTERS["error"]) == Error.NONE
    assert dut.busy_o.value == 1
    dut.counters_i.value = 1000
    await ClockCycles(dut.clk_i, 3)
    assert await master.read(REGISTERS["error"]) == 5 << 16 | Error.TIME_LIMIT
    assert dut.busy_o.value == 0
