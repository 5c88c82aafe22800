"""Sine and cosine in FP32: the device's operations in NumPy, in the same order.

x = h pi + r with |r| <= pi / 2, where h is an integer for the sine, and half of an odd number for
the cosine; the result is sin(r), with a sign that follows from h.
"""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.fp32 import canonicalize
from modelgen.arithmetic.single import constants, fma, horner

_LARGEST = np.float32(2.0**17)
"""The largest argument that is reduced in FP32."""
_ROUND_TO_INTEGER = np.float32(1.5 * 2**23)
(_INVERSE_PI,) = constants("0x1.45f306p-2")
_MINUS_PI = constants("-0x1.921fb6p+1", "0x1.777a5cp-24")
"""The sum is -pi."""
_SINE = constants("0x1.5cf930p-19", "-0x1.9f5ff4p-13", "0x1.110e6ap-7", "-0x1.555548p-3", "0x1p+0")
"""Coefficients of sin(r) / r as a polynomial of r^2, highest power first; error 5e-9."""
_INVERSE_PI_BITS = np.array(
    [
        *(0x00000000, 0x517CC1B7, 0x27220A94, 0xFE13ABE8),
        *(0xFA9A6EE0, 0x6DB14ACC, 0x9E21C820, 0xFF28B1D5),
    ],
    np.uint64,
)
"""1 / pi in words of 32 bits, after 32 bits before the binary point."""
(_FIXED_POINT_PI,) = constants("0x1.921fb6p-30")
"""pi 2^-31."""
_HALF = np.uint64(1 << 62)


def sin(values: np.ndarray) -> np.ndarray:
    """Return sin(x)."""
    values = np.asarray(values, np.float32)
    with np.errstate(all="ignore"):
        near = _near(values, np.float32(0.0), _ROUND_TO_INTEGER)
        far = np.copysign(np.float32(1.0), values) * _far(values, np.uint64(0))
        return canonicalize(np.where(np.abs(values) > _LARGEST, far, near))


def cos(values: np.ndarray) -> np.ndarray:
    """Return cos(x)."""
    values = np.asarray(values, np.float32)
    with np.errstate(all="ignore"):
        near = _near(values, np.float32(0.5), _ROUND_TO_INTEGER + np.float32(1.0))
        return canonicalize(np.where(np.abs(values) > _LARGEST, _far(values, _HALF), near))


def _near(values: np.ndarray, offset: np.float32, rounder: np.float32) -> np.ndarray:
    """Return the result of numbers up to _LARGEST, whose h is an integer plus `offset`."""
    shifted = fma(values, _INVERSE_PI, -offset) + rounder
    multiple = (shifted - rounder) + offset
    rest = fma(multiple, _MINUS_PI[1], fma(multiple, _MINUS_PI[0], values))
    return _sine(rest, shifted.view(np.uint32) << np.uint32(31))


def _far(values: np.ndarray, offset: np.uint64) -> np.ndarray:
    """Return the result of larger numbers in size, with h exact; NaN for infinity and NaN.

    Numbers modulo 2 are in fixed point, with 63 bits after the binary point, as is `offset`.
    """
    bits = values.view(np.uint32)
    mantissa = ((bits & np.uint32(0x7FFFFF)) | np.uint32(0x800000)).astype(np.uint64)
    exponent = (bits >> np.uint32(23)).astype(np.int64) & 0xFF
    high, middle, low = _window(np.clip(exponent - 119, 0, 135))
    product = (mantissa * high << np.uint64(32)) + mantissa * middle
    turned = product + (mantissa * low >> np.uint64(32)) + offset
    sign = (turned + _HALF) >> np.uint64(63)
    fraction = (turned - (sign << np.uint64(63))).view(np.int64) >> 32
    rest = fraction.astype(np.int32).astype(np.float32) * _FIXED_POINT_PI
    result = _sine(rest, sign.astype(np.uint32) << np.uint32(31))
    return np.where(np.isfinite(values), result, np.float32(np.nan))


def _window(first: np.ndarray) -> list[np.ndarray]:
    """Return 96 bits of 1 / pi from some bit on, as three words."""
    word, shift = first >> 5, (first & 31).astype(np.uint64)
    mask = np.uint64(0xFFFFFFFF)
    pairs = [
        _INVERSE_PI_BITS[word + i] << np.uint64(32) | _INVERSE_PI_BITS[word + i + 1]
        for i in range(3)
    ]
    return [(pair >> (np.uint64(32) - shift)) & mask for pair in pairs]


def _sine(rest: np.ndarray, sign: np.ndarray) -> np.ndarray:
    """Return sin(rest), with another sign if the highest bit of `sign` is set."""
    signed = (rest.view(np.uint32) ^ sign).view(np.float32)
    return horner(_SINE, signed * signed) * signed
