"""Normalizations, against ONNX Runtime."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from modelgen.errors import ModelError
from modelgen.frontends.onnx.builder import build
from tests.support.onnx_models import compare, newer_runtime, one, random

X = random(2, 6, 5, 4)


def factors(*shape: int) -> dict[str, np.ndarray]:
    return {"scale": random(*shape, seed=2), "bias": random(*shape, seed=3)}


@pytest.mark.parametrize("opset", [13, 14, 15])
def test_batch_normalization(opset: int) -> None:
    fixed = factors(6) | {"mean": random(6, seed=4), "variance": np.abs(random(6, seed=5))}
    compare(one("BatchNormalization", {"x": X}, fixed, opset=opset, epsilon=1e-3), {"x": X})
    compare(one("BatchNormalization", {"x": X}, fixed, opset=opset), {"x": X})


def test_batch_normalization_as_in_training_is_refused() -> None:
    fixed = factors(6) | {"mean": random(6, seed=4), "variance": np.abs(random(6, seed=5))}
    proto = one("BatchNormalization", {"x": X}, fixed, outputs=["y", "m", "v"], training_mode=1)
    with pytest.raises(ModelError, match=r"Layer 'node' \(BatchNormalization\) works as in train"):
        build(proto)


@pytest.mark.parametrize("axis", [-1, -2, 1, 2])
@pytest.mark.parametrize("opset", [17, 22])
def test_layer_normalization(axis: int, opset: int) -> None:
    fixed = factors(*X.shape[axis % 4 :])
    compare(one("LayerNormalization", {"x": X}, fixed, opset=opset, axis=axis), {"x": X})
    only = {"scale": fixed["scale"]}
    compare(one("LayerNormalization", {"x": X}, only, axis=axis, epsilon=0.1), {"x": X})


@newer_runtime
def test_factors_of_a_layer_normalization_are_broadcast() -> None:
    compare(one("LayerNormalization", {"x": X}, factors(4), axis=-2), {"x": X})


@newer_runtime
def test_rms_normalization() -> None:
    fixed = {"scale": random(4, seed=2)}
    compare(one("RMSNormalization", {"x": X}, fixed, opset=23), {"x": X})
    compare(one("RMSNormalization", {"x": X}, fixed, opset=23, axis=-2), {"x": X})


@pytest.mark.parametrize("shape", [(2, 6, 5, 4), (2, 6, 7)])
def test_instance_normalization(shape: tuple[int, ...]) -> None:
    x = random(*shape)
    compare(one("InstanceNormalization", {"x": x}, factors(6), epsilon=1e-3), {"x": x})


def test_group_normalization() -> None:
    proto = one("GroupNormalization", {"x": X}, factors(6), opset=21, num_groups=3)
    compare(proto, {"x": X})


@pytest.mark.parametrize("attributes", [{}, {"p": 1}, {"axis": 1}, {"axis": 1, "p": 1}])
def test_lp_normalization(attributes: dict[str, Any]) -> None:
    x = X.copy()
    x[0, :, 0, 0] = 0
    compare(one("LpNormalization", {"x": x}, **attributes), {"x": x})


@pytest.mark.parametrize("attributes", [{"size": 3}, {"size": 5, "alpha": 0.2, "beta": 0.5}])
def test_local_response_normalization(attributes: dict[str, Any]) -> None:
    compare(one("LRN", {"x": X}, **attributes, bias=2.0), {"x": X})


def test_gigantic_windows_are_refused() -> None:
    with pytest.raises(ModelError, match="gives the shape 1099511627776x"):
        build(one("LRN", {"x": X}, size=1 << 40))
