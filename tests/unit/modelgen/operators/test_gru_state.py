"""The state of a GRU after a step: what PyTorch computes, and how far from it one may be."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from modelgen.operators import GruState
from tests.support.kernel_host import check_kernels
from tests.support.operator_checks import check_operator, random_values


def reference(given: torch.Tensor, hidden: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
    """What nn.GRUCell does with its gates."""
    x, h = given.chunk(3, -1), hidden.chunk(3, -1)
    reset, update = torch.sigmoid(x[0] + h[0]), torch.sigmoid(x[1] + h[1])
    new = torch.tanh(x[2] + reset * h[2])
    return (1 - update) * new + update * state


def inputs_of(shapes: list[tuple[int, ...]], scale: float = 1.0) -> list[np.ndarray]:
    return [scale * random_values(*shape, seed=seed) for seed, shape in enumerate(shapes)]


@pytest.mark.parametrize("scale", [0.01, 1.0, 8.0])
def test_it_is_pytorch_s(scale: float) -> None:
    inputs = inputs_of([(3, 15), (3, 15), (3, 5)], scale)
    check_operator(GruState(), [value.astype(np.float32) for value in inputs], reference)


def test_the_kernel_gives_its_bits() -> None:
    cases = []
    for shapes in ([(3, 15), (3, 15), (3, 5)], [(2, 51), (2, 51), (2, 17)]):
        for scale in (0.5, 30.0):
            values = [value.astype(np.float32) for value in inputs_of(shapes, scale)]
            cases.append((GruState(), values))
    special = [value.copy() for value in cases[0][1]]
    for value in special:
        value[0, :3] = np.inf, -np.inf, np.nan
    check_kernels([*cases, (GruState(), special)])
