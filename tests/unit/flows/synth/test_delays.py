"""Delays of primitives: which ways through them there are, and where paths begin and end."""

import pytest

from flows.errors import HeepstorError
from flows.synth import delays
from flows.synth.netlist import Primitive


@pytest.mark.parametrize(
    ("registers", "starts", "ends", "arcs"),
    [
        ({}, True, True, False),
        ({"AREG": "0", "BREG": "0", "CREG": "0", "MREG": "0", "PREG": "0"}, False, False, True),
        ({"AREG": "0", "BREG": "0", "CREG": "0", "MREG": "0", "PREG": "1"}, True, True, False),
    ],
)
def test_registers_of_a_dsp_cut_its_paths(registers, starts, ends, arcs):
    dsp = Primitive("dsp", "DSP48E2", registers, {"CLK": [0], "A": [1], "C": [2], "P": [3]})
    found = delays.XILINX.behaviour(dsp, frozenset())
    assert (bool(found.starts), bool(found.ends), bool(found.arcs)) == (starts, ends, arcs)


@pytest.mark.parametrize(("port", "reads"), [("ADDRA", "DOA"), ("ADDRB", "DOB")])
def test_memories_in_luts_are_read_at_once(port, reads):
    ports = ("ADDRA", "ADDRB", "ADDRD", "DIA", "DIB", "DOA", "DOB", "WE", "WCLK")
    pins = {name: [n] for n, name in enumerate(ports)}
    found = delays.XILINX.behaviour(Primitive("m", "RAM32M", {}, pins), frozenset())
    assert {arc.target for arc in found.arcs if arc.source == pins[port][0]} == set(pins[reads])
    assert {net for net, _ in found.ends} == {
        pins[name][0] for name in ("ADDRD", "DIA", "DIB", "WE")
    }


def test_a_primitive_without_delays_is_refused():
    primitive = Primitive("x", "NEW_PRIMITIVE", {}, {"O": [0]})
    with pytest.raises(HeepstorError, match="no delays are known of the primitive NEW_PRIMITIVE"):
        delays.XILINX.behaviour(primitive, frozenset())
