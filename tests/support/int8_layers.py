"""Random layers of 8-bit integers whose results are spread over all of their range."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.integer.requantization import Clamp, Requantization, Rounding
from modelgen.operators.base import Arrays

CLAMP = Clamp(-110, 125)


def integers(random: np.random.Generator, *shape: int) -> np.ndarray:
    """Return INT8 values, some of them the extremes."""
    drawn = random.integers(-128, 128, shape)
    return np.where(random.random(shape) < 0.1, random.choice([-128, 127], shape), drawn).astype(
        np.int8
    )


def product_constants(random: np.random.Generator, *shape: int, rule: Rounding) -> Arrays:
    """Return weights of a shape whose first dimension is the N outputs, biases and factors."""
    outputs = shape[0]
    weight = random.integers(-127, 128, shape).astype(np.int8)
    bias = random.integers(-2000, 2000, outputs).astype(np.int32)
    size = 0.02 / np.prod(shape[1:]) ** 0.5
    factors = np.float32(size * random.uniform(0.3, 3.0, outputs)).astype(np.float64)
    # Ties are as likely as can be.
    factors[0] = 2.0 ** np.round(np.log2(factors[0]))
    return {"weight": weight, "bias": bias, **rule.constants(factors)}


def requantization(rule: Rounding) -> Requantization:
    """Return a requantization with a zero point and a clamp."""
    return Requantization(rule, -5, CLAMP)
