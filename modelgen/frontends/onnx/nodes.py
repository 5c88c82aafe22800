"""A node of an ONNX graph as the functions of its operator see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np


class RefusedError(Exception):
    """An operator that cannot be computed as a node asks for it."""

    def __init__(self, reason: str, hint: str = "") -> None:
        """Keep why, which completes a sentence that begins with the node, and what to do."""
        super().__init__(reason)
        self.reason, self.hint = reason, hint


@dataclass(frozen=True)
class OnnxNode:
    """What is known of a node when the model is imported."""

    name: str
    operator: str
    """Its operator type, such as "Conv"."""
    opset: int
    """The version of the operators of its model."""
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
        return [int(number) for number in self.array(position, what).reshape(-1)]

    def number(self, position: int, what: str) -> float:
        """Return the number that an input must be, which must be constant; see `array`."""
        return float(self.array(position, what).reshape(-1)[0])

    def refuse(self, reason: str, hint: str = "") -> NoReturn:
        """Raise a RefusedError."""
        raise RefusedError(reason, hint)


_FIXED = "It must be constant: all sizes are fixed when the model is compiled."
