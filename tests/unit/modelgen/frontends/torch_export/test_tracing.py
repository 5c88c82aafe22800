"""Models that torch.export cannot trace, and those that do not fit their input."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from modelgen.errors import ModelError
from modelgen.frontends.torch_export.arguments import Argument
from modelgen.frontends.torch_export.importer import import_with_origins
from tests.support.refused import check_message


def test_wrong_shape_names_the_layer() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(10, 4), nn.Linear(5, 2))
    check_message(model, (10,), "Layer '2'", "in_features=5", "shape 1x4")
    check_message(model, (3, 4), "Layer '1'", "shape 1x12", "input has the shape 1x3x4")


def test_control_flow() -> None:
    class Branch(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.relu(x) if x.sum() > 0 else x

    check_message(
        Branch(), (4,), "torch.export cannot trace the model at test_tracing.py:", "control flow"
    )


def test_what_cannot_be_traced_gives_its_line() -> None:
    class Chunk(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(4, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.relu_(self.layer(x).chunk(2, -1)[0])

    line = "torch.relu_(self.layer(x)"
    check_message(Chunk(), (4,), "cannot trace the model at test_tracing.py:", line)


def test_what_is_no_tensor_is_no_output() -> None:
    class Size(nn.Module):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, int]:
            return torch.relu(x), len(x)

    check_message(Size(), (4,), "The model returns a int; expected a tensor, or a tuple")


def test_packed_sequences() -> None:
    class Packed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.GRU(4, 4, batch_first=True)

        def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
            packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True)
            return self.layer(packed)[1][-1]

    arguments = Argument((5, 4)), Argument((), "int64")
    with pytest.raises(ModelError, match=r"pack_padded_sequence.* not supported; .* mask"):
        import_with_origins(Packed(), arguments, 1)
