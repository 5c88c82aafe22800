"""The netlist in Verilog, and its names."""

from dataclasses import replace

from flows.synth.flattening import Mapped
from flows.synth.silicon import verilog
from tests.support.small_cells import around, memory, toggling

INNER = Mapped(toggling(), {})
MODULES = {
    "top": Mapped(around(toggling()), {"u_a": "leaf$top.u_a", "u_b": "leaf$top.u_b"}),
    "leaf$top.u_a": INNER,
    "leaf$top.u_b": INNER,
}


def test_a_module_is_written_once():
    lines = list(verilog.write(MODULES, "top"))
    assert [line for line in lines if line.startswith("module")] == [
        "module m0 (p0_0, p1_0);",
        "module top (p0_0, p1_0, p2_0);",
    ]
    assert "  DFF c0 (.CLK(p0_0), .D(n2), .Q(p1_0));" in lines
    assert "  m0 i1 (.p0_0(p0_0), .p1_0(p2_0));" in lines
    assert "  INV c0 (.A(p1_0));" in lines, "an open pin is not connected"


def test_a_port_that_is_another_one_is_assigned():
    through = replace(toggling(), ports={"a_i": [0], "y_o": [0]}, inputs=frozenset({"a_i"}))
    assert "  assign p1_0 = p0_0;" in verilog.write({"top": Mapped(through, {})}, "top")


def test_pins_of_memories_are_single():
    boxed = replace(toggling(), primitives=(memory("m", 16, 8, True),))
    (line,) = (line for line in verilog.write({"top": Mapped(boxed, {})}, "top") if " c0 " in line)
    assert line == "  memory_16x8_r1c_w1_3 c0 (.RD_CLK_0(p0_0));"


def test_names_are_found_again():
    names = verilog.Names(MODULES, "top")
    assert names.place("i1/c0") == ("u_b", "leaf$top.u_b", 0)
    assert names.place("p0_0") == ("", "top", -1)


def test_clocks_are_found_through_modules():
    assert verilog.clock_ports(MODULES, "top") == ["p0_0"]
