"""Channels times factors that the network has computed."""

from __future__ import annotations

import numpy as np
import torch

from modelgen.operators import ChannelScale
from modelgen.operators.base import Cut
from modelgen.operators.epilogue import Epilogue
from tests.support.operator_checks import check_operator, random_values


def test_each_channel_has_a_factor() -> None:
    values, factors = random_values(2, 3, 4, 5), random_values(1, 1, 1, 5, seed=1)
    check_operator(ChannelScale(), [values, factors], lambda x, factor: x * factor)


def test_an_operand_is_the_last_input() -> None:
    inputs = [random_values(3, 5, seed=seed) for seed in (0, 1)]
    operator = ChannelScale(Epilogue(residual=True, low=0.0))
    factors = random_values(1, 5, seed=2)

    def reference(x: torch.Tensor, factor: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        return torch.relu(x * factor + other)

    check_operator(operator, [inputs[0], factors, inputs[1]], reference)
    assert operator.describe() == "scale channels, add, ReLU"


def test_nothing_is_added_to_a_product_of_zero() -> None:
    """A bias of +0 would make -0 a +0."""
    minus = np.array([[-0.0]], np.float32)
    got = ChannelScale().evaluate_exact([minus, np.ones(1, np.float32)], {}, Cut(8))
    assert np.signbit(got).all()
