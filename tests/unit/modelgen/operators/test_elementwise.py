"""Functions of each value: those of torch.nn, in every way in which they are computed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from modelgen.operators import Elementwise
from tests.support.operator_checks import check_operator, random_values

MODULES: list[tuple[Elementwise, Callable[[torch.Tensor], torch.Tensor]]] = [
    (Elementwise("sigmoid"), nn.Sigmoid()),
    (Elementwise("tanh"), nn.Tanh()),
    (Elementwise("silu"), nn.SiLU()),
    (Elementwise("gelu"), nn.GELU()),
    (Elementwise("gelu_tanh"), nn.GELU("tanh")),
    (Elementwise("hardswish"), nn.Hardswish()),
    (Elementwise("hardsigmoid"), nn.Hardsigmoid()),
    (Elementwise("mish"), nn.Mish()),
    (Elementwise("elu", (0.5, 1.0, 1.0)), nn.ELU(0.5)),
    (Elementwise("elu", (2.0, 1.0, 0.5)), nn.CELU(2.0)),
    (Elementwise("elu", (1.6732632423543772, 1.0507009873554805, 1.0)), nn.SELU()),
    (Elementwise("softplus", (2.0, 5.0)), nn.Softplus(2.0, 5.0)),
    (Elementwise("log_sigmoid"), nn.LogSigmoid()),
    (Elementwise("exp"), torch.exp),
    (Elementwise("floor"), torch.floor),
    (Elementwise("ceil"), torch.ceil),
    (Elementwise("nearest"), torch.round),
    (Elementwise("sign"), torch.sign),
    (Elementwise("erf"), torch.erf),
    (Elementwise("sin"), torch.sin),
    (Elementwise("cos"), torch.cos),
    (Elementwise("power", (3.0,)), lambda x: x * x * x),
]
POSITIVE: list[tuple[Elementwise, Callable[[torch.Tensor], torch.Tensor]]] = [
    (Elementwise("log"), torch.log),
    (Elementwise("sqrt"), torch.sqrt),
    (Elementwise("rsqrt"), torch.rsqrt),
    (Elementwise("power", (-1.0,)), torch.reciprocal),
    (Elementwise("power", (-2.0,)), lambda x: 1 / (x * x)),
]


def shown(value: object) -> str:
    """Return an operator or function as text, without the address that differs in each process."""
    return str(value).split(" at ")[0][:40]


@pytest.mark.parametrize(("operator", "module"), MODULES, ids=shown)
def test_the_function_of_torch(
    operator: Elementwise, module: Callable[[torch.Tensor], torch.Tensor]
) -> None:
    for shape in ((1, 10), (2, 4, 5, 3)):
        check_operator(operator, [2 * random_values(*shape)], module)


@pytest.mark.parametrize(("operator", "module"), POSITIVE, ids=shown)
def test_the_function_of_torch_of_positive_values(
    operator: Elementwise, module: Callable[[torch.Tensor], torch.Tensor]
) -> None:
    check_operator(operator, [np.abs(random_values(3, 7)) + np.float32(0.1)], module)


def test_no_difference_is_larger_than_an_output_can_be() -> None:
    values = random_values(1, 4).astype(np.float64)
    _, bound = Elementwise("sigmoid").error_bound([(values, np.full_like(values, 100.0))], {})
    assert (bound > 0.4).all() and (bound <= 1.1).all()


def test_kernels_are_given_all_values_of_the_tensor_and_the_parameters() -> None:
    def call(name: str, *parameters: float) -> str:
        return Elementwise(name, parameters).kernel([(2, 3, 10)], {}).call(["in"], "out")

    assert call("sigmoid") == "heepstor::sigmoid(in, out, 60)"
    assert call("elu", 2.0, 0.5, 0.1) == "heepstor::elu(in, out, 60, 0.5f, 1.0f, 0.1f)"
    assert call("softplus", 1e-10, 20.0) == "heepstor::softplus(in, out, 60, 1e-10f, 20.0f)"
    assert call("power", -3.0) == "heepstor::power<-3>(in, out, 60)"


@pytest.mark.parametrize(
    ("operator", "size", "measured"),
    [
        (Elementwise("sigmoid"), 1024, 30794),
        (Elementwise("tanh"), 7, 448),
        (Elementwise("exp"), 256, 5450),
        (Elementwise("hardswish"), 1024, 8587),
        (Elementwise("power", (3.0,)), 1024, 5380),
        (Elementwise("power", (-1.0,)), 1024, 22022),
    ],
)
def test_cycles_are_about_those_on_the_rtl(operator: Elementwise, size: int, measured: int) -> None:
    assert operator.kernel([(size,)], {}).cycles == pytest.approx(measured, rel=0.1)


def test_the_description_names_function_and_parameters() -> None:
    assert Elementwise("gelu").describe() == "gelu"
    assert Elementwise("power", (-2.0,)).describe() == "power -2"
