"""Transposed convolutions: what PyTorch computes, and how far from it one may be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from modelgen.operators import ConvTranspose2d
from modelgen.operators.base import Cut
from tests.support.operator_checks import random_values

CASES: list[tuple[ConvTranspose2d, tuple[int, ...]]] = [
    (ConvTranspose2d((2, 2)), (6, 2, 2, 4)),
    (ConvTranspose2d((2, 1), (1, 2), (1, 0), (2, 1)), (6, 3, 5, 4)),
    (ConvTranspose2d((3, 2), groups=2), (6, 2, 3, 2)),
]


@pytest.mark.parametrize(("operator", "shape"), CASES)
def test_it_is_pytorch_s(operator: ConvTranspose2d, shape: tuple[int, ...]) -> None:
    weight, bias = random_values(*shape, seed=1), random_values(shape[0], seed=2)
    values = random_values(2, 5, 4, 4)
    kernels = weight.reshape(operator.groups, -1, *shape[1:]).transpose(0, 4, 1, 2, 3)
    settings: dict[str, Any] = {
        "stride": operator.stride,
        "padding": operator.padding,
        "output_padding": operator.output_padding,
        "dilation": operator.dilation,
        "groups": operator.groups,
    }
    wanted = functional.conv_transpose2d(
        torch.from_numpy(values).permute(0, 3, 1, 2).double(),
        torch.from_numpy(kernels.reshape(4, -1, *shape[1:3])).double(),
        torch.from_numpy(bias).double(),
        **settings,
    ).permute(0, 2, 3, 1)
    constants = {"weight": weight, "bias": bias}
    assert operator.infer_shape([values.shape], constants) == wanted.shape
    tensors = {role: torch.from_numpy(value) for role, value in constants.items()}
    got = operator.evaluate_float([torch.from_numpy(values)], tensors)
    np.testing.assert_allclose(got, wanted, atol=1e-5)
    wide = values.astype(np.float64)
    value, error = operator.error_bound([(wide, np.zeros_like(wide))], constants)
    np.testing.assert_allclose(value, wanted, atol=1e-12)
    assert (np.abs(got.numpy() - value) <= error).all() and error.max() < 1e-3


def test_targets_get_convolutions_instead() -> None:
    with pytest.raises(AssertionError, match="are expanded"):
        ConvTranspose2d().evaluate_exact([random_values(1, 2, 2, 1)], {}, Cut(8))
