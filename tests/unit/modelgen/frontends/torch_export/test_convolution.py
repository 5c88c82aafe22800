"""Convolutions over maps and sequences, with and without a batch."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from modelgen.operators import Conv2d
from modelgen.operators.window import Window
from tests.support.refused import check_message
from tests.support.same import Function, check_same


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(4, 6, 3),
        nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 0), bias=False),
        nn.Conv2d(4, 5, 3, dilation=(2, 1)),
        nn.Conv2d(4, 6, 3, padding="same"),
        nn.Conv2d(4, 6, 4, padding="same"),
        nn.Conv2d(4, 6, 3, padding="valid"),
        nn.Conv2d(4, 4, 3, padding=1, groups=4),
        nn.Conv2d(4, 8, 3, groups=2),
        nn.Conv2d(4, 8, 3, groups=4),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:Using padding='same'")
def test_over_maps(layer: nn.Module) -> None:
    check_same(nn.Sequential(layer), batch=2)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv1d(4, 6, 3),
        nn.Conv1d(4, 6, 5, stride=2, padding=2, dilation=3, bias=False),
        nn.Conv1d(4, 6, 4, padding="same"),
        nn.Conv1d(4, 4, 3, groups=4),
        nn.Conv1d(4, 8, 3, groups=2),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:Using padding='same'")
def test_over_sequences(layer: nn.Module) -> None:
    check_same(nn.Sequential(layer), batch=2, shape=(4, 21))


def test_shapes_and_weights_have_their_channels_last() -> None:
    graph = check_same(nn.Sequential(nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 0))), 2)
    node = graph.nodes[0]
    assert graph.tensors[graph.inputs[0]].shape == (2, 12, 9, 4)
    assert graph.tensors[node.output].shape == (2, 6, 8, 6)
    assert graph.constant(node, "weight").shape == (6, 3, 2, 4)
    assert node.operator == Conv2d(Window((3, 2), (2, 1), (1, 1, 0, 0)))


def test_a_map_without_a_batch() -> None:
    layer = nn.Conv2d(4, 3, 3)
    check_same(Function(lambda x: layer(x[0] if x.dim() == 5 else x.squeeze(0))))


def test_weights_that_the_model_computes() -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.randn(3, 4, 1, 1))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.functional.conv2d(x, self.weight / self.weight.norm())

    check_same(Scaled())


def test_what_is_refused() -> None:
    by_input = Function(lambda x: nn.functional.conv2d(x, x[:, :, :3, :3].reshape(1, 4, 3, 3)))
    check_message(by_input, (4, 3, 3), "weights that depend on the model's input")
    check_message(nn.Conv2d(0, 3, 1), (0, 3, 3), "has no weights")
