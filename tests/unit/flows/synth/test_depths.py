"""The timing of a design for utilization.json."""

import pytest

from flows.synth import delays, depths, rtlil
from flows.synth.flattening import Mapped
from tests.support.mapped import netlist, register, table


def test_the_depth_of_a_kind_is_that_of_its_deepest_module():
    shallow = netlist(3, [register("a_q", 0, 2, 1), table(2, 1)])
    deep = netlist(4, [register("a_q", 0, 3, 1), table(2, 1), table(3, 2)])
    clocked = {"u_one": {}, "u_two": {}}
    modules = {
        "kind$top.u_one": Mapped(shallow, {}),
        "kind$top.u_two": Mapped(deep, {}),
        "top": Mapped(
            netlist(1, [], boxes=clocked), {name: f"kind$top.{name}" for name in clocked}
        ),
    }
    written = {
        "top": ("  cell \\kind$top.u_one \\u_one", "  cell \\kind$top.u_two \\u_two"),
        "kind$top.u_one": (),
        "kind$top.u_two": (),
    }
    design = {
        name: rtlil.Module(name, lines, {"a_q": ("src/kind.sv", 12)})
        for name, lines in written.items()
    }
    found = depths.measure(design, modules, delays.XILINX)
    assert found["levels"] == found["modules"]["kind"]["levels"] == 2
    assert found["mhz"] == pytest.approx(1000 / found["nanoseconds"], abs=0.1)
    assert found["paths"][0]["to"] == {
        "instance": "u_two",
        "module": "kind",
        "name": "a_q",
        "file": "kind.sv",
        "line": 12,
    }
