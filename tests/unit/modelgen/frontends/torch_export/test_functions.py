"""Import of functions of one value: each becomes its record, with the module's parameters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from modelgen.errors import ModelError
from modelgen.frontends.torch_export.importer import import_model
from modelgen.ir.execute import run_graph
from modelgen.operators import Elementwise
from tests.support.refused import check_message
from tests.support.same import check_same

Called = Callable[[torch.Tensor], torch.Tensor]


class Module(nn.Module):
    def __init__(self, function: Called) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)


FUNCTIONS: list[tuple[Called, Elementwise]] = [
    (nn.Sigmoid(), Elementwise("sigmoid")),
    (torch.special.expit, Elementwise("sigmoid")),
    (nn.Tanh(), Elementwise("tanh")),
    (lambda x: x.clone().tanh_(), Elementwise("tanh")),
    (nn.SiLU(inplace=True), Elementwise("silu")),
    (nn.GELU(), Elementwise("gelu")),
    (nn.GELU(approximate="tanh"), Elementwise("gelu_tanh")),
    (nn.Hardswish(), Elementwise("hardswish")),
    (nn.Hardsigmoid(inplace=True), Elementwise("hardsigmoid")),
    (nn.ELU(0.5), Elementwise("elu", (0.5, 1.0, 1.0))),
    (lambda x: functional.elu(x, 2.0, inplace=True), Elementwise("elu", (2.0, 1.0, 1.0))),
    (nn.SELU(), Elementwise("elu", (1.6732632423543772, 1.0507009873554805, 1.0))),
    (nn.CELU(0.5, inplace=True), Elementwise("elu", (0.5, 1.0, 2.0))),
    (nn.Softplus(), Elementwise("softplus", (1.0, 20.0))),
    (nn.Softplus(2.0, 5.0), Elementwise("softplus", (2.0, 5.0))),
    (nn.Mish(), Elementwise("mish")),
    (nn.LogSigmoid(), Elementwise("log_sigmoid")),
    (torch.exp, Elementwise("exp")),
    (torch.erf, Elementwise("erf")),
    (torch.sin, Elementwise("sin")),
    (torch.cos, Elementwise("cos")),
    (torch.floor, Elementwise("floor")),
    (torch.ceil, Elementwise("ceil")),
    (torch.round, Elementwise("nearest")),
    (torch.sign, Elementwise("sign")),
    (torch.square, Elementwise("power", (2.0,))),
    (lambda x: x**3, Elementwise("power", (3.0,))),
    (lambda x: x.clone().pow_(2.0), Elementwise("power", (2.0,))),
]
OF_POSITIVE: list[tuple[Called, Elementwise]] = [
    (torch.log, Elementwise("log")),
    (torch.sqrt, Elementwise("sqrt")),
    (lambda x: x**0.5, Elementwise("sqrt")),
    (torch.rsqrt, Elementwise("rsqrt")),
    (lambda x: x**-0.5, Elementwise("rsqrt")),
    (torch.reciprocal, Elementwise("power", (-1.0,))),
    (lambda x: x.clone().reciprocal_(), Elementwise("power", (-1.0,))),
    (lambda x: x**-2, Elementwise("power", (-2.0,))),
]


def check(function: Called, operator: Elementwise, values: np.ndarray) -> None:
    module = Module(function)
    graph = import_model(module, (5,), 1)
    assert operator in [node.operator for node in graph.nodes]
    wanted = module(torch.from_numpy(values.copy())).numpy()
    np.testing.assert_allclose(run_graph(graph, values), wanted, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(("function", "operator"), FUNCTIONS)
def test_each_function(function: Called, operator: Elementwise) -> None:
    check(function, operator, np.random.default_rng(0).standard_normal((3, 5)).astype(np.float32))


@pytest.mark.parametrize(("function", "operator"), OF_POSITIVE)
def test_each_function_of_positive_values(function: Called, operator: Elementwise) -> None:
    check(function, operator, np.random.default_rng(0).uniform(0.1, 5, (3, 5)).astype(np.float32))


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda x: x**2.5, r"raises to the power 2.5; supported exponents: integers from -8 to 8"),
        (lambda x: x**9, "raises to the power 9"),
        (nn.Softplus(-1.0), r"has a beta of -1 and a threshold of 20; expected beta > 0"),
        (nn.CELU(-1.0), r"has an alpha of -1; expected a number > 0"),
    ],
)
def test_parameters_without_a_kernel_are_refused(function: Called, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        import_model(Module(function), (5,), 1)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.log2(x.abs() + 0.5),
        lambda x: torch.log10(x.abs() + 0.5),
        lambda x: torch.log1p(x.abs()),
        torch.exp2,
        torch.expm1,
        lambda x: x.clone().expm1_(),
        lambda x: 2.5**x,
    ],
)
def test_functions_of_a_multiple(function: Called) -> None:
    check_same(Module(function), shape=(4, 7))
    check_same(nn.Sequential(nn.Conv2d(4, 4, 3), Module(function)))


def test_powers_of_negative_numbers() -> None:
    check_message(Module(lambda x: torch.pow(-2.0, x)), (4,), "raises -2 to a power")
