"""Scales of activations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.errors import ModelError
from modelgen.quantize.activations.calibration import (
    METHODS,
    Histogram,
    calibrate,
    quantization_of,
)
from modelgen.quantize.activations.observation import observe
from modelgen.quantize.activations.placement import quantized_tensors
from tests.support.float_layers import residual, rows


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ((0.0, 255.0), Quantization(1.0, -128)),
        ((-128.0, 127.0), Quantization(1.0, 0)),
        ((-255.0, 0.0), Quantization(1.0, 127)),
        # 0 is always one of the numbers.
        ((3.0, 127.5), Quantization(0.5, -128)),
    ],
)
def test_integers_reach_over_the_range(limits: tuple[float, float], expected: Quantization) -> None:
    assert quantization_of(limits) == expected


def test_a_tensor_of_zeros_has_a_scale() -> None:
    assert quantization_of((0.0, 0.0)).scale > 0


def histogram(values: np.ndarray) -> Histogram:
    low, high = float(values.min()), float(values.max())
    return Histogram(low, high, np.histogram(values, 2048, (low, high))[0].astype(float))


VALUES = np.append(np.random.default_rng(1).normal(size=100_000), [-30.0, 40.0])


def test_all_values_are_in_the_range() -> None:
    assert METHODS["minmax"](histogram(VALUES)) == (-30.0, 40.0)


def test_percentiles_leave_outliers_out() -> None:
    low, high = METHODS["percentile"](histogram(VALUES))
    assert -4.5 < low < -3.5 and 3.5 < high < 4.5


def test_least_squares_is_better_than_all_values() -> None:
    def error(limits: tuple[float, float]) -> float:
        found = quantization_of(limits)
        numbers = found.dequantize(found.quantize(VALUES.astype(np.float32)))
        return float(((numbers - VALUES) ** 2).mean())

    whole, best = (error(METHODS[name](histogram(VALUES))) for name in ("minmax", "mse"))
    assert best < 0.9 * whole


@pytest.mark.parametrize("method", METHODS)
def test_groups_have_one_scale(method: str) -> None:
    graph = residual()
    groups = quantized_tensors(graph)
    found = calibrate(graph, rows(graph, 40), groups, method)
    assert found.keys() == groups.keys()
    for name, first in groups.items():
        assert found[name] == found[first]


def test_ranges_are_those_of_the_tensors() -> None:
    graph = residual()
    given = rows(graph, 40)
    found = calibrate(graph, given, quantized_tensors(graph), "minmax")
    values = np.concatenate([block["x"] for block in observe(graph, given)])
    assert found["x"].scale == pytest.approx((values.max() - values.min()) / 255)


def test_what_is_wrong_is_named() -> None:
    graph = residual()
    groups = quantized_tensors(graph)
    with pytest.raises(
        ModelError, match=r"Unknown calibration 'best'\. Valid choices: minmax, mse"
    ):
        calibrate(graph, rows(graph, 4), groups, "best")
    name = next(n for n in graph.constants if "weight" in n)
    broken = replace(graph, constants={**graph.constants, name: graph.constants[name] * np.nan})
    with pytest.raises(ModelError, match="NaN for the calibration"):
        calibrate(broken, rows(graph, 4), groups, "minmax")


def test_tensors_with_infinite_values_stay_fp32() -> None:
    """Such as a mask: only NaN is what a training leaves that diverged."""
    graph = residual()
    name = next(n for n in graph.constants if "bias" in n)
    constants = {**graph.constants, name: np.full_like(graph.constants[name], -np.inf)}
    groups = quantized_tensors(graph)
    found = calibrate(replace(graph, constants=constants), rows(graph, 4), groups, "mse")
    assert "x" in found and len(found) < len(groups)
    assert all(groups[name] not in found for name in groups.keys() - found.keys())
