"""Timing analysis: the paths of small netlists, whose levels and delays can be counted by hand."""

import pytest

from flows.errors import HeepstorError
from flows.synth import delays
from flows.synth.flattening import Mapped
from flows.synth.netlist import CONSTANT, Primitive
from flows.synth.timing import Analysis
from tests.support.mapped import netlist, register, table

CLOCK, TABLE, NET = 0.09, 0.12, 0.33
SETUP = 0.05


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


def test_crossings_between_clocks_are_no_paths():
    cells = [register("a_q", 0, 2, 2), register("b_q", 1, 2, 3), register("c_q", 1, 3, 4)]
    found = {(p.start.name, p.end.name) for p in slowest({"top": Mapped(netlist(5, cells), {})})}
    assert found == {("a_q", "a_q"), ("b_q", "c_q")}


def test_paths_within_a_divided_clock_are_found_by_themselves():
    # Clock 0 gives clock 1. a_q and d_q are of the first one, b_q and c_q of the other.
    divider = Primitive("u_divider", "BUFGCE_DIV", {}, {"I": [0], "CE": [9], "O": [1]})
    cells = [
        divider,
        register("a_q", 0, 5, 2),
        register("b_q", 1, 2, 3),
        table(6, 3),
        register("c_q", 1, 6, 4),
        register("d_q", 0, 4, 5),
    ]
    modules = {"top": Mapped(netlist(10, cells), {})}
    analysis = Analysis(modules, "top", delays.XILINX)
    found = {(p.start.name, p.end.name) for p in analysis.slowest(9)}
    assert found == {("a_q", "b_q"), ("c_q", "d_q"), ("d_q", "a_q")}
    (within,) = analysis.slowest_divided(9)
    assert (within.start.name, within.end.name, within.levels) == ("b_q", "c_q", 1)
    assert analysis.most_levels() == 0
    assert analysis.by_module()["top"][0] == 1


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
