"""Compares an operator's four views of itself with one computed in double precision."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch

from modelgen.operators import Operator
from modelgen.operators.base import Arrays, Cut

Reference = Callable[..., torch.Tensor]
"""Gives the output in FP64, of inputs as the operator has them: channels last."""
TIGHT = 1e-3
"""The bound on the difference may be this part of the largest output: more would hide errors."""


ROUNDING = 1e-12
"""Of differences in double precision."""


def random_values(*shape: int, seed: int = 0) -> np.ndarray:
    """Return FP32 values with mean 0 and deviation 1."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def quantized(*shape: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Return INT8 weights of a shape, output channels first, with a scale and bias for each."""
    random = np.random.default_rng(seed)
    channels, words = shape[0], int(np.prod(shape[1:]))
    return {
        "weight": random.integers(-127, 128, shape).astype(np.int8),
        "scale": (random.uniform(0.5, 1.5, channels) / 127 / words**0.5).astype(np.float32),
        "bias": random.standard_normal(channels).astype(np.float32),
    }


def dequantized(constants: Arrays) -> tuple[torch.Tensor, torch.Tensor]:
    """Return weights times scale, and the bias, in FP64."""
    weight, scale, bias = (torch.from_numpy(constants[r]).double() for r in constants)
    return weight * scale.reshape(-1, *[1] * (weight.dim() - 1)), bias


def check_operator(
    operator: Operator,
    inputs: Sequence[np.ndarray],
    reference: Reference,
    constants: Arrays | None = None,
    *,
    array_size: int = 8,
) -> None:
    """Assert that shape, FP32, exact and bounded results agree with those of a reference.

    Args:
        operator: to be checked.
        inputs: FP32.
        reference: what it should compute.
        constants: of the operator, by their roles.
        array_size: S, the products of a slice.
    """
    constants = constants or {}
    wanted = _run(reference, inputs)
    assert operator.infer_shape([value.shape for value in inputs], constants) == wanted.shape
    _check_float(operator, inputs, constants, wanted)
    no_error = [(value.astype(np.float64), np.zeros(value.shape)) for value in inputs]
    value, bound = (
        part.reshape(wanted.shape) for part in operator.error_bound(no_error, constants)
    )
    np.testing.assert_allclose(value, wanted, rtol=1e-9, atol=1e-12)
    assert bound.max() <= TIGHT * np.abs(wanted).max()
    exact = operator.evaluate_exact(inputs, constants, Cut(array_size)).reshape(wanted.shape)
    assert exact.dtype == np.float32
    assert (np.abs(exact - wanted) <= bound).all()
    _check_spread(operator, inputs, constants, reference)


def _run(reference: Reference, inputs: Sequence[np.ndarray]) -> np.ndarray:
    return reference(*(torch.from_numpy(value).double() for value in inputs)).numpy()


def _check_float(
    operator: Operator, inputs: Sequence[np.ndarray], constants: Arrays, wanted: np.ndarray
) -> None:
    tensors: Mapping[str, torch.Tensor] = {
        role: torch.from_numpy(value) for role, value in constants.items()
    }
    got = operator.evaluate_float([torch.from_numpy(value) for value in inputs], tensors)
    assert got.dtype == torch.float32
    largest = np.abs(wanted).max()
    np.testing.assert_allclose(got.numpy().reshape(wanted.shape), wanted, atol=1e-5 * largest)


def _check_spread(
    operator: Operator, inputs: Sequence[np.ndarray], constants: Arrays, reference: Reference
) -> None:
    """Inputs that differ by what they may give outputs that differ by no more than the bound."""
    random = np.random.default_rng(9)
    wide = [value.astype(np.float64) for value in inputs]
    errors = [1e-3 * random.uniform(0.5, 1.0, value.shape) for value in wide]
    value, bound = operator.error_bound(list(zip(wide, errors, strict=True)), constants)
    moved = [
        value + error * random.choice([-1.0, 1.0], error.shape)
        for value, error in zip(wide, errors, strict=True)
    ]
    differences = _run(reference, moved).reshape(value.shape) - value
    assert (np.abs(differences) <= bound + ROUNDING).all()


def channels_first(maps: torch.Tensor) -> torch.Tensor:
    """Return maps as PyTorch has them."""
    return maps.permute(0, 3, 1, 2)


def channels_last(maps: torch.Tensor) -> torch.Tensor:
    """Return PyTorch's maps as the compiler has them."""
    return maps.permute(0, 2, 3, 1)
