"""The cell state of an LSTM after a step: what PyTorch computes, and how far from it one may be."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from modelgen.operators import LstmState
from tests.support.kernel_host import check_kernels
from tests.support.operator_checks import check_operator, random_values


def reference(gates: torch.Tensor, cell: torch.Tensor) -> torch.Tensor:
    """What nn.LSTMCell does with its gates."""
    i, f, g, _ = gates.chunk(4, -1)
    return torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)


def inputs_of(shapes: list[tuple[int, ...]], scale: float = 1.0) -> list[np.ndarray]:
    return [scale * random_values(*shape, seed=seed) for seed, shape in enumerate(shapes)]


@pytest.mark.parametrize("scale", [0.01, 1.0, 8.0])
def test_it_is_pytorch_s(scale: float) -> None:
    inputs = inputs_of([(3, 20), (3, 5)], scale)
    check_operator(LstmState(), [value.astype(np.float32) for value in inputs], reference)


def test_the_kernel_gives_its_bits() -> None:
    cases = []
    for shapes in ([(3, 20), (3, 5)], [(2, 68), (2, 17)]):
        for scale in (0.5, 30.0):
            values = [value.astype(np.float32) for value in inputs_of(shapes, scale)]
            cases.append((LstmState(), values))
    special = [value.copy() for value in cases[0][1]]
    for value in special:
        value[0, :3] = np.inf, -np.inf, np.nan
    check_kernels([*cases, (LstmState(), special)])
