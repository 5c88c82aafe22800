"""Assertions: use that breaks the rule of a queue or a handshake ends the simulation, by name."""

import os

import cocotb
import pytest
from cocotb.triggers import FallingEdge

from tests.hw import obi
from tests.hw.runner import run_cocotb

pytestmark = pytest.mark.slow

ENGINE = "heepstor:ip:engine"
INTERCONNECT = "heepstor:ip:interconnect"
# Request, address, write, byte enables, data.
REQUEST = 1 << 69 | 0x1000 << 37
OTHER = 1 << 69 | 0x2000 << 37

RULES = {
    # module.rule: core, parameters, inputs from cycle to cycle (0 at first, else as before)
    "ram_fifo.no_overflow": (ENGINE, {"Depth": 2}, [{"push_i": 1}, {}, {}]),
    "ram_fifo.no_underflow": (ENGINE, {"Depth": 2}, [{"push_i": 1, "pop_i": 1}]),
    "port_arbiter.response_was_requested": (ENGINE, {}, [{"port_rvalid_i": 1}]),
    "weight_streamer.claim_is_available": (ENGINE, {}, [{"claim_i": 1}]),
    "weight_streamer.response_was_requested": (ENGINE, {}, [{"rvalid_i": 1}]),
    "parameter_buffer.released_when_ready": (ENGINE, {}, [{"release_i": 1}]),
    "result_queue.value_has_a_place": (
        ENGINE,
        {},
        [{"begin_i": 1}, {"begin_i": 0, "value_valid_i": 1}, {}],
    ),
    "result_queue.memory_takes_few_words": (
        ENGINE,
        {"StoreWords": 8},
        [
            {"to_memory_i": 1, "mask_i": 0x1F, "begin_i": 1},
            {"begin_i": 0, "value_valid_i": 1},
            {"value_valid_i": 0},
        ],
    ),
    "profile_writer.request_is_held": (
        ENGINE,
        {},
        [{"start_i": 1}, {"start_i": 0}, {"address_i": 64}],
    ),
    "accumulators.sum_is_not_in_the_adder": (ENGINE, {"Depth": 16}, [{"valid_i": 1}, {}]),
    "obi_demux.answer_was_requested": (INTERCONNECT, {}, [{"slaves_i": 1 << 32}]),
    "obi_demux.request_is_held": (INTERCONNECT, {}, [{"master_i": REQUEST}, {"master_i": OTHER}]),
    "obi_mux.answer_was_requested": (INTERCONNECT, {}, [{"slave_i": 1 << 32}]),
    "uart_tx.character_is_held": (
        "heepstor:ip:uart",
        {},
        [{"valid_i": 1, "divider_i": 9}, {"data_i": 1}, {"data_i": 2}],
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_broken_rule_ends_the_simulation(rule, capfd):
    core, parameters, _ = RULES[rule]
    toplevel, name = rule.split(".")
    with pytest.raises(RuntimeError):
        run_cocotb(core, toplevel, __name__, parameters, {"RULE": rule})
    printed = "".join(capfd.readouterr())
    assert printed.count("Assertion failed in ") == 1, printed
    assert f".{name}: " in printed, printed


@cocotb.test()
async def break_the_rule(dut):
    """Drives the inputs of the rule that the environment names."""
    for signal in dut:
        if signal._name.endswith("_i") and signal._name not in ("clk_i", "rst_ni"):
            signal.value = 0
    await obi.start(dut)
    for inputs in RULES[os.environ["RULE"]][2]:
        for name, value in inputs.items():
            getattr(dut, name).value = value
        await FallingEdge(dut.clk_i)
    await FallingEdge(dut.clk_i)
