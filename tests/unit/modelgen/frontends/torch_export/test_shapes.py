"""Reshapes and permutations: what they compute, and what they move."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from modelgen.frontends.torch_export.importer import import_model
from tests.support.refused import check_message
from tests.support.same import SHAPE, Function, check_same


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.flatten(1),
        lambda x: x.flatten(2),
        lambda x: x.flatten(),
        lambda x: x.reshape(2, 2, 12, 18),
        lambda x: x.view(4, 4, 3, 18).transpose(1, 2).reshape(1, 12, 72),
        lambda x: x.permute(0, 2, 3, 1),
        lambda x: x.permute(3, -2, 1, 0).reshape(2, 432),
        lambda x: x.movedim(1, -1),
        lambda x: x.movedim((0, 1), (1, 0)),
        lambda x: x.moveaxis(1, -1),
        lambda x: torch.swapaxes(x, 1, -1).swapdims(2, 3),
        lambda x: x.flatten(2).reshape_as(x),
        lambda x: (x.type_as(x) + 1).to("cpu").to(x.device, torch.float32).to(x),
        lambda x: x.argmax(1).to(torch.int32).long(),
        lambda x: x.round().to(torch.bool).float(),
        lambda x: x.mT,
        lambda x: x.flatten(1).t(),
        lambda x: x.unsqueeze(2).squeeze(2),
        lambda x: x.unflatten(1, (2, 2)).transpose(1, 2).flatten(1, 2),
        lambda x: x.transpose(1, 3).contiguous().detach().view_as(x.transpose(1, 3)),
    ],
)
@pytest.mark.parametrize("conv", [False, True])
def test_each(function: object, *, conv: bool) -> None:
    before = [nn.Conv2d(4, 4, 3, padding=1)] if conv else []
    check_same(nn.Sequential(*before, Function(function)), batch=2)


def moves(model: nn.Module, shape: tuple[int, ...] = SHAPE) -> int:
    """Return how many permutations there are in a model's graph."""
    graph = check_same(model, shape=shape)
    return [node.operator.name for node in graph.nodes].count("permute")


def test_patches_become_a_sequence_without_being_moved() -> None:
    patches = nn.Sequential(nn.Conv2d(4, 8, 3, 3), nn.Flatten(2))
    layer = nn.Linear(8, 5)
    assert moves(nn.Sequential(patches, Function(lambda x: layer(x.transpose(1, 2))))) == 0


def test_channels_are_split_where_they_are() -> None:
    def split(x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x.view(1, 2, 2, 12, 9)).view(1, 4, 12, 9)

    second = nn.Conv2d(4, 3, 1)
    model = nn.Sequential(nn.Conv2d(4, 4, 1), Function(split), second, nn.AdaptiveAvgPool2d(1))
    assert moves(model) == 0


def test_a_value_is_permuted_once_for_all_readers() -> None:
    layers = [nn.Linear(9, 3), nn.Linear(9, 3)]
    model = Function(lambda x: layers[0](x) + layers[1](x))
    assert moves(nn.Sequential(nn.Conv2d(4, 4, 1), model)) == 1


def test_several_rows_for_each_input_of_a_batch() -> None:
    layer = nn.Linear(2, 3)
    graph = check_same(Function(lambda x: layer(x.view(-1, 2)).flatten()), batch=2, shape=(4,))
    assert graph.tensors[graph.outputs[0]].shape == (12,)


def test_conversions() -> None:
    class Converts(nn.Module):
        def __init__(self, kind: torch.dtype) -> None:
            super().__init__()
            self.layer, self.kind = nn.Linear(4, 4), kind

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.relu(self.layer(x.float()).to(self.kind))

    graph = import_model(Converts(torch.float32), (4,), batch=1)
    assert [node.operator.name for node in graph.nodes] == ["linear", "pointwise"]
    message = "converts torch.float32 to torch.float64; all tensors are FP32"
    check_message(Converts(torch.float64), (4,), "Function to ", message)
