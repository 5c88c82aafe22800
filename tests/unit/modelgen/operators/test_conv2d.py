"""Convolutions: the function of torch.nn, in every way in which they are computed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from modelgen.operators import Conv2d
from modelgen.operators.base import Arrays, Cut
from modelgen.operators.epilogue import Epilogue
from modelgen.operators.window import Window
from tests.support.operator_checks import (
    Reference,
    channels_first,
    channels_last,
    check_operator,
    dequantized,
    quantized,
    random_values,
)

WINDOWS = [
    Window((3, 3)),
    Window((1, 1), stride=(2, 2)),
    Window((3, 2), stride=(2, 1), padding=(1, 0, 2, 1)),
    Window((2, 3), padding=(2, 2, 2, 2), dilation=(3, 2)),
]


def reference_of(operator: Conv2d, constants: Arrays) -> Reference:
    window = operator.window
    weight, bias = dequantized(constants)
    top, bottom, left, right = window.padding

    def reference(x: torch.Tensor) -> torch.Tensor:
        maps = functional.pad(channels_first(x), (left, right, top, bottom))
        settings = window.stride, 0, window.dilation, operator.groups
        return channels_last(functional.conv2d(maps, channels_first(weight), bias, *settings))

    return reference


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_quantized(window: Window) -> None:
    operator, constants = Conv2d(window), quantized(6, *window.kernel, 5)
    reference = reference_of(operator, constants)
    check_operator(operator, [random_values(2, 7, 8, 5)], reference, constants)


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_depthwise(window: Window) -> None:
    operator, constants = Conv2d(window, groups=11), quantized(11, *window.kernel, 1)
    assert operator.depthwise
    reference = reference_of(operator, constants)
    check_operator(operator, [random_values(2, 7, 8, 11)], reference, constants)


def test_the_epilogue_pools_what_the_window_gives() -> None:
    operator = Conv2d(Window((3, 3)), epilogue=Epilogue(low=0.0, pool=(2, 2)))
    constants = quantized(6, 3, 3, 5)
    convolution = reference_of(operator, constants)

    def reference(x: torch.Tensor) -> torch.Tensor:
        maps = torch.relu(channels_first(convolution(x)))
        return channels_last(functional.max_pool2d(maps, 2))

    check_operator(operator, [random_values(2, 7, 9, 5)], reference, constants)


@pytest.mark.parametrize("groups", [1, 4])
def test_floating_point_weights_are_those_of_the_module(groups: int) -> None:
    module = nn.Conv2d(4, 8 if groups == 1 else 4, 3, padding=1, groups=groups)
    constants = {name: value.detach() for name, value in module.named_parameters()}
    constants["weight"] = channels_last(constants["weight"])
    operator = Conv2d(Window((3, 3), padding=(1, 1, 1, 1)), groups)
    values = torch.from_numpy(random_values(1, 5, 6, 4))
    got = operator.evaluate_float([values], constants)
    wanted = channels_last(module(channels_first(values)).detach())
    torch.testing.assert_close(got, wanted, rtol=1e-5, atol=1e-5)


def test_channels_of_a_tile_share_an_exponent() -> None:
    """A small value beside a large one loses all its bits, unless they lie in different tiles."""
    values = np.array([[[[2.0**40, 1.0]]]], np.float32)
    constants = {
        "weight": np.ones((2, 1, 1, 1), np.int8),
        "scale": np.ones(2, np.float32),
        "bias": np.zeros(2, np.float32),
    }
    operator = Conv2d(Window((1, 1)), groups=2)

    def second(array_size: int) -> float:
        return operator.evaluate_exact([values], constants, Cut(array_size))[0, 0, 0, 1]

    assert second(2) == 0.0
    assert second(1) == 1.0


def test_description() -> None:
    assert Conv2d(Window((3, 3))).describe() == "conv 3x3"
    operator = Conv2d(Window((5, 1), stride=(2, 2)), 4, Epilogue(low=0.0, high=6.0))
    assert operator.describe() == "depthwise conv 5x1, stride 2, ReLU6"
