"""Names chosen by users, which appear in reports, messages and C++ comments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from modelgen.errors import ModelError

if TYPE_CHECKING:
    import torch

ONNX = ".onnx"
"""What the name of an ONNX model's file ends with."""


def check_printable(kind: str, name: str) -> None:
    """Raise ModelError for a name that would break a line, or continue a comment on the next.

    `kind` says what it is the name of.
    """
    if not name.isprintable() or "\\" in name:
        raise ModelError(
            f"{kind} is named {name!r}; expected printable characters without a backslash, because "
            "names appear in reports and in comments of the generated C++. Choose another name."
        )


def check_module(model: torch.nn.Module) -> None:
    """Raise ModelError if a layer, parameter or buffer of a model has an unprintable name."""
    for name in _names(model):
        check_printable("A layer or parameter of the model", name)


def _names(model: torch.nn.Module) -> Iterator[str]:
    for listed in (model.named_modules, model.named_parameters, model.named_buffers):
        yield from (name for name, _ in listed())
