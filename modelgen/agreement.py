"""Whether floating-point numbers agree: the rules for infinities, NaN and tolerances."""

from __future__ import annotations

import numpy as np

RUNTIMES = ("tflite-reference", "onnxruntime")
"""Contracts, as in model.json, under which the runtime of a model's file says what is right."""

_SAME_OPERATORS = 2.0**-16
"""Allowed difference between two runs of the same operators, relative to the largest output:
PyTorch may choose different kernels depending on the addresses of the values."""


def differences(got: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the absolute differences in FP64.

    Infinities of the same sign are equal, and so are NaNs; both are infinitely far from anything
    else.
    """
    same = (got == wanted) | (np.isnan(got) & np.isnan(wanted))
    with np.errstate(invalid="ignore", over="ignore"):
        distance = np.abs(got.astype(np.float64) - wanted.astype(np.float64))
    return np.where(same, 0.0, np.nan_to_num(distance, nan=np.inf, posinf=np.inf))


def agrees(got: np.ndarray, wanted: np.ndarray, allowed: np.ndarray | float) -> np.ndarray:
    """Return, for each number, whether it differs by at most `allowed`.

    An infinity or NaN agrees only with its own kind. If `allowed` is infinite, nothing is known of
    the number, and anything agrees: the comparison proves nothing.
    """
    distance = differences(got, wanted)
    return (distance == 0.0) | (distance <= allowed)


def agrees_with_rerun(got: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return, for each output, whether a rerun of the same operators explains its difference."""
    size = np.abs(wanted[np.isfinite(wanted)]).max(initial=0.0)
    return agrees(got, wanted, _SAME_OPERATORS * size)
