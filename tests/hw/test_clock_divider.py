"""The divider of the CPU's clock: which edges it lets through, and that it tells them in time."""

import os

import cocotb
import pytest
from cocotb.triggers import Timer

from tests.hw.runner import BUFGCE_DIV, run_cocotb

HALF = 5  # ns of half a cycle


@pytest.mark.parametrize("cell", [[], BUFGCE_DIV], ids=["gate", "bufgce_div"])
@pytest.mark.parametrize("ratio", [2, 3, 4, 8])
def test_clock_divider(ratio, cell):
    run_cocotb(
        "heepstor:ip:clock_gate",
        "clock_divider",
        "tests.hw.test_clock_divider",
        parameters={"Ratio": ratio},
        environment={"RATIO": str(ratio)},
        sources=cell,
        build_args=["-DHEEPSTOR_BUFGCE_DIV"] if cell else [],
    )


@cocotb.test()
async def check_edges(dut):
    """One edge in so many cycles, announced in the cycle before, also after another reset."""
    ratio = int(os.environ["RATIO"])
    dut.clk_i.value = 0
    dut.rst_ni.value = 1
    await Timer(HALF, "ns")
    for cycles in (37, 500):
        dut.rst_ni.value = 0
        await Timer(HALF, "ns")
        dut.rst_ni.value = 1
        edges, announced = [], []
        for cycle in range(cycles):
            await Timer(HALF, "ns")
            if dut.slow_edge_o.value == 1:
                announced.append(cycle)
            assert dut.clk_slow_o.value == 0, "the clock is low before its edge"
            dut.clk_i.value = 1
            await Timer(HALF, "ns")
            if dut.clk_slow_o.value == 1:
                edges.append(cycle)
            dut.clk_i.value = 0
        assert edges == list(range(edges[0], cycles, ratio)) and edges[0] < 2 * ratio
        assert announced == edges[1:]
