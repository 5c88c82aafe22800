"""Timing analysis: the paths of small netlists, whose levels and delays can be counted by hand."""

import pytest

from flows.errors import HeepstorError
from flows.synth import delays, depths, rtlil
from flows.synth.flattening import Mapped
from flows.synth.netlist import CONSTANT, Netlist, Primitive
from flows.synth.timing import Analysis

CLOCK, TABLE, NET = 0.09, 0.12, 0.33
SETUP = 0.05


def register(name, clock, data, output):
    return Primitive(name, "FDRE", {}, {"C": [clock], "D": [data], "Q": [output]})


def table(output, *sources):
    pins = {f"I{n}": [source] for n, source in enumerate(sources)}
    return Primitive("lut", f"LUT{len(sources)}", {}, {**pins, "O": [output]})


def netlist(nets, primitives, ports=None, inputs=(), boxes=None):
    return Netlist(nets, ports or {}, frozenset(inputs), tuple(primitives), boxes or {})


def slowest(modules, top="top", most=9):
    return Analysis(modules, top, delays.XILINX).slowest(most)


def test_a_path_is_the_sum_of_its_parts():
    # Net 0 is the clock. a_q (1) -> 2 -> 3 -> b_q (4); 2 has two loads.
    cells = [register("a_q", 0, 4, 1), table(2, 1), table(3, 2, 4), register("b_q", 0, 3, 4)]
    other = register("c_q", 0, 2, 5)
    (path, *others) = slowest({"top": Mapped(netlist(6, [*cells, other]), {})})
    assert (path.start.name, path.end.name, path.levels) == ("a_q", "b_q", 2)
    with_fan_out = NET + 0.012
    assert path.nanoseconds == pytest.approx(
        CLOCK + NET + TABLE + with_fan_out + TABLE + NET + SETUP
    )
    assert {(p.start.name, p.end.name, p.levels) for p in others} == {
        ("b_q", "a_q", 0),
        ("a_q", "c_q", 1),
    }


def test_paths_cross_modules_in_both_directions_and_straight_through():
    # The inner module inverts `a_i` to `y_o`, and passes it to `z_o` as it is.
    inner = netlist(2, [table(1, 0)], {"a_i": [0], "y_o": [1], "z_o": [0]}, {"a_i"})
    outer = netlist(
        6,
        [register("from_q", 0, 5, 1), table(4, 2, 3), register("to_q", 0, 4, 5)],
        boxes={
            "u_one": {"a_i": [1], "y_o": [2], "z_o": [CONSTANT]},
            "u_two": {"a_i": [2], "y_o": [CONSTANT], "z_o": [3]},
        },
    )
    modules = {
        "inner": Mapped(inner, {}),
        "top": Mapped(outer, {"u_one": "inner", "u_two": "inner"}),
    }
    path = slowest(modules)[0]
    assert (path.start.name, path.end.name, path.levels) == ("from_q", "to_q", 2)


def test_registers_inside_of_instances_are_told_apart():
    inner = netlist(
        4,
        [register("x_q", 0, 1, 2), table(3, 2)],
        {"clk_i": [0], "d_i": [1], "q_o": [3]},
        {"clk_i", "d_i"},
    )
    outer = netlist(
        4,
        [],
        boxes={
            "u_one": {"clk_i": [0], "d_i": [CONSTANT], "q_o": [1]},
            "u_two": {"clk_i": [0], "d_i": [1], "q_o": [2]},
        },
    )
    modules = {
        "inner": Mapped(inner, {}),
        "top": Mapped(outer, {"u_one": "inner", "u_two": "inner"}),
    }
    (path,) = slowest(modules)
    assert (path.start.instance, path.end.instance) == ("u_one", "u_two")
    assert path.levels == 1


def test_crossings_between_clocks_are_no_paths():
    cells = [register("a_q", 0, 2, 2), register("b_q", 1, 2, 3), register("c_q", 1, 3, 4)]
    found = {(p.start.name, p.end.name) for p in slowest({"top": Mapped(netlist(5, cells), {})})}
    assert found == {("a_q", "a_q"), ("b_q", "c_q")}


def test_inputs_and_outputs_of_the_top_end_paths():
    cells = [table(2, 1), register("a_q", 0, 2, 3), table(4, 3, 1)]
    ports = {"clk_i": [0], "x_i": [1], "y_o": [4]}
    modules = {"top": Mapped(netlist(5, cells, ports, {"clk_i", "x_i"}), {})}
    found = {(p.start.name, p.end.name) for p in slowest(modules)}
    assert found == {("x_i", "a_q"), ("a_q", "y_o")}


def test_a_loop_is_refused():
    cells = [table(1, 2, 0), table(2, 1), register("a_q", 3, 2, 0)]
    with pytest.raises(HeepstorError, match="combinational loop"):
        slowest({"top": Mapped(netlist(4, cells), {})})


def test_a_primitive_without_delays_is_refused():
    cells = [Primitive("x", "NEW_PRIMITIVE", {}, {"O": [0]})]
    with pytest.raises(HeepstorError, match="no delays are known of the primitive NEW_PRIMITIVE"):
        slowest({"top": Mapped(netlist(1, cells), {})})


def test_carry_chains_are_near_and_add_up():
    def carry(first, incoming):
        o, co = list(range(first, first + 4)), list(range(first + 4, first + 8))
        pins = {"CI": [incoming], "CYINIT": [CONSTANT], "S": [1, 1, 1, 1], "DI": [CONSTANT] * 4}
        return Primitive("carry", "CARRY4", {}, {**pins, "O": o, "CO": co})

    cells = [
        register("a_q", 0, 17, 1),
        carry(2, CONSTANT),
        carry(10, 9),
        register("b_q", 0, 13, 18),
    ]
    path = slowest({"top": Mapped(netlist(19, cells), {})})[0]
    loads_of_a = NET + 0.012
    chain = 0.25 + 4 * 0.015 - 0.015 + 4 * 0.015 + 0.12
    assert path.nanoseconds == pytest.approx(CLOCK + loads_of_a + chain + NET + SETUP)
    assert path.levels == 0


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
