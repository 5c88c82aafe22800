"""From sums of products to 8-bit integers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from modelgen.arithmetic.integer import rounding
from modelgen.arithmetic.integer.multiplier import Multiplier

LOWEST, HIGHEST = -128, 127
"""The range of INT8."""


class Rounding(Enum):
    """How a sum's product with the factor of its channel is rounded to an integer."""

    DOUBLE = "double"
    """Multiplier and shift, rounded twice (`rounding.round_double`): LiteRT's convolutions."""
    SINGLE = "single"
    """Multiplier and shift, rounded once, ties upwards."""
    HALF_AWAY = "half-away"
    """FP64, ties away from zero: FULLY_CONNECTED of LiteRT's reference kernels."""
    HALF_EVEN = "half-even"
    """FP32, ties to even: ONNX Runtime and XNNPACK."""

    @property
    def uses_integers(self) -> bool:
        """Whether factors are multipliers and shifts, rather than floating-point numbers."""
        return self in (Rounding.DOUBLE, Rounding.SINGLE)

    def constants(self, factors: np.ndarray) -> dict[str, np.ndarray]:
        """Return the factors as a node has them: role -> values, shape (N,).

        Args:
            factors: of each channel, FP64.
        """
        if self.uses_integers:
            pairs = [Multiplier.of(float(factor)) for factor in factors]
            return {
                "multiplier": np.array([pair.value for pair in pairs], np.int32),
                "shift": np.array([pair.shift for pair in pairs], np.int32),
            }
        return {"scale": factors.astype(np.float64 if self is Rounding.HALF_AWAY else np.float32)}

    def round(self, sums: np.ndarray, constants: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return products with the factors as integers, INT64, shape (..., N).

        Args:
            sums: INT64, shape (..., N).
            constants: what `constants` returned.
        """
        if not self.uses_integers:
            scale = constants["scale"]
            if self is Rounding.HALF_AWAY:
                return rounding.round_half_away(sums, scale)
            return rounding.round_half_even(sums, scale)
        pair = constants["multiplier"].astype(np.int64), constants["shift"].astype(np.int64)
        if self is Rounding.DOUBLE:
            return rounding.round_double(sums, *pair)
        return rounding.round_single(sums, *pair)


@dataclass(frozen=True)
class Clamp:
    """The range of results."""

    low: int = LOWEST
    high: int = HIGHEST

    def of(self, values: np.ndarray) -> np.ndarray:
        """Return integers in the range, INT8."""
        return values.clip(self.low, self.high).astype(np.int8)

    def without(self, zero_point: int) -> tuple[int, int]:
        """Return the smallest and the largest result before a zero point is added."""
        return self.low - zero_point, self.high - zero_point

    def describe(self) -> list[str]:
        """Return the bounds for reports; nothing if they are those of INT8."""
        return [] if self == Clamp() else [f"{self.low} to {self.high}"]


@dataclass(frozen=True)
class Requantization:
    """Multiplies each sum by the factor of its channel, rounds, adds a zero point, and clamps.

    The factors are constants of the node, as `Rounding.constants` returns them.
    """

    rounding: Rounding
    zero_point: int
    clamp: Clamp = field(default_factory=Clamp)

    def of(self, sums: np.ndarray, constants: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the results, INT8, shape (..., N).

        Args:
            sums: INT64, shape (..., N).
            constants: of the node, by role.
        """
        return self.clamp.of(self.rounding.round(sums, constants) + self.zero_point)
