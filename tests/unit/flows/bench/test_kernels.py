"""The suite of kernels: its cases and its goals."""

import pytest

from flows.bench import kernel_program, kernels
from modelgen import operators
from modelgen.operators.integer.base import IntegerOperator

ROW = {
    "name": "sigmoid",
    "operator": "sigmoid",
    "shapes": [[1024]],
    "elements": 1024,
    "cycles": 30_720,
    "each": 30.0,
    "goal": 30.0,
    "predicted": 30_413.0,
}


def test_every_case_has_a_kernel_and_a_name_of_its_own():
    cases = kernels.cases()
    assert len({case.name for case in cases}) == len(cases)
    for case in cases:
        assert case.operator.kernel(case.shapes, {}) is not None, case.name
        assert case.values in kernel_program.POOLS


def test_every_operator_with_a_kernel_of_its_own_is_measured():
    measured = {type(case.operator) for case in kernels.cases()}
    with_kernel = {operator for operator in operators.ALL if "kernel" in vars(operator)}
    # The suite has FP32 values; those of integers are measured by `test_cpu_cycles.py`.
    integer = {operator for operator in with_kernel if issubclass(operator, IntegerOperator)}
    assert with_kernel - measured == integer


def test_goals_can_be_missed():
    assert kernels.missed({"kernels": [ROW, {**ROW, "goal": None}]}) == []
    (line,) = kernels.missed({"kernels": [{**ROW, "each": 30.4, "name": "slow"}]})
    assert line == "slow: 30.4 cycles an element, at most 30"


def test_a_row_has_cycles_of_each_element():
    case = kernels.Case("sum of rows", operators.Reduce("sum"), [(16, 64, 1)], goal=6)
    row = kernels._row(case, 5035, 1024)
    assert row["each"] == pytest.approx(5035 / 1024) and row["elements"] == 1024
    case = kernels.Case("half", operators.Reduce("sum"), [(16, 64, 1)], elements=512)
    assert kernels._row(case, 5120, 1024)["each"] == 10.0


def test_the_table_shows_all(capsys):
    kernels.show({"kernels": [ROW, {**ROW, "name": "other", "predicted": None}]})
    printed = capsys.readouterr().out
    assert "sigmoid" in printed and "30,720" in printed and "-1.0%" in printed
