"""Values of a random module's weights and inputs.

Weights are integer multiples, up to 127, of a power of two, and each output channel has one whose
multiple is 127. INT8 with a scale per channel therefore represents them exactly, and the device
computes the same as the module, except for the order and the rounding of sums. Weights that the
compiler takes apart or rearranges have one size each, so that this is true of any part of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from modelgen.verify.random_modules.description import LARGEST_ID, RandomModule
from modelgen.verify.random_modules.source import arguments_of

if TYPE_CHECKING:
    import torch

_LARGEST = 127
VALUES = ("plain", "sized", "odd", "huge", "tiny", "zero")


def fill(model: torch.nn.Module, seed: int, style: str = "plain") -> None:
    """Draw all parameters and statistics of a module.

    Args:
        model: modified in place.
        seed: determines everything, together with the names of the tensors.
        style: "plain", or "odd": including all-zero, tiny and huge channels, and statistics that
            no training produces.
    """
    import torch

    whole = _streamed(model)
    with torch.no_grad():
        for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
            random = np.random.default_rng([seed, *name.encode()])
            drawn = _draw(name, tuple(tensor.shape), random, name in whole, style == "odd")
            if drawn is not None:
                tensor.copy_(torch.from_numpy(np.asarray(drawn, np.float32)))


def _streamed(model: torch.nn.Module) -> set[str]:
    """Return the names of the weights that the engine streams as they are."""
    from torch import nn

    own = {name for name, _ in model.named_parameters(recurse=False) if name.endswith("_weight")}
    return own | {
        f"{path}.weight"
        for path, layer in model.named_modules()
        if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Linear)
    }


def _draw(
    name: str, shape: tuple[int, ...], random: np.random.Generator, whole: bool, odd: bool
) -> np.ndarray | None:
    if name.endswith("num_batches_tracked"):
        return None
    if name.endswith("running_mean"):
        return random.normal(0.0, 10.0 if odd else 0.3, shape)
    if name.endswith("running_var"):
        return 10.0 ** random.uniform(-6, 4, shape) if odd else random.uniform(0.5, 1.5, shape)
    if "bias" in name.rpartition(".")[2]:
        return random.normal(0.0, 0.3, shape) * (random.random() < 0.8)
    if len(shape) > 1:
        return _on_grid(shape, random, odd) if whole else _of_one_size(shape, random)
    factors = random.uniform(0.5, 1.5, shape)
    # A negative factor reverses the order of values, which affects a pooling.
    return factors * random.choice((-1.0, 0.0, 1.0, 1e-3), shape) if odd else factors


def _on_grid(shape: tuple[int, ...], random: np.random.Generator, odd: bool) -> np.ndarray:
    """Return weights that INT8 represents exactly."""
    words = int(np.prod(shape[1:]))
    steps = random.integers(-_LARGEST, _LARGEST + 1, (shape[0], words))
    if random.random() < 0.2:
        steps *= random.random(steps.shape) < 0.2
    steps[np.arange(shape[0]), random.integers(0, words, shape[0])] = random.choice(
        (-_LARGEST, _LARGEST), shape[0]
    )
    exponent = np.round(np.log2((3 / words) ** 0.5 / _LARGEST)) + random.integers(-1, 2, shape[0])
    if odd:
        exponent += random.choice((0, 0, 0, -30, 12), shape[0])
        steps[random.random(shape[0]) < 0.2] = 0
    return (steps * 2.0 ** exponent[:, None]).reshape(shape)


def _of_one_size(shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    """Return weights of which INT8 represents any selection exactly."""
    words = int(np.prod(shape[1:]))
    return random.choice((-1.0, 0.0, 1.0), shape) * 2.0 ** np.round(np.log2((1 / words) ** 0.5))


def draw_inputs(module: RandomModule, inferences: int) -> tuple[np.ndarray, ...]:
    """Return seeded inputs for a module.

    Args:
        module: its `values` are the style of the numbers: "sized" scales all of an input by one
            power of ten; "odd" has zeros, negative zeros, subnormals and values of many magnitudes;
            "huge" and "tiny" are near the limits of FP32.
        inferences: each takes a batch of samples.

    Returns:
        For each argument of forward(), shape (inferences * batch, features...), in its type.
    """
    arrays = []
    for index, argument in enumerate(arguments_of(module)):
        batch, *features = argument.shape
        random = np.random.default_rng([module.seed, 1, index])
        shape = (inferences * batch, *features)
        drawn = _DRAWN[argument.type](random, shape, module.values)
        arrays.append(np.asarray(drawn, argument.type))
    return tuple(arrays)


def _numbers(random: np.random.Generator, shape: tuple[int, ...], style: str) -> np.ndarray:
    values = random.standard_normal(shape)
    if style == "sized":
        values *= 10.0 ** random.uniform(-3, 3)
    if style == "huge":
        values *= 2.0**80
    if style == "tiny":
        values *= 2.0**-120
    if style == "zero":
        values *= random.choice((0.0, -0.0), shape)
    if style == "odd":
        special = random.choice((0.0, -0.0, 1e-40, -1e-45, 1e-20, 1e10, -1e10, 1.0), shape)
        values = np.where(random.random(shape) < 0.4, special, values)
    return values


def _ids(random: np.random.Generator, shape: tuple[int, ...], style: str) -> np.ndarray:
    return random.integers(0, LARGEST_ID + 1, shape)


def _flags(random: np.random.Generator, shape: tuple[int, ...], style: str) -> np.ndarray:
    return random.random(shape) < 0.5


_DRAWN = {"float32": _numbers, "int64": _ids, "bool": _flags}
"""Type of an argument -> the function that draws its values."""
