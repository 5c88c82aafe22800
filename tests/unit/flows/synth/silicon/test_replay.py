"""Gates on recorded values."""

from dataclasses import replace

import numpy as np
import pytest

from flows.synth.flattening import Mapped
from flows.synth.silicon import liberty, replay
from flows.synth.silicon.waveform import Recording, Signal
from tests.support.small_cells import around, inverter, technology, toggling


def recording(values, first=None):
    """One-bit signals with a value for each cycle."""
    names = {path: str(number).encode() for number, path in enumerate(values)}
    changes = {
        names[path]: (list(range(len(bits))), [bit.encode() for bit in bits])
        for path, bits in values.items()
    }
    signals = {path: Signal(name, 1) for path, name in names.items()}
    cycles = len(next(iter(values.values())))
    return Recording(signals, np.array(first or [True, *[False] * (cycles - 1)]), changes)


@pytest.fixture
def cells(tmp_path):
    return liberty.read(technology(tmp_path).liberty)


@pytest.fixture
def module(cells):
    return replay.Module(Mapped(toggling(), {}), cells)


def test_edges_of_registers_and_of_gates_behind_them(module):
    found = module.replay(recording({"a.value_q": "0101", "a.clk_i": "0000"}), ["a"])
    assert found.edges.tolist() == [[0, 3, 3]]
    assert (found.checked, found.wrong, found.unknown, found.sources) == (3, 0, 0, 2)


def test_each_instance_has_its_own_values(module):
    values = {"a.value_q": "0101", "b.value_q": "0000", "a.clk_i": "0000", "b.clk_i": "0000"}
    found = module.replay(recording(values), ["a", "b"])
    assert found.edges.tolist() == [[0, 3, 3], [0, 0, 0]]
    assert found.wrong == 3, "a register that inverts itself cannot stay as it is"


def test_cycles_apart_are_not_compared(module):
    values = {"a.value_q": "0110", "a.clk_i": "0000"}
    found = module.replay(recording(values, [True, False, True, False]), ["a"])
    assert found.edges.tolist() == [[0, 2, 2]]
    assert (found.checked, found.wrong) == (2, 0)


def test_what_was_not_recorded_is_counted(module):
    found = module.replay(recording({"a.clk_i": "0000"}), ["a"])
    assert (found.unknown, found.sources) == (1, 2)


def test_outputs_of_submodules_are_known_by_their_ports(cells):
    outer = Mapped(around(toggling()), {"u_a": "x", "u_b": "y"})
    values = {"t.clk_i": "00", "t.u_a.q_o": "01", "t.u_b.q_o": "00"}
    found = replay.Module(outer, cells).replay(recording(values), ["t"])
    assert found.edges.tolist() == [[0, 1, 0]]


def test_gates_are_evaluated_behind_those_they_depend_on(cells):
    chain = replace(
        toggling(),
        nets=4,
        primitives=(inverter(2, 3), inverter(1, 2), *toggling().primitives[:1]),
    )
    found = replay.Module(Mapped(chain, {}), cells).replay(
        recording({"a.value_q": "0011", "a.clk_i": "0000"}), ["a"]
    )
    assert found.edges.tolist() == [[0, 1, 1, 1]]
