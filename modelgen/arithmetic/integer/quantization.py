"""Which numbers integers stand for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from modelgen.arithmetic.integer.requantization import HIGHEST, LOWEST
from modelgen.arithmetic.integer.rounding import nearest_away


def fp32_text(value: float | np.float32) -> str:
    """Return the C++ literal of a number, rounded to FP32."""
    return f"{float(np.float32(value)).hex()}F"


class Division(Enum):
    """How FP32 numbers are divided by a scale and rounded to integers."""

    TIES_AWAY = "ties-away"
    """Divided; ties away from zero: LiteRT."""
    TIES_EVEN = "ties-even"
    """Divided; ties to even: ONNX."""
    RECIPROCAL = "reciprocal"
    """Multiplied by the reciprocal of the scale; ties to even: PyTorch."""

    def integers(self, values: np.ndarray, scale: float) -> np.ndarray:
        """Return the nearest integers as floating-point numbers.

        Args:
            values: FP32.
            scale: a positive number.
        """
        if self is Division.TIES_AWAY:
            return nearest_away(values / np.float32(scale))
        if self is Division.TIES_EVEN:
            return np.rint(values / np.float32(scale))
        return np.rint(values * np.float32(1.0 / scale))


OWN = Division.RECIPROCAL
"""Of networks that are quantized here: the fastest on the CPU."""


@dataclass(frozen=True)
class Quantization:
    """Integers q stand for scale (q - zero_point)."""

    scale: float
    """An FP32 number, except in PyTorch, which rounds it wherever it is used."""
    zero_point: int

    @property
    def single(self) -> np.float32:
        """The scale in FP32."""
        return np.float32(self.scale)

    def texts(self) -> tuple[str, str]:
        """Return the C++ literals of scale and zero point."""
        return fp32_text(self.scale), str(self.zero_point)

    def nearest(self, value: float) -> int:
        """Return the integer nearest to a number, as LiteRT finds it in FP32, without limits."""
        return self.zero_point + int(nearest_away(np.asarray(value, np.float32) / self.single))

    def quantize(self, values: np.ndarray, division: Division = Division.TIES_AWAY) -> np.ndarray:
        """Return the nearest integers, INT8; NaN becomes the lowest.

        Args:
            values: FP32.
            division: how they are divided by the scale.
        """
        with np.errstate(all="ignore"):
            scaled = division.integers(np.asarray(values, np.float32), self.scale)
            wide = scaled.astype(np.float64) + self.zero_point
        return np.nan_to_num(wide, nan=LOWEST).clip(LOWEST, HIGHEST).astype(np.int8)

    def dequantize(self, values: np.ndarray) -> np.ndarray:
        """Return the numbers, FP32.

        Args:
            values: INT8.
        """
        exact = np.float64(self.single) * (values.astype(np.float64) - self.zero_point)
        return exact.astype(np.float32)
