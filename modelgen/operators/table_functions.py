"""The functions that the engine's store path computes by a table, and how exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from modelgen.arithmetic.function_table import FunctionTable, Wide


@dataclass(frozen=True)
class TableFunction:
    """How a function of one value, f(x) = g(x) or x g(x), is computed by a table of g."""

    gate: Wide
    """g, in FP64."""
    reach: int
    """Beyond 2^reach in magnitude g is as good as constant."""
    ends: tuple[float, float]
    """These constants, of negative and of positive numbers."""
    error: float
    """Bound on the error of g from the table, rounded to FP32."""
    times_value: bool = True
    """Whether g is multiplied by x."""


def _sigmoid(values: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-values))


def _normal_distribution(values: np.ndarray) -> np.ndarray:
    return 0.5 * np.vectorize(math.erfc)(-values / math.sqrt(2.0))


def _normal_by_tanh(values: np.ndarray) -> np.ndarray:
    return _sigmoid(math.sqrt(8.0 / math.pi) * (values + 0.044715 * values**3))


def _hard_sigmoid(values: np.ndarray) -> np.ndarray:
    return np.clip(values / 6.0 + 0.5, 0.0, 1.0)


def _tanh_of_softplus(values: np.ndarray) -> np.ndarray:
    return np.tanh(np.log1p(np.exp(values)))


_POSITIVE, _ODD = (0.0, 1.0), (-1.0, 1.0)

TABLE_FUNCTIONS = {
    "erf": TableFunction(np.vectorize(math.erf), 2, _ODD, 3.0 * 2.0**-24, times_value=False),
    "gelu": TableFunction(_normal_distribution, 3, _POSITIVE, 3.0 * 2.0**-24),
    "gelu_tanh": TableFunction(_normal_by_tanh, 3, _POSITIVE, 3.0 * 2.0**-24),
    "hardswish": TableFunction(_hard_sigmoid, 2, _POSITIVE, 2.0 * 2.0**-24),
    "mish": TableFunction(_tanh_of_softplus, 4, _POSITIVE, 8.0 * 2.0**-24),
    "sigmoid": TableFunction(_sigmoid, 4, _POSITIVE, 5.0 * 2.0**-24, times_value=False),
    "silu": TableFunction(_sigmoid, 4, _POSITIVE, 5.0 * 2.0**-24),
    "tanh": TableFunction(np.tanh, 3, _ODD, 8.0 * 2.0**-24, times_value=False),
}
"""Name of a function in `modelgen.operators.functions` -> how it is computed by a table."""

_FRACTION = 25
"""Bits of g behind the binary point: g is at most 1 in magnitude."""


@cache
def function_table(name: str) -> FunctionTable:
    """Return the table of a function."""
    record = TABLE_FUNCTIONS[name]
    return FunctionTable.fitted(record.gate, record.reach, _FRACTION, record.ends)
