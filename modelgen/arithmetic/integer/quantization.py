"""Which numbers integers stand for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelgen.arithmetic.integer.requantization import HIGHEST, LOWEST
from modelgen.arithmetic.integer.rounding import nearest_away


@dataclass(frozen=True)
class Quantization:
    """Integers q stand for scale (q - zero_point)."""

    scale: float
    """An FP32 number."""
    zero_point: int

    @property
    def single(self) -> np.float32:
        """The scale in FP32."""
        return np.float32(self.scale)

    def texts(self) -> tuple[str, str]:
        """Return the C++ literals of scale and zero point."""
        return f"{float(self.single).hex()}F", str(self.zero_point)

    def nearest(self, value: float) -> int:
        """Return the integer nearest to a number, as LiteRT finds it in FP32, without limits."""
        return self.zero_point + int(nearest_away(np.asarray(value, np.float32) / self.single))

    def quantize(self, values: np.ndarray) -> np.ndarray:
        """Return the nearest integers, INT8; NaN becomes the lowest.

        Args:
            values: FP32.
        """
        with np.errstate(all="ignore"):
            scaled = nearest_away(np.asarray(values, np.float32) / self.single)
            wide = scaled.astype(np.float64) + self.zero_point
        return np.nan_to_num(wide, nan=LOWEST).clip(LOWEST, HIGHEST).astype(np.int8)

    def dequantize(self, values: np.ndarray) -> np.ndarray:
        """Return the numbers, FP32.

        Args:
            values: INT8.
        """
        exact = float(self.scale) * (values.astype(np.float64) - self.zero_point)
        return exact.astype(np.float32)
