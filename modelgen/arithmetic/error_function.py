"""The error function and GELU in FP32: the device's operations in NumPy, in the same order."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.single import constants, fma, horner, larger, smaller, with_limits

_ERF_RANGE = np.float32(3.75)
_ERF = constants(
    "-0x1.0b6e96p-9",
    "0x1.40e9a8p-8",
    "-0x1.d5300ap-9",
    "0x1.4dbc7cp-8",
    "-0x1.06b7a2p-6",
    "0x1.c45c8ep-6",
    "-0x1.34fe2ap-5",
    "0x1.afe702p-5",
    "-0x1.24dd1ap-4",
    "0x1.7442c6p-4",
    "-0x1.ca8f0ap-4",
    "0x1.1d346ep-3",
    "-0x1.8115acp-3",
    "0x1.821b3cp-2",
)
"""Coefficients of erf(x) / x as a polynomial of 2 (x / 3.75)^2 - 1, highest power first; relative
error 2.4e-7."""
_GELU_RANGE = np.float32(5.375)
_GELU = constants(
    "-0x1.46745ap-11",
    "0x1.ec6f06p-10",
    "-0x1.13ae8ep-9",
    "0x1.37f38cp-9",
    "-0x1.67f0e2p-8",
    "0x1.493c62p-7",
    "-0x1.d3dbc0p-7",
    "0x1.3c7fcep-6",
    "-0x1.a22538p-6",
    "0x1.07393ap-5",
    "-0x1.421846p-5",
    "0x1.8ede9ap-5",
    "-0x1.0cc9bap-4",
    "0x1.0d62a0p-3",
)
"""Coefficients of (Phi(x) - 1/2) / x, with the normal distribution Phi, as a polynomial of
2 (x / 5.375)^2 - 1, highest power first; error 3e-7 / x."""


def erf(values: np.ndarray) -> np.ndarray:
    """Return erf(x)."""
    values = np.asarray(values, np.float32)
    with np.errstate(all="ignore"):
        bounded = smaller(larger(values, -_ERF_RANGE), _ERF_RANGE)
        return with_limits(values, _even(_ERF, _ERF_RANGE, bounded) * bounded, -1.0, 1.0)


def gelu(values: np.ndarray) -> np.ndarray:
    """Return x Phi(x): -1e-8 from -5.375 down, exactly x from 5.375 up."""
    values = np.asarray(values, np.float32)
    with np.errstate(all="ignore"):
        factor = larger(values, -_GELU_RANGE)
        bounded = smaller(factor, _GELU_RANGE)
        share = fma(_even(_GELU, _GELU_RANGE, bounded), bounded, np.float32(0.5))
        return with_limits(values, share * factor, np.nan, np.inf)


def _even(
    coefficients: tuple[np.float32, ...], limit: np.float32, bounded: np.ndarray
) -> np.ndarray:
    """Return the polynomial of 2 (x / limit)^2 - 1."""
    scale = np.float32(2.0) / (limit * limit)
    return horner(coefficients, fma(bounded * bounded, scale, np.float32(-1.0)))
