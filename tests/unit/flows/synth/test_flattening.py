"""Timing graphs of hierarchical designs: paths across modules."""

from flows.synth import delays
from flows.synth.flattening import Mapped, flatten
from flows.synth.netlist import CONSTANT
from flows.synth.timing import Analysis
from tests.support.mapped import netlist, register, table


def slowest(modules):
    return Analysis(modules, "top", delays.XILINX).slowest(9)


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


def test_a_net_has_the_loads_of_all_modules_that_it_reaches():
    inner = netlist(2, [table(1, 0)], {"a_i": [0], "y_o": [1]}, {"a_i"})
    outer = netlist(
        4,
        [register("a_q", 0, 3, 1)],
        boxes={"u_one": {"a_i": [1], "y_o": [2]}, "u_two": {"a_i": [1], "y_o": [3]}},
    )
    inside = {"u_one": "inner", "u_two": "inner"}
    graph = flatten(
        {"inner": Mapped(inner, {}), "top": Mapped(outer, inside)}, "top", delays.XILINX
    )
    assert sorted(graph.delay) == [0.33 + 0.012 + 0.12] * 2
