"""Names that users choose."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from modelgen.errors import ModelError
from modelgen.workload.names import check_module, check_printable


@pytest.mark.parametrize("name", ["", "conv 1", "gräben", "层", 'a"b', "*/"])
def test_names_that_are_taken(name: str) -> None:
    check_printable("A project", name)


@pytest.mark.parametrize("name", ["a\nb", "a\tb", "a\x1b[31m", "a\\", "\u2028", "\u202e"])
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(ModelError, match=r"^A project is named .*Choose another name"):
        check_printable("A project", name)


@pytest.mark.parametrize("kind", ["layer", "parameter", "buffer"])
def test_names_in_a_model(kind: str) -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    check_module(model)
    if kind == "layer":
        model[1].add_module("a\nb", nn.ReLU())
    elif kind == "parameter":
        model[0].register_parameter("a\nb", nn.Parameter(torch.zeros(1)))
    else:
        model[0].register_buffer("a\nb", torch.zeros(1))
    with pytest.raises(ModelError, match=r"'[01]\.a\\nb'"):
        check_module(model)
