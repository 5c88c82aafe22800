"""The types in which a model takes its inputs.

The device has FP32 only, but some layers of PyTorch take nothing but integers (nn.Embedding) or
booleans (masks), and others none of them (nn.Conv2d). Arrays of integers and booleans are given to
the model as they are, as int64 and bool, where it runs with them, else as FP32. Quantized models
take int8 and uint8.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from modelgen.errors import ModelError
from modelgen.frontends.torch_export.module_run import batch_at
from modelgen.frontends.torch_export.tracing import try_forward
from modelgen.workload.data import Data

if TYPE_CHECKING:
    import torch

_FP32 = "float32"
_QUANTIZED = {"int8", "uint8"}
_OWN = {"b": "bool", "i": "int64", "u": "int64"}


def in_types_of_model(data: Data, make: Callable[[], torch.nn.Module], batch: int) -> Data:
    """Return the data with inputs in the types that a model takes.

    Args:
        data: with inputs as the user gave them.
        make: returns the model; only called if an input is not FP32.
        batch: samples that the model gets at a time.

    Raises:
        ModelError: the model fails on the first batch, whatever the types.
    """
    combinations = list(_combinations(data))
    if len(combinations) == 1:
        return data.as_types(combinations[0])
    model = make().to("cpu").float().eval()
    failures = []
    for types in combinations:
        converted = data.as_types(types)
        try:
            try_forward(model, batch_at(converted.test_arrays, 0, batch))
        except ModelError as error:
            failures.append(str(error))
        else:
            return converted
    raise ModelError(
        f"The model takes its inputs neither as {_text(combinations[0])} nor as "
        f"{_text(combinations[-1])}. The former: {failures[0]} The latter: {failures[-1]}"
    )


def _combinations(data: Data) -> Iterator[tuple[str, ...]]:
    """Yield the types to try, those with the fewest conversions to FP32 first."""
    choices = [_types([array]) for array in data.test_arrays]
    if any(len(types) > 1 for types in choices):
        # Training inputs, which may take long to make, can only reduce the choice.
        both = (data.test_arrays, data.train_arrays or data.test_arrays)
        choices = [_types(pair) for pair in zip(*both, strict=True)]
    yield from sorted(itertools.product(*choices), key=lambda types: types.count(_FP32))


def _types(arrays: Sequence[np.ndarray]) -> tuple[str, ...]:
    """Return the types to try for an argument, given arrays of its values."""
    own = {_OWN.get(array.dtype.kind, _FP32) for array in arrays}
    if len(own) > 1 or _FP32 in own:
        return (_FP32,)
    given = {array.dtype.name for array in arrays}
    return (*own, *(given if given <= _QUANTIZED else ()), _FP32)


def _text(types: tuple[str, ...]) -> str:
    return ", ".join(types)
