"""All examples by which ONNX defines its operators: computed as they say, or refused."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx.backend.test.case.node import collect_testcases

from modelgen.errors import ModelError
from modelgen.frontends.onnx.builder import build

_OTHER_TRUTHS = (
    # Where ONNX Runtime, which is the truth, differs from ONNX.
    "test_resize_downsample_scales_linear_align_corners",
    # Its values are rounded to four digits.
    "test_averagepool_2d_ceil_last_window_starts_on_pad",
)


def first_as_input(model: Any, given: list[Any]) -> tuple[Any, np.ndarray] | None:
    """Return a model with one input, and its value: the others are initializers.

    There is none if no input can be the model's, or if some are not tensors.
    """
    arrays = [np.asarray(each) for each in given if isinstance(each, np.ndarray | np.generic)]
    kinds = (np.float32, np.int64, np.int32, np.bool_)
    chosen = [
        at
        for kind in kinds
        for at, array in enumerate(arrays)
        if array.dtype == kind and array.ndim and array.size
    ]
    if not chosen or not len(arrays) == len(given) == len(model.graph.input):
        return None
    typed = onnx.ModelProto()
    typed.CopyFrom(model)
    typed.graph.initializer.extend(
        onnx.numpy_helper.from_array(array, typed.graph.input[at].name)
        for at, array in enumerate(arrays)
        if at != chosen[0]
    )
    return typed, arrays[chosen[0]]


def difference(model: Any, value: np.ndarray, wanted: list[Any]) -> str:
    """Return how what is made of a model differs from what is wanted; "" if it does not."""
    network = build(model)
    with torch.no_grad():
        got = network.module(torch.from_numpy(value.astype(network.arguments[0].type)))
    results = got if isinstance(got, tuple) else (got,)
    if len(results) != len(wanted):
        return f"{len(results)} outputs instead of {len(wanted)}"
    for result, expected in zip(results, map(np.asarray, wanted), strict=True):
        if result.shape != expected.shape:
            return f"shape {tuple(result.shape)} instead of {expected.shape}"
        pair = (each.astype(np.float64) for each in (result.numpy(), expected))
        if not np.allclose(*pair, rtol=1e-4, atol=1e-5, equal_nan=True):
            return "other values"
    return ""


@pytest.mark.nightly
def test_examples_are_computed_or_refused() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = collect_testcases(None)
    equal, refused, wrong = 0, 0, []
    for case in cases:
        given, wanted = case.data_sets[0]
        found = first_as_input(case.model, list(given))
        if found is None or case.name in _OTHER_TRUTHS:
            continue
        try:
            problem = difference(*found, list(wanted))
        except ModelError:
            refused += 1
            continue
        equal += not problem
        wrong += [f"{case.name}: {problem}"] if problem else []
    assert wrong == []
    assert (equal > 800, refused > 400) == (True, True)
