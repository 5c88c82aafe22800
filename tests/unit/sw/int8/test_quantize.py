"""From FP32 to 8-bit integers on the CPU, and back."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.arithmetic.integer.quantization import Division, Quantization
from modelgen.operators.integer.dequantize import Dequantize
from modelgen.operators.integer.quantize import Quantize
from tests.support.kernel_host import check_kernels

SCALES = 0.25, float(np.float32(0.0371)), float(np.float32(3e-39)), float(np.float32(1e20))


def numbers(scale: float) -> np.ndarray:
    """Return numbers near all ties, of all sizes, infinities and NaN."""
    ties = np.arange(-300, 300, dtype=np.float32) * np.float32(0.5) * np.float32(scale)
    with np.errstate(all="ignore"):
        near = [np.nextafter(ties, np.float32(end)) for end in (-np.inf, np.inf)]
        large = np.float32([0.0, -0.0, 1e30, -1e30, np.inf, -np.inf, np.nan, 1e-45])
    return np.concatenate([ties, *near, large])


def test_numbers_become_the_bits_of_the_reference() -> None:
    check_kernels([(Quantize(Quantization(scale, -20)), [numbers(scale)]) for scale in SCALES])


@pytest.mark.parametrize("division", Division)
def test_every_division(division: Division) -> None:
    check_kernels(
        [(Quantize(Quantization(scale, -20), division), [numbers(scale)]) for scale in SCALES]
    )


def test_integers_become_the_bits_of_the_reference() -> None:
    every = np.arange(-128, 128).astype(np.int8)
    check_kernels([(Dequantize(Quantization(scale, 17)), [every]) for scale in SCALES])
