"""Poolings and means, beside LiteRT's reference kernels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from modelgen.errors import ModelError
from modelgen.frontends.tflite.importer import import_model
from tests.support.litert import check, int8_inputs, scale
from tests.support.tflite_models import NONE, RELU, RELU6, SAME, VALID, ModelWriter


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("kind", ["AVERAGE_POOL_2D", "MAX_POOL_2D"])
def test_poolings(tmp_path: Path, kind: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    batch, rows, columns, channels = (int(n) for n in random.integers((1, 5, 5, 1), (3, 12, 12, 5)))
    kernel, stride = random.integers(1, 5, 2), random.integers(1, 4, 2)
    padding = int(random.choice([SAME, VALID]))
    size = [
        int(-(-(n if padding == SAME else n - k + 1) // s))
        for n, k, s in zip((rows, columns), kernel, stride, strict=True)
    ]
    quantization = scale(random), int(random.integers(-128, 128))
    writer = ModelWriter()
    x = writer.tensor((batch, rows, columns, channels), *quantization)
    y = writer.tensor((batch, *size, channels), *quantization)
    writer.operator(
        kind,
        [x],
        y,
        padding=padding,
        filterHeight=int(kernel[0]),
        filterWidth=int(kernel[1]),
        strideH=int(stride[0]),
        strideW=int(stride[1]),
        fusedActivationFunction=int(random.choice([NONE, RELU, RELU6])),
    )
    path = writer.write(tmp_path / "m.tflite", [x], [y])
    check(path, int8_inputs(random, (batch, rows, columns, channels)))


def test_poolings_keep_the_quantization(tmp_path: Path) -> None:
    writer = ModelWriter()
    x, y = writer.tensor((1, 2, 2, 1), 0.1, 0), writer.tensor((1, 2, 2, 1), 0.1, 1)
    writer.operator("MAX_POOL_2D", [x], y, filterHeight=1, filterWidth=1, strideH=1, strideW=1)
    path = writer.write(tmp_path / "m.tflite", [x], [y])
    with pytest.raises(ModelError, match="its input and its output have different quantizations"):
        import_model(path)


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("axes", [(1, 2), (1,), (-1,), (2, 3), (1, 2, 3)])
@pytest.mark.parametrize("seed", range(4))
def test_means(tmp_path: Path, axes: tuple[int, ...], keep: bool, seed: int) -> None:
    random = np.random.default_rng(seed)
    shape = 2, *(int(n) for n in random.integers(1, 9, 3))
    given = scale(random), int(random.integers(-128, 128))
    # With equal quantizations LiteRT could divide alone.
    same = seed == 0
    result = given if same else (scale(random), int(random.integers(-128, 128)))
    reduced = np.mean(np.zeros(shape), axis=axes, keepdims=keep).shape
    writer = ModelWriter()
    x, y = writer.tensor(shape, *given), writer.tensor(reduced, *result)
    dimensions = writer.constant(np.array(axes, np.int32))
    writer.operator("MEAN", [x, dimensions], y, keepDims=keep)
    check(writer.write(tmp_path / "m.tflite", [x], [y]), int8_inputs(random, shape))


def test_means_over_many_pixels(tmp_path: Path) -> None:
    writer = ModelWriter()
    x, y = writer.tensor((1, 96, 97, 2), 0.02, -100), writer.tensor((1, 2), 2.0**-20, 3)
    writer.operator("MEAN", [x, writer.constant(np.array([1, 2], np.int32))], y)
    path = writer.write(tmp_path / "m.tflite", [x], [y])
    check(path, int8_inputs(np.random.default_rng(0), (1, 96, 97, 2)))
