"""Gates of recurrent layers: what the operators of LSTM and GRU share.

The bounds are those of products and sums of values whose errors are known.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelgen.operators.base import Arrays, Bounded, Cut
from modelgen.operators.bounds import RELATIVE
from modelgen.operators.elementwise import Elementwise

BLOCK = 64
"""Values of a gate that the kernels compute together."""
SIGMOID, TANH = Elementwise("sigmoid"), Elementwise("tanh")


def split(values: np.ndarray, count: int) -> list[np.ndarray]:
    """Return the gates, which follow each other along the last dimension."""
    return np.split(values, count, axis=-1)


def parts(bounded: Bounded, count: int) -> list[Bounded]:
    """Return the gates with their errors."""
    values, errors = (split(part, count) for part in bounded)
    return list(zip(values, errors, strict=True))


def function(operator: Elementwise, bounded: Bounded) -> Bounded:
    """Return a function of a value with an error."""
    return operator.error_bound([bounded], {})


def exact(operator: Elementwise, values: np.ndarray) -> np.ndarray:
    """Return a function of FP32 values, bit for bit."""
    inputs: Sequence[np.ndarray] = [np.ascontiguousarray(values)]
    constants: Arrays = {}
    return operator.evaluate_exact(inputs, constants, Cut(1))


def product(left: Bounded, right: Bounded) -> Bounded:
    """Return a product of values with errors."""
    (x, x_error), (y, y_error) = left, right
    spread = np.abs(x) * y_error + np.abs(y) * x_error + x_error * y_error
    return x * y, spread + RELATIVE * np.abs(x * y)


def total(left: Bounded, right: Bounded) -> Bounded:
    """Return a sum of values with errors."""
    (x, x_error), (y, y_error) = left, right
    return x + y, x_error + y_error + RELATIVE * (np.abs(x) + np.abs(y))


def negative(bounded: Bounded) -> Bounded:
    """Return a value with the other sign."""
    return -bounded[0], bounded[1]
