"""What moves values, beside LiteRT's reference kernels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelgen.errors import ModelError
from modelgen.frontends.tflite.importer import import_model
from tests.support.litert import check, int8_inputs
from tests.support.tflite_models import RELU, ModelWriter

SHAPE = (2, 4, 5, 3)


def write(path: Path, kind: str, output: tuple[int, ...], *constants: Any, **options: Any) -> Path:
    """Write a model of one operator on a tensor of the shape `SHAPE`."""
    writer = ModelWriter()
    x, y = writer.tensor(SHAPE, 0.1, -7), writer.tensor(output, 0.1, -7)
    given = [writer.constant(np.array(values, np.int32)) for values in constants]
    writer.operator(kind, [x, *given], y, **options)
    return writer.write(path / "model.tflite", [x], [y])


@pytest.mark.parametrize(
    ("kind", "output", "constants"),
    [
        ("RESHAPE", (2, 60), [[2, 60]]),
        ("RESHAPE", (2, 3, 20), [[2, -1, 20]]),
        ("TRANSPOSE", (2, 3, 4, 5), [[0, 3, 1, 2]]),
        ("TRANSPOSE", (2, 5, 4, 3), [[0, 2, 1, 3]]),
        ("PAD", (2, 7, 6, 3), [[[0, 0], [1, 2], [0, 1], [0, 0]]]),
        ("PAD", (2, 4, 5, 8), [[[0, 0], [0, 0], [0, 0], [2, 3]]]),
    ],
)
def test_movements(
    tmp_path: Path, kind: str, output: tuple[int, ...], constants: list[Any]
) -> None:
    path = write(tmp_path, kind, output, *constants)
    check(path, int8_inputs(np.random.default_rng(0), SHAPE))


@pytest.mark.parametrize(
    ("limits", "options", "output"),
    [
        (([0, 1, 0, 0], [2, 3, 5, 3], [1, 1, 2, 1]), {}, (2, 2, 3, 3)),
        (([0, -1, 9, 0], [2, -5, 0, 2], [1, -1, -2, 1]), {}, (2, 4, 2, 2)),
        (([0, 3, 1], [1, 1, 9], [1, 1, 1]), {"beginMask": 3, "endMask": 3}, (2, 4, 4, 3)),
        (([0, 2, 0, 0], [2, 9, 5, -1], [1, 1, 1, 1]), {"shrinkAxisMask": 2}, (2, 5, 2)),
        (([0, 0, 0, -1], [2, 4, 5, 0], [1, 1, 1, 1]), {"shrinkAxisMask": 8}, (2, 4, 5)),
    ],
)
def test_strided_slices(
    tmp_path: Path, limits: Any, options: dict[str, int], output: tuple[int, ...]
) -> None:
    path = write(tmp_path, "STRIDED_SLICE", output, *limits, **options)
    check(path, int8_inputs(np.random.default_rng(0), SHAPE))


@pytest.mark.parametrize("options", [{}, {"alignCorners": True}, {"halfPixelCenters": True}])
@pytest.mark.parametrize("size", [(8, 10), (3, 7), (1, 1), (11, 4), (4, 5)])
def test_nearest_pixels(tmp_path: Path, size: tuple[int, int], options: dict[str, bool]) -> None:
    path = write(tmp_path, "RESIZE_NEAREST_NEIGHBOR", (2, *size, 3), size, **options)
    check(path, int8_inputs(np.random.default_rng(0), SHAPE))


@pytest.mark.parametrize("axis", [-1, 1, 2, 3])
def test_concatenation(tmp_path: Path, axis: int) -> None:
    random = np.random.default_rng(0)
    shapes = [list(SHAPE) for _ in range(3)]
    shapes[1][axis] = 2
    whole = [*SHAPE]
    whole[axis] = sum(shape[axis] for shape in shapes)
    writer = ModelWriter()
    tensors = [writer.tensor(shape, 0.1, 5) for shape in shapes[:2]]
    tensors.append(writer.constant(random.integers(-128, 128, shapes[2]).astype(np.int8), 0.1, 5))
    y = writer.tensor(whole, 0.1, 5)
    writer.operator("CONCATENATION", tensors, y, axis=axis)
    path = writer.write(tmp_path / "m.tflite", tensors[:2], [y])
    drawn = [random.integers(-128, 128, shape).astype(np.int8) for shape in shapes[:2]]
    check(path, [drawn])


@pytest.mark.parametrize(
    ("quantization", "function", "message"),
    [
        ((0.1, 6), 0, "tensor 't1': its quantization is not the output's"),
        ((0.1, 5), RELU, "fused activation function"),
    ],
)
def test_concatenations_that_are_refused(
    tmp_path: Path, quantization: tuple[float, int], function: int, message: str
) -> None:
    writer = ModelWriter()
    tensors = [writer.tensor((1, 2), 0.1, 5), writer.tensor((1, 2), *quantization)]
    y = writer.tensor((1, 4), 0.1, 5)
    writer.operator("CONCATENATION", tensors, y, axis=1, fusedActivationFunction=function)
    path = writer.write(tmp_path / "m.tflite", tensors, [y])
    with pytest.raises(ModelError, match=message):
        import_model(path)


@pytest.mark.parametrize(
    ("kind", "constants", "options", "message"),
    [
        ("TRANSPOSE", [[0, 1, 1, 2]], {}, r"\[0, 1, 1, 2\] is not an order"),
        ("STRIDED_SLICE", [[0], [1], [1]], {"newAxisMask": 1}, "new dimensions"),
        ("STRIDED_SLICE", [[0, 3], [2, 1], [1, 1]], {}, "its result is empty"),
    ],
)
def test_movements_that_are_refused(
    tmp_path: Path, kind: str, constants: list[Any], options: dict[str, int], message: str
) -> None:
    path = write(tmp_path, kind, SHAPE, *constants, **options)
    with pytest.raises(ModelError, match=message):
        import_model(path)
