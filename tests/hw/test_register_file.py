"""The CPU's registers: every read gives what was written last, whichever port wrote it."""

import random

import cocotb
import pytest
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, ReadOnly

from tests.hw.runner import run_cocotb

pytestmark = pytest.mark.slow

REGISTERS = 64


@pytest.mark.parametrize("width", [5, 6])
def test_register_file(width):
    run_cocotb(
        "heepstor:ip:register_file",
        "cv32e40p_register_file",
        __name__,
        parameters={"ADDR_WIDTH": 6, "FPU": width - 5},
        testcase="check_registers",
    )


@cocotb.test()
async def check_registers(dut):
    """Random writes at both ports, often of one register, and reads of written ones."""
    rng = random.Random(4)
    number = REGISTERS if int(dut.FPU.value) else REGISTERS // 2
    held = {0: 0}
    ports = (dut.raddr_a_i, dut.raddr_b_i, dut.raddr_c_i)
    outputs = (dut.rdata_a_o, dut.rdata_b_o, dut.rdata_c_o)
    dut.rst_n.value, dut.scan_cg_en_i.value = 1, 0
    Clock(dut.clk, 10, "ns").start()
    for _ in range(5000):
        await FallingEdge(dut.clk)
        places = [rng.randrange(number) for _ in range(2)]
        if rng.random() < 0.2:
            places[1] = places[0]
        values = [rng.getrandbits(32) for _ in range(2)]
        writes = [rng.random() < 0.6 for _ in range(2)]
        dut.waddr_a_i.value, dut.waddr_b_i.value = places
        dut.wdata_a_i.value, dut.wdata_b_i.value = values
        dut.we_a_i.value, dut.we_b_i.value = writes
        reads = [rng.choice(list(held)) for _ in ports]
        for port, register in zip(ports, reads, strict=True):
            port.value = register
        await ReadOnly()
        for output, register in zip(outputs, reads, strict=True):
            assert int(output.value) == held[register], f"register {register}"
        for place, value, is_written in zip(places, values, writes, strict=True):
            if is_written and place:
                held[place] = value
    assert len(held) == number
