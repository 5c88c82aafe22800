"""The engine's registers alone: of several errors, one after another, the first is reported."""

import cocotb
import pytest
from cocotb.triggers import FallingEdge

from tests.hw.engine_bench import REGISTERS
from tests.hw.obi import Master, start
from tests.hw.runner import run_cocotb

pytestmark = pytest.mark.slow


def test_engine_control():
    run_cocotb("heepstor:ip:engine", "engine_control", "tests.hw.test_engine_control")


def error(code: int, index: int) -> int:
    """Returns the bits of an error_t that is valid."""
    return 1 << 24 | code << 16 | index


@cocotb.test()
async def check_the_first_error_is_kept(dut):
    """Units go on while memory answers what was asked for, and may find more that is wrong."""
    master = Master(dut)
    for name in ("finished_i", "port_idle_i", "counters_i", "error_i", "error_address_i"):
        getattr(dut, name).value = 0
    await start(dut)
    await master.write(REGISTERS["doorbell"], 1)
    assert dut.busy_o.value == 1
    for code, index in ((4, 7), (1, 8), (2, 6)):
        dut.error_i.value = error(code, index)
        dut.error_address_i.value = 0x8000_0000 + 128 * index
        await FallingEdge(dut.clk_i)
        assert dut.halt_o.value == 1 and dut.failed_o.value == 0
    dut.error_i.value = 0
    dut.port_idle_i.value = 1
    await FallingEdge(dut.clk_i)
    assert dut.busy_o.value == 0
    assert await master.read(REGISTERS["error"]) == 7 << 16 | 4
    assert await master.read(REGISTERS["error_address"]) == 0x8000_0000 + 128 * 7
