"""What is wrong with a .tflite file: operator, tensor, and reason; all complaints at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from modelgen.errors import ModelError

_SHOWN = 20
"""Complaints of a message; more would hide the first ones."""


class Refusal(Exception):
    """An operator cannot be translated; caught where the complaint gets the operator's name."""

    def __init__(self, reason: str, tensor: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.tensor = tensor


@dataclass(frozen=True)
class Complaint:
    """Why an operator or a tensor of a file cannot be used."""

    operator: str
    """Such as "CONV_2D (operator 3)"; "" for one about the file."""
    tensor: str
    """The tensor's name; "" if it is about none."""
    reason: str
    """Such as "it has the type FLOAT16"; a sentence without an end, or several."""

    def __str__(self) -> str:
        tensor = f"tensor '{self.tensor}'" if self.tensor else ""
        where = ", ".join(part for part in (self.operator, tensor) if part)
        return f"{where}: {self.reason}" if where else self.reason


def refuse(path: Path, complaints: Iterable[Complaint]) -> ModelError:
    """Return the error about a file."""
    found = [str(complaint) for complaint in dict.fromkeys(complaints)]
    more = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    lines = "".join(f"\n  {text}" for text in (*found[:_SHOWN], *more))
    return ModelError(f"{path} cannot be compiled:{lines}")
