"""Power from the edges of nets, against sums made by hand."""

import pytest

from flows.synth import rtlil
from flows.synth.flattening import Mapped
from flows.synth.silicon import liberty, power
from flows.synth.silicon.power import Energy
from tests.support.small_cells import around, technology, toggling
from tests.unit.flows.synth.silicon.test_replay import recording

MODULES = {
    "top": rtlil.Module("top", ("  cell \\leaf$top.u_a \\u_a", "  cell \\leaf$top.u_b \\u_b"), {}),
    "leaf$top.u_a": rtlil.Module("leaf$top.u_a", (), {}),
    "leaf$top.u_b": rtlil.Module("leaf$top.u_b", (), {}),
}
LEAF = Mapped(toggling(), {})
MAPPED = {
    "top": Mapped(around(toggling()), {"u_a": "leaf$top.u_a", "u_b": "leaf$top.u_b"}),
    "leaf$top.u_a": LEAF,
    "leaf$top.u_b": LEAF,
}
VALUES = {
    **{f"t.{name}": "00000" for name in ("clk_i", "u_a.clk_i", "u_b.clk_i", "u_b.value_q")},
    **{"t.u_a.value_q": "01010", "t.u_a.q_o": "01010", "t.u_b.q_o": "00000"},
}


@pytest.fixture
def measured(tmp_path):
    cells = technology(tmp_path)
    library = liberty.read(cells.liberty)
    return power.measure(MODULES, MAPPED, recording(VALUES), "t", cells, library)


def test_energy_is_the_sum_of_nets_cells_and_clock_pins(measured):
    top, _ = measured
    by_name = {one.name: one.own for one in top.walk()}
    # 2 V: half of C V^2 is 2 C. In 5 cycles, 4 edges of the register's output, which has an
    # inverter's pin of 0.01 pF, and 4 of its data's pin, of 0.01 pF.
    assert by_name["u_a"].switching == pytest.approx(4 * 2 * 0.01 * 2 / 5)
    # The inverter with a load of 0.01 pF: rise 1.2 pJ, fall 2.4 pJ, on average 1.8 pJ.
    assert by_name["u_a"].internal == pytest.approx(4 * 1.8 / 5)
    # A clock pin of 0.02 pF rises and falls in a cycle: C V^2.
    assert by_name["u_a"].clock == by_name["u_b"].clock == pytest.approx(0.02 * 4)
    assert by_name["u_b"].switching == by_name["u_b"].internal == 0.0
    assert by_name["u_b"].leakage == 6.5
    # The inverter of the top at the output of u_a.
    assert by_name["top"].switching == pytest.approx(4 * 0.01 * 2 / 5)


def test_the_netlist_is_compared_with_the_simulation(measured):
    _, agreement = measured
    assert (agreement.checked, agreement.wrong) == (8, 4), "u_b does not invert itself"
    assert agreement.unknown == 0


def test_the_load_of_a_net_includes_submodules(tmp_path):
    library = liberty.read(technology(tmp_path).liberty)
    assert power.own_load(LEAF, library).tolist() == [0.02, 0.01, 0.01]
    loads = power._Loads(MAPPED, library).of("top")
    assert loads.tolist() == pytest.approx([0.04, 0.02, 0.01])


def test_milliwatts_follow_from_the_clock():
    energy = Energy(switching=10.0, internal=20.0, clock=70.0, leakage=5e6)
    assert energy.milliwatts(50.0) == pytest.approx(5.0 + 5.0)
    assert energy.as_json(50.0)["milliwatts"] == 10.0
    assert (energy + energy).size == 200.0
    assert energy.largest(Energy(clock=80.0)) == Energy(10.0, 20.0, 80.0, 5e6)
