"""The exponential function in FP32: the same operations as the device code, in the same order.

x = k ln(2) + r with an integer k and |r| <= ln(2) / 2; a polynomial of r is multiplied by 2^k.
"""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.fp32 import Values
from modelgen.arithmetic.single import constants, fma, horner, larger, smaller, with_limits

LOWEST = np.float32(-88.0)
"""The least argument of `power` and `expm1`, whose results are 0 and -1 there."""
HIGHEST = np.float32(87.0)
"""The largest argument of `power`."""
LOG2_E, MINUS_LN_2 = constants("0x1.715476p+0", "-0x1.62e430p-1")
_POWER = constants(
    "0x1.106252p-7", "0x1.572a64p-5", "0x1.5557b0p-3", "0x1.fffdfcp-2", "0x1p+0", "0x1p+0"
)
"""Coefficients of exp(r), highest power first; relative error 1.05e-7."""
_EXPM1 = constants("0x1.1138d2p-7", "0x1.570524p-5", "0x1.555632p-3", "0x1.fffe70p-2", "0x1p+0")
"""Coefficients of (exp(r) - 1) / r, highest power first; relative error 4.5e-7."""
_ROUND_TO_INTEGER = np.float32(1.5 * 2**23)
"""Adding this leaves the nearest integer in the low bits of the mantissa."""
_BIAS = np.float32(127)
"""Of exponents in FP32."""
_ZERO = np.float32(0.0)


def power(arguments: np.ndarray, integers: Values = _ZERO) -> np.ndarray:
    """Return exp(x) / 2^n of FP32 values; relative error 4.3e-7, or 0 below 2^-126.

    Args:
        arguments: x, where x - n ln(2) is in LOWEST .. HIGHEST.
        integers: n.
    """
    rest, scale = _reduced(arguments, _BIAS, integers)
    return horner(_POWER, rest) * scale


def expm1(arguments: np.ndarray) -> np.ndarray:
    """Return exp() - 1 of FP32 values in LOWEST .. 0, with a relative error of 7e-7."""
    rest, scale = _reduced(arguments, _BIAS)
    return fma(horner(_EXPM1, rest) * rest, scale, scale - np.float32(1.0))


def exp(values: np.ndarray) -> np.ndarray:
    """Return exp() of any FP32 values: 0 below -86.99, infinity from 88.723 on."""
    values = np.asarray(values, np.float32)
    with np.errstate(all="ignore"):
        # Half of it, which is finite even if 2^k is not.
        argument = smaller(larger(values, np.float32(-87.5)), np.float32(89.0))
        rest, scale = _reduced(argument, _BIAS - np.float32(1.0))
        half = horner(_POWER, rest) * scale
        return with_limits(values, half + half, 0.0, np.inf)


def integer_of(arguments: np.ndarray) -> np.ndarray:
    """Return k of FP32 values below 2^21 in size."""
    rounder = _ROUND_TO_INTEGER + _BIAS
    return fma(arguments, LOG2_E, rounder) - rounder


def rest_of(arguments: np.ndarray) -> np.ndarray:
    """Return r of FP32 values below 2^21 in size."""
    return fma(integer_of(arguments), MINUS_LN_2, arguments)


def _reduced(
    arguments: np.ndarray, bias: np.float32, integers: Values = _ZERO
) -> tuple[np.ndarray, np.ndarray]:
    """Return r, and the number whose exponent field is k - n + bias: 2^(k - n) for one of 127."""
    rounder = (_ROUND_TO_INTEGER + bias) - integers
    shifted = fma(arguments, LOG2_E, rounder)
    rest = fma(shifted - rounder, MINUS_LN_2, arguments)
    return rest, (shifted.view(np.uint32) << np.uint32(23)).view(np.float32)
