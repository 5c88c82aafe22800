"""Area, registers and memory bits of a netlist."""

import pytest

from flows.errors import HeepstorError
from flows.synth.silicon.cells import Cells, count
from tests.support.mapped import netlist
from tests.support.small_cells import inverter, memory, register

AREAS = {"INV": 15.0, "DFF": 90.0}


def test_cells_and_memories_are_counted():
    found = count(
        netlist(4, [inverter(0, 1), register("q", 0, 1, 2), memory("m", 16, 8, True)]), AREAS
    )
    assert found == Cells(105.0, 1, 128)
    assert found.as_json(15.0) == {
        "area": 105.0,
        "gates": 7.0,
        "registers": 1,
        "memory_bits": 128,
    }


def test_sums_and_the_largest():
    one, two = Cells(1.0, 5, 0), Cells(2.0, 3, 8)
    assert one + two == Cells(3.0, 8, 8)
    assert one.largest(two) == Cells(2.0, 5, 8)
    assert two.size == 2.0


def test_a_cell_of_another_library_is_an_error():
    with pytest.raises(HeepstorError, match="left a cell INV"):
        count(netlist(2, [inverter(0, 1)]), {})
