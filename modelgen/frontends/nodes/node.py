"""A node of a file as the functions of its operator see it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

LARGEST = 2**28
"""Values that all tensors which depend on the inputs may have together: 1 GiB of FP32."""


class RefusedError(Exception):
    """An operator that cannot be computed as a node asks for it."""

    def __init__(self, reason: str, hint: str = "") -> None:
        """Keep why, which completes a sentence that begins with the node, and what to do."""
        super().__init__(reason)
        self.reason, self.hint = reason, hint


@dataclass(frozen=True)
class FileNode:
    """What is known of a node when the model is imported."""

    name: str
    operator: str
    """Its operator type, such as "Conv"."""
    attributes: Mapping[str, Any]
    """Attribute -> number, text, list of numbers, or array."""
    inputs: tuple[str, ...]
    """Names of the tensors that it reads; "" for one that is left out."""
    outputs: tuple[str, ...]
    """Names of the tensors that it computes; "" for one that nothing reads."""
    constants: Mapping[int, np.ndarray]
    """Position -> value of the inputs that do not depend on the model's."""

    def attribute(self, name: str, default: Any = None) -> Any:
        """Return an attribute, or a default if the node does not have it."""
        return self.attributes.get(name, default)

    def has(self, position: int) -> bool:
        """Return whether the node has an optional input."""
        return position < len(self.inputs) and self.inputs[position] != ""

    def returns(self, position: int) -> bool:
        """Return whether an optional output is computed."""
        return position < len(self.outputs) and self.outputs[position] != ""

    def array(self, position: int, what: str) -> np.ndarray:
        """Return an input that must be constant.

        Args:
            position: of the input.
            what: it is, for the message: "shape".

        Raises:
            RefusedError: it depends on the model's inputs.
        """
        if position not in self.constants:
            name = self.inputs[position]
            self.refuse(f"has a {what}, '{name}', that depends on the model's input", _FIXED)
        return self.constants[position]

    def ints(self, position: int, what: str) -> list[int]:
        """Return the integers in an input that must be constant; see `array`."""
        values = self.array(position, what).reshape(-1)
        if values.dtype.kind not in "iu" and values.size:
            self.refuse(f"has a {what}, '{self.inputs[position]}', of the type {values.dtype}")
        return [int(number) for number in values]

    def number(self, position: int, what: str) -> float:
        """Return the number that an input must be, which must be constant; see `array`."""
        return float(self.array(position, what).reshape(-1)[0])

    def axis(self, axis: int, rank: int) -> int:
        """Return a dimension from 0 on; a negative one counts from the end.

        Args:
            axis: which the node names.
            rank: dimensions of a tensor.

        Raises:
            RefusedError: such a tensor does not have it.
        """
        if not -rank <= axis < rank:
            self.refuse(f"names dimension {axis} of a tensor that has {rank}")
        return axis % rank

    def axes(self, axes: Iterable[int], rank: int) -> list[int]:
        """Return dimensions from 0 on, in order; refuse one that is named twice; see `axis`."""
        found = sorted(self.axis(axis, rank) for axis in axes)
        if len({*found}) < len(found):
            self.refuse(f"names a dimension twice: {found}")
        return found

    def refuse(self, reason: str, hint: str = "") -> NoReturn:
        """Raise a RefusedError."""
        raise RefusedError(reason, hint)


def check_size(shape: Sequence[int]) -> None:
    """Raise a RefusedError about a shape that no memory would hold.

    What computes with each element of a result before PyTorch does calls this first.
    """
    if math.prod(shape) > LARGEST:
        text = "x".join(map(str, shape))
        raise RefusedError(f"gives the shape {text}, of more than {LARGEST} values")


_FIXED = "It must be constant: all sizes are fixed when the model is compiled."
