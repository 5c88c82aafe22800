"""Sums of products with weights: what convolutions and linear layers share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from modelgen.arithmetic.fp32 import matmul
from modelgen.operators.base import Arrays, Bounded, Cut
from modelgen.operators.bounds import ALIGNMENT, LARGEST, RELATIVE, ROUNDING

if TYPE_CHECKING:
    import torch

LinearPart = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Returns the sums of products of FP64 values with weights."""


def sliced(rows: np.ndarray, weight: np.ndarray, cut: Cut) -> np.ndarray:
    """Return rows @ weight.T, bit for bit, slice by slice.

    Args:
        rows: FP32, shape (rows, K).
        weight: INT8, shape (N, K).
        cut: how the products are cut into slices.
    """
    if weight.shape[1] == 0:
        raise ValueError("a matrix product needs K > 0")
    return matmul(rows, weight.T, cut.of(weight.shape[1]))


def scaled(
    constants: Mapping[str, torch.Tensor],
    product: Callable[[torch.Tensor, torch.Tensor | None], torch.Tensor],
) -> torch.Tensor:
    """Return products with bias, and with scale if the weights are quantized, computed by PyTorch.

    Args:
        constants: "weight"; "bias" if there is one; "scale" if the weights are INT8.
        product: returns the sums for a weight and a bias.
    """
    import torch

    if "scale" not in constants:
        return product(constants["weight"], constants.get("bias"))
    totals = product(constants["weight"].to(torch.float32), None)
    return totals * constants["scale"] + constants["bias"]


def bounded_products(constants: Arrays, bounded: Bounded, part: LinearPart) -> Bounded:
    """Return sums with scale and bias in FP64, and a bound on their error.

    Args:
        constants: "weight"; "scale" if it is INT8; "bias" if there is one.
        bounded: the input.
        part: computes the sums.
    """
    weight = constants["weight"].astype(np.float64)
    scale = constants["scale"].astype(np.float64) if "scale" in constants else 1.0
    bias = constants["bias"].astype(np.float64) if "bias" in constants else 0.0
    value, error = bounded
    absolute = np.abs(weight)
    total, magnitude = part(value, weight), part(np.abs(value), absolute)
    spread = part(error, absolute) if error.any() else 0.0
    # The largest value times the sum of all absolute weights, as if a group had one channel.
    groups = value.shape[-1] // weight.shape[-1]
    everywhere = np.full((*value.shape[:-1], groups), np.abs(value).max(initial=0.0))
    largest = part(everywhere, absolute.sum(axis=-1, keepdims=True))
    relative = _relative(constants)
    allowed = spread + relative * magnitude + ALIGNMENT * largest
    if not (np.abs(value) + error <= LARGEST).all():
        # An infinity or NaN in a slice makes all of its products NaN, even those with other
        # channels' values.
        allowed = np.full_like(total, np.inf)
    # Sums that overflow in some order are infinite, or not, in another.
    allowed = np.where(magnitude + spread > LARGEST, np.inf, allowed)
    return total * scale + bias, allowed * np.abs(scale) + relative * np.abs(bias)


def _relative(constants: Arrays) -> float:
    """Return the allowed error of a sum, relative to its absolute products and its bias."""
    if "scale" in constants:
        return RELATIVE
    # FP32 throughout: each addition rounds, in a direction that is independent of the last.
    # PyTorch may begin with the bias, so that additions of small products round as much as it does.
    return RELATIVE + ROUNDING * float(constants["weight"][0].size) ** 0.5
