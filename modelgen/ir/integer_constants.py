"""Constants of nodes that models keep as integers, such as INT8 weights.

A node on floating-point numbers has the numbers in a role, such as "weight". In a graph of a
quantized model it has beside them the integers that they are made of: number = scale (integer -
zero_point). The arrays have the number's shape; scales and zero points may be repeated in it.
Nothing computes with them before `modelgen.passes.integers` makes integer operators of the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class IntegerConstant:
    """Arrays of the same shape."""

    integers: np.ndarray
    """INT64."""
    scale: np.ndarray
    """FP32."""
    zero_point: np.ndarray
    """INT64."""

    def arranged(self, arrange: Callable[[np.ndarray], np.ndarray]) -> IntegerConstant:
        """Return it with its elements in another order or shape."""
        return IntegerConstant(*(np.ascontiguousarray(arrange(each)) for each in self._arrays()))

    def roles(self, role: str) -> dict[str, np.ndarray]:
        """Return further roles of a node which has the numbers in a role."""
        return dict(zip(_names(role), self._arrays(), strict=True))

    def _arrays(self) -> tuple[np.ndarray, ...]:
        return self.integers, self.scale, self.zero_point


def integer_constant(arrays: Mapping[str, np.ndarray], role: str) -> IntegerConstant | None:
    """Return the integers of which the numbers in a role are made, or None.

    Args:
        arrays: constants of a node, by role.
        role: such as "weight".
    """
    names = _names(role)
    if not all(name in arrays for name in names):
        return None
    return IntegerConstant(*(arrays[name] for name in names))


def is_of_integers(role: str) -> bool:
    """Return whether a role is one of those that `IntegerConstant.roles` returns."""
    return "/" in role


def _names(role: str) -> tuple[str, ...]:
    return tuple(f"{role}/{part}" for part in ("integers", "scale", "zero_point"))
