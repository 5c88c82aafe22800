"""Reading standard cells."""

import itertools

import numpy as np
import pytest

from flows.errors import HeepstorError
from flows.synth.silicon import liberty
from tests.support.small_cells import LIBERTY, technology


def test_pins_functions_and_energies(tmp_path):
    cells = liberty.read(technology(tmp_path).liberty)
    assert cells.keys() == {"INV", "DFF"}
    inverter, register = cells["INV"], cells["DFF"]
    assert (inverter.leakage, inverter.pins["A"].capacitance) == (2.5, 0.01)
    assert inverter.pins["Y"].is_output
    assert register.pins["CLK"].is_clock
    assert register.pins["Q"].function is None, "its value is the register's"
    energy = inverter.pins["Y"].energy
    assert energy(0.0, 0.2) == pytest.approx(1.5), "the mean of rise and fall"
    assert energy(0.05, 0.2) == pytest.approx(3.0)
    assert energy(9.0, 0.2) == pytest.approx(4.5), "at the table's edge"
    assert inverter.pins["A"].energy(0.0, 0.2) == 0.0


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("(!((A B)+C))", lambda a, b, c: not ((a and b) or c)),
        ("A^B^C", lambda a, b, c: a ^ b ^ c),
        ("A' B | C", lambda a, b, c: (not a and b) or c),
        ("!(A * B) & C", lambda a, b, c: not (a and b) and c),
        ("(!((A B) + (!A C)))", lambda a, b, c: not (b if a else c)),
    ],
)
def test_functions(text, wanted):
    values = list(itertools.product([False, True], repeat=3))
    inputs = dict(zip("ABC", np.array(values).T, strict=True))
    assert liberty.logic(text)(inputs).tolist() == [bool(wanted(*row)) for row in values]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [("1nW", "1mW", "leakage_power_unit is 1mW"), (LIBERTY, "nothing", "not a liberty file")],
)
def test_another_file_is_an_error(tmp_path, old, new, said):
    path = technology(tmp_path).liberty
    path.write_text(LIBERTY.replace(old, new))
    with pytest.raises(HeepstorError, match=said):
        liberty.read(path)
