"""Operators that give values another shape, order or type, against ONNX Runtime."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest

from modelgen.errors import ModelError
from modelgen.frontends.onnx.builder import build
from tests.support.onnx_models import compare, imported, model, one, random

X = random(2, 8, 4, 6)


@pytest.mark.parametrize("shape", [[2, -1], [0, -1, 6], [0, 0, 24], [2, 8, 2, 2, 6], [-1, 48, 4]])
def test_reshape(shape: list[int]) -> None:
    compare(one("Reshape", {"x": X}, {"shape": np.array(shape)}), {"x": X}, exact=True)


@pytest.mark.parametrize("axis", [0, 1, 2, 4, -1, -3])
def test_flatten(axis: int) -> None:
    compare(one("Flatten", {"x": X}, axis=axis), {"x": X}, exact=True)


@pytest.mark.parametrize("axes", [None, [1], [-1], [1, 3]])
def test_squeeze(axes: list[int] | None) -> None:
    x = random(2, 1, 4, 1)
    fixed = {} if axes is None else {"axes": np.array(axes)}
    compare(one("Squeeze", {"x": x}, fixed), {"x": x}, exact=True)


@pytest.mark.parametrize("axes", [[1], [-1], [1, 3], [4, 1], [-1, -3]])
def test_unsqueeze(axes: list[int]) -> None:
    x = random(2, 3, 4)
    compare(one("Unsqueeze", {"x": x}, {"axes": np.array(axes)}), {"x": x}, exact=True)


@pytest.mark.parametrize("attributes", [{}, {"perm": [0, 2, 3, 1]}])
def test_transpose(attributes: dict[str, Any]) -> None:
    compare(one("Transpose", {"x": X}, **attributes), {"x": X}, exact=True)


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
def test_depth_to_space(mode: str) -> None:
    proto = one("DepthToSpace", {"x": X}, blocksize=2, mode=mode)
    compare(proto, {"x": X}, exact=True)
    imported(proto, {"x": X})


def test_space_to_depth() -> None:
    proto = one("SpaceToDepth", {"x": X}, blocksize=2)
    compare(proto, {"x": X}, exact=True)
    imported(proto, {"x": X})


def test_identity_and_dropout() -> None:
    nodes = [
        onnx.helper.make_node("Identity", ["x"], ["a"]),
        onnx.helper.make_node("Dropout", ["a", "ratio", "training"], ["b", "unread"]),
        onnx.helper.make_node("Relu", ["b"], ["y"]),
    ]
    fixed = {"ratio": np.array(0.5, np.float32), "training": np.array(False)}
    compare(model(nodes, {"x": X}, fixed=fixed), {"x": X}, exact=True)


def test_dropout_as_in_training_is_refused() -> None:
    fixed = {"ratio": np.array(0.5, np.float32), "training": np.array(True)}
    with pytest.raises(ModelError, match=r"\(Dropout\) works as in training"):
        build(one("Dropout", {"x": X}, fixed))


def test_conversions() -> None:
    mask = X > 0
    compare(one("Cast", {"x": X}, to=1), {"x": X}, exact=True)
    compare(one("Cast", {"x": X}, to=9), {"x": X}, exact=True)
    compare(one("Cast", {"mask": mask}, to=1), {"mask": mask}, exact=True)
    ids = np.array([[1, 2]], np.int32)
    compare(one("Cast", {"ids": ids}, to=7), {"ids": ids}, exact=True)


@pytest.mark.parametrize(("kind", "name"), [(10, "FLOAT16"), (11, "DOUBLE")])
def test_conversions_to_other_types_are_refused(kind: int, name: str) -> None:
    with pytest.raises(ModelError, match=rf"Layer 'node' \(Cast\) converts to {name}; supported"):
        build(one("Cast", {"x": X}, to=kind))
