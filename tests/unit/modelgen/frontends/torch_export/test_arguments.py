"""Several arguments of forward(), of several types, and what the graph makes of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from modelgen.errors import ModelError
from modelgen.frontends.torch_export.arguments import Argument, arguments_of
from modelgen.frontends.torch_export.importer import import_with_origins


class Words(nn.Module):
    """Rows of a table for ids, and maps."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.conv = nn.Embedding(9, 3), nn.Conv2d(2, 3, 1)

    def forward(self, ids: torch.Tensor, image: torch.Tensor) -> tuple:
        return self.table(ids), self.conv(image)


ARRAYS = np.zeros((4, 5), np.int64), np.zeros((4, 2, 3, 6), np.float32)


def test_arrays_of_samples_are_arguments() -> None:
    assert arguments_of(ARRAYS) == (Argument((5,), "int64"), Argument((2, 3, 6)))
    examples = [argument.example(2) for argument in arguments_of([*ARRAYS, ARRAYS[0] > 0])]
    assert [example.dtype for example in examples] == [torch.int64, torch.float32, torch.bool]
    assert [tuple(example.shape) for example in examples] == [(2, 5), (2, 2, 3, 6), (2, 5)]


def test_inputs_are_named_like_the_arguments_and_laid_out_for_their_readers() -> None:
    graph = import_with_origins(Words(), arguments_of(ARRAYS), 2).graph
    assert graph.inputs == ("ids", "image") and len(graph.outputs) == 2
    assert graph.tensors["ids"].shape == (2, 5)
    assert graph.tensors["image"].shape == (2, 3, 6, 2) and graph.orders == {"image": (0, 2, 3, 1)}


def test_arguments_that_do_not_fit() -> None:
    wrong = Argument((5,)), Argument((2, 3, 6))
    with pytest.raises(ModelError, match=r"'table' .* The model's inputs have the shapes 1x5 and "):
        import_with_origins(Words(), wrong, 1)
    with pytest.raises(
        ModelError, match=r"inputs of the shapes 1x5 and 1x2x3x6 and 1x5: .*takes 3"
    ):
        import_with_origins(Words(), arguments_of([*ARRAYS, ARRAYS[0]]), 1)
    with pytest.raises(ModelError, match=r"an input of shape 1x5: .*missing 1 required .*'image'"):
        import_with_origins(Words(), arguments_of(ARRAYS[:1]), 1)
