"""What all operators share: slices of a sum, calls of kernels, and the list of them."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pytest

from modelgen import operators
from modelgen.operators.base import Cut, Kernel, Operator, Table


@pytest.mark.parametrize(
    ("words", "slices"), [(3, [[0, 1, 2]]), (4, [[0, 1, 2, 3]]), (6, [[0, 1, 2, 3], [4, 5]])]
)
def test_a_cut_every_s_indices(words: int, slices: list[list[int]]) -> None:
    assert [indices.tolist() for indices in Cut(4).of(words)] == slices


def test_a_cut_of_its_own() -> None:
    own = Cut(4).of(2)
    assert Cut(8, own).of(100) is own


def test_a_kernel_is_called_with_inputs_output_and_its_arguments() -> None:
    kernel = Kernel("sum.hpp", "sum<3>", ("4", "{1, 2}"), cycles=9.0)
    assert kernel.call(["a", "b"], "c") == "heepstor::sum<3>(a, b, c, 4, {1, 2})"


def test_a_table_is_defined_before_and_named_last() -> None:
    kernel = Kernel("sum.hpp", "sum", ("4",), Table("Row", ("{1, 2}", "{3, 4}")), cycles=9.0)
    assert kernel.call(["a"], "b", "rows") == "heepstor::sum(a, b, 4, rows)"
    assert kernel.table is not None
    assert kernel.table.define("rows") == "constexpr heepstor::Row rows[] = {{1, 2}, {3, 4}};"


def concrete(kind: type[Operator]) -> Iterator[type[Operator]]:
    for below in kind.__subclasses__():
        if not inspect.isabstract(below):
            yield below
        yield from concrete(below)


def test_every_operator_of_the_package_is_listed() -> None:
    for module in pkgutil.iter_modules(operators.__path__):
        importlib.import_module(f"modelgen.operators.{module.name}")
    of_package = {
        kind for kind in concrete(Operator) if kind.__module__.startswith(operators.__name__)
    }
    assert set(operators.ALL) == of_package
    names = [operator.name for operator in operators.ALL]
    assert names == sorted(set(names))


@pytest.mark.parametrize("operator", operators.ALL, ids=lambda operator: operator.name)
def test_what_computes_takes_time(operator: type[Operator]) -> None:
    assert operator.takes_time or operator.keeps_values or operator is operators.Concatenate
