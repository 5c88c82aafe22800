"""Random weights and normalization statistics, with which activations keep a sane scale.

Weights are integer multiples, up to 127, of a scale for each output channel, and each channel has
one whose multiple is 127. INT8 represents them exactly, so that quantization loses nothing and the
device's outputs can be compared with the module's own.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm as BatchNorm
from torch.nn.modules.conv import _ConvTransposeNd as ConvTranspose

LARGEST = 127
_BITS = 8
"""Significant bits of a scale: its products with up to 127 are exact in FP32."""
_GAIN = 2.0
"""Variance of a convolution's results relative to its inputs', half of which ReLU takes away."""
_LINEAR_GAIN = 0.5
"""The same of a linear layer: a softmax behind it is not to have one class alone."""


def fill(model: nn.Module, seed: int, shape: tuple[int, ...]) -> None:
    """Draw all parameters of a module, and set statistics near those of its activations.

    Args:
        model: modified in place, left in evaluation mode.
        seed: determines everything, together with the names of the tensors.
        shape: of the inputs whose activations are measured.
    """
    with torch.no_grad():
        for name, owner in model.named_modules():
            for own, parameter in owner.named_parameters(recurse=False):
                random = np.random.default_rng([seed, *f"{name}.{own}".encode()])
                drawn = _draw(own, owner, tuple(parameter.shape), random)
                parameter.copy_(torch.from_numpy(drawn.astype(np.float32)))
        _set_statistics(model, draw_inputs(shape, seed), seed)


def draw_inputs(shape: tuple[int, ...], seed: int) -> torch.Tensor:
    """Return normally distributed values around a mean that differs from input to input."""
    random = np.random.default_rng([seed, len(shape)])
    means = random.standard_normal((shape[0], *[1] * (len(shape) - 1)))
    return torch.from_numpy((random.standard_normal(shape) + means).astype(np.float32))


def _draw(
    name: str, owner: nn.Module, shape: tuple[int, ...], random: np.random.Generator
) -> np.ndarray:
    if "bias" in name:
        return random.normal(0.0, 0.1, shape)
    if "weight" not in name:
        return random.normal(0.0, 0.3, shape)
    if len(shape) == 1:
        return random.uniform(0.5, 1.5, shape)
    if isinstance(owner, ConvTranspose):
        return _transposed(shape, owner.groups, random)
    words = int(np.prod(shape[1:]))
    if isinstance(owner, nn.RNNBase):
        # Both matrices of a layer have the same scale: their products are added.
        words = owner.input_size + owner.hidden_size
    gain = _LINEAR_GAIN if isinstance(owner, nn.Linear) else _GAIN
    return _on_grid(shape, words, gain, random)


def _on_grid(
    shape: tuple[int, ...], words: int, gain: float, random: np.random.Generator
) -> np.ndarray:
    """Return weights of (outputs, ...) whose sums of `words` products have the variance `gain`."""
    rows, columns = shape[0], int(np.prod(shape[1:]))
    steps = random.integers(-LARGEST, LARGEST + 1, (rows, columns))
    steps[np.arange(rows), random.integers(0, columns, rows)] = LARGEST
    return (steps * _scale(words, gain)).reshape(shape)


def _transposed(shape: tuple[int, ...], groups: int, random: np.random.Generator) -> np.ndarray:
    """Return weights of (inputs, outputs / groups, rows, columns) on the grid.

    Each tap of the kernel has a largest weight of its own: a pixel sees only some of the taps.
    """
    inputs, *rest = shape
    words = inputs // groups
    steps = random.integers(-LARGEST, LARGEST + 1, (groups, words, int(np.prod(rest))))
    for group in steps:
        group[random.integers(0, words, group.shape[1]), np.arange(group.shape[1])] = LARGEST
    return steps.reshape(shape) * _scale(words, _GAIN)


def _scale(words: int, gain: float) -> float:
    """Return the size of a step, a number of few bits."""
    fraction, exponent = np.frexp((3 * gain / words) ** 0.5 / LARGEST)
    return float(np.ldexp(np.round(fraction * 2**_BITS), exponent - _BITS))


def _set_statistics(model: nn.Module, inputs: torch.Tensor, seed: int) -> None:
    """Set the statistics of batch-norms to those of what they get, times random factors.

    One after another in the order of execution: what a norm gets depends on those before it.
    """
    hooks = [
        norm.register_forward_pre_hook(partial(_set_norm, name=name, seed=seed))
        for name, norm in model.named_modules()
        if isinstance(norm, BatchNorm)
    ]
    model.eval()(inputs)
    for hook in hooks:
        hook.remove()


def _set_norm(norm: BatchNorm, inputs: tuple[torch.Tensor], name: str, seed: int) -> None:
    """Move the mean by a fraction of the deviation, and multiply the variance."""
    random = np.random.default_rng([seed, *name.encode()])
    values = inputs[0].transpose(0, 1).flatten(1).numpy().astype(np.float64)
    deviation = values.std(axis=1)
    mean = values.mean(axis=1) + random.normal(0.0, 0.2, len(values)) * deviation
    variance = deviation**2 * random.uniform(0.5, 1.5, len(values))
    norm.running_mean.copy_(torch.from_numpy(mean))
    norm.running_var.copy_(torch.from_numpy(variance))
