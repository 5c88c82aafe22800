"""The natural logarithm in FP32: the device's operations in NumPy, in the same order."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.single import constants, fma, horner, with_limits

_TWO_THIRDS_BITS = np.uint32(0x3F2AAAAB)
_LN_2 = np.float32(float.fromhex("0x1.62e430p-1"))
_SUBNORMAL_BITS = 23
"""Subnormal numbers are multiplied by two to this power, which makes them normal."""
_POLYNOMIAL = constants(
    "-0x1.36d452p-3",
    "0x1.5b70eap-3",
    "-0x1.5126aep-3",
    "0x1.95f6fep-3",
    "-0x1.000c3ap-2",
    "0x1.555dcep-2",
    "-0x1p-1",
    "0x1p+0",
)
"""Coefficients of ln(1 + f) / f for f in -1/3 .. 1/3, highest power first; relative error 2e-7."""


def log(values: np.ndarray) -> np.ndarray:
    """Return ln(x): -infinity at 0, NaN below."""
    values = np.asarray(values, np.float32)
    with np.errstate(all="ignore"):
        normal = values >= np.float32(2.0**-126)
        scaled = values * np.float32(2.0**_SUBNORMAL_BITS)
        result = np.where(normal, _of_normal(values, 0), _of_normal(scaled, _SUBNORMAL_BITS))
        result = np.where(values == 0, np.float32(-np.inf), result)
        result = np.where(values < 0, np.float32(np.nan), result)
        return with_limits(values, result, np.nan, np.inf)


def _of_normal(values: np.ndarray, scaling: int) -> np.ndarray:
    """Return the logarithm of normal numbers over 2^`scaling`."""
    bits = values.view(np.uint32)
    exponent = (bits - _TWO_THIRDS_BITS).view(np.int32) >> 23
    mantissa = (bits - (exponent << 23).view(np.uint32)).view(np.float32)
    rest = mantissa - np.float32(1.0)
    power = (exponent - scaling).astype(np.float32)
    return fma(power, _LN_2, horner(_POLYNOMIAL, rest) * rest)
