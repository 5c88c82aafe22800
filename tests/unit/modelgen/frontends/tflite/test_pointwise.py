"""Sums, products, functions and changes of quantization, beside LiteRT's reference kernels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from modelgen.errors import ModelError
from modelgen.frontends.tflite.importer import import_model
from tests.support.litert import check, int8_inputs, scale
from tests.support.tflite_models import NONE, RELU, RELU6, ModelWriter

EVERY = np.arange(-128, 128, dtype=np.int8)


def zero_point(random: np.random.Generator) -> int:
    return int(random.choice([-128, 0, 127, random.integers(-128, 128)]))


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("kind", ["ADD", "MUL"])
def test_all_pairs_of_operands(tmp_path: Path, kind: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    writer = ModelWriter()
    first, second = (writer.tensor((256, 256), scale(random), zero_point(random)) for _ in "ab")
    low, high = (-7, -3) if kind == "ADD" else (-12, -8)
    y = writer.tensor((256, 256), scale(random, low, high), zero_point(random))
    function = int(random.choice([NONE, RELU, RELU6]))
    writer.operator(kind, [first, second], y, fusedActivationFunction=function)
    path = writer.write(tmp_path / "m.tflite", [first, second], [y])
    check(path, [[np.repeat(EVERY[:, None], 256, 1), np.repeat(EVERY[None], 256, 0)]])


@pytest.mark.parametrize("kind", ["ADD", "MUL"])
def test_operands_broadcast_and_may_be_constants(tmp_path: Path, kind: str) -> None:
    random = np.random.default_rng(1)
    writer = ModelWriter()
    x = writer.tensor((2, 4, 5, 3), 0.02, 7)
    channel = writer.constant(random.integers(-128, 128, (1, 1, 1, 3)).astype(np.int8), 0.03, -9)
    between = writer.tensor((2, 4, 5, 3), 0.04, 3)
    single = writer.constant(np.array(77, np.int8), 0.01, 2)
    y = writer.tensor((2, 4, 5, 3), 0.05, -20)
    writer.operator(kind, [x, channel], between)
    writer.operator(kind, [single, between], y)
    path = writer.write(tmp_path / "m.tflite", [x], [y])
    check(path, int8_inputs(random, (2, 4, 5, 3)))


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(
    "kind", ["LOGISTIC", "TANH", "HARD_SWISH", "RELU", "RELU6", "LEAKY_RELU", "QUANTIZE"]
)
def test_functions_of_one_integer(tmp_path: Path, kind: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    given = scale(random, -8, -1)
    results = {
        "LOGISTIC": (1 / 256, int(random.choice([-128, 3]))),
        "TANH": (float(np.float32(random.uniform(0.004, 0.01))), zero_point(random)),
    }
    similar = float(np.float32(given * random.choice([1.0, random.uniform(0.3, 3.0)])))
    writer = ModelWriter()
    x = writer.tensor((1, 256), given, zero_point(random))
    y = writer.tensor((1, 256), *results.get(kind, (similar, zero_point(random))))
    slope = {"alpha": float(random.uniform(-0.5, 1.5))} if kind == "LEAKY_RELU" else {}
    writer.operator(kind, [x], y, **slope)
    check(writer.write(tmp_path / "m.tflite", [x], [y]), [[EVERY[None]]])


@pytest.mark.parametrize("seed", range(15))
def test_softmax(tmp_path: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    shape = (3, 2, int(random.integers(1, 30)))
    writer = ModelWriter()
    x = writer.tensor(shape, scale(random, -10, 2), zero_point(random))
    y = writer.tensor(shape, 1 / 256, -128)
    writer.operator("SOFTMAX", [x], y, beta=float(random.choice([1.0, random.uniform(0.2, 3.0)])))
    near = [[np.full(shape, 100, np.int8) + random.integers(-9, 9, shape).astype(np.int8)]]
    check(writer.write(tmp_path / "m.tflite", [x], [y]), int8_inputs(random, shape) + near)


def test_long_rows_of_equal_values_sum_up(tmp_path: Path) -> None:
    # LiteRT ends the process if a sum reaches 512.
    writer = ModelWriter()
    x, y = writer.tensor((1, 511), 0.01, 0), writer.tensor((1, 511), 1 / 256, -128)
    writer.operator("SOFTMAX", [x], y, beta=1.0)
    path = writer.write(tmp_path / "m.tflite", [x], [y])
    check(path, int8_inputs(np.random.default_rng(0), (1, 511)))


def test_rows_whose_sum_can_overflow_are_refused(tmp_path: Path) -> None:
    writer = ModelWriter()
    x, y = writer.tensor((1, 4096), 0.01, 0), writer.tensor((1, 4096), 1 / 256, -128)
    writer.operator("SOFTMAX", [x], y, beta=1.0)
    path = writer.write(tmp_path / "m.tflite", [x], [y])
    with pytest.raises(ModelError, match="4096 values in a row; at most 4095"):
        import_model(path)


def test_numbers_become_integers_and_numbers_again(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    writer = ModelWriter()
    x = writer.tensor((2, 500), kind="FLOAT32")
    between = writer.tensor((2, 500), 0.0625, 3)
    other = writer.tensor((2, 500), 0.07, -5)
    y = writer.tensor((2, 500), kind="FLOAT32")
    writer.operator("QUANTIZE", [x], between)
    writer.operator("QUANTIZE", [between], other)
    writer.operator("DEQUANTIZE", [other], y)
    path = writer.write(tmp_path / "m.tflite", [x], [y])
    ties = (random.integers(-4000, 4000, (2, 500)) / 32.0).astype(np.float32)
    small = random.normal(0, 3, (2, 500)).astype(np.float32)
    large = (random.normal(0, 1, (2, 500)) * 1e6).astype(np.float32)
    check(path, [[ties], [small], [large]])


@pytest.mark.parametrize(
    ("kind", "given", "result", "message"),
    [
        ("LOGISTIC", (0.1, 0), (0.01, -128), "a scale other than 1/256"),
        ("SOFTMAX", (0.1, 0), (0.01, -128), "other than scale 1/256, zero point -128"),
        ("SOFTMAX", (0.1, 0), (1 / 256, 0), "other than scale 1/256, zero point -128"),
        ("SOFTMAX", (1e-9, 0), (1 / 256, -128), "the scale of its input is too small"),
        ("HARD_SWISH", (0.1, 0), (0.0005, 0), "below 1/128 of its input's"),
        ("DEQUANTIZE", (0.1, 0), (0.1, 0), "its output is not FP32"),
    ],
)
def test_quantizations_that_are_refused(
    tmp_path: Path,
    kind: str,
    given: tuple[float, int],
    result: tuple[float, int],
    message: str,
) -> None:
    writer = ModelWriter()
    x, y = writer.tensor((1, 4), *given), writer.tensor((1, 4), *result)
    beta = {"beta": 1.0} if kind == "SOFTMAX" else {}
    writer.operator(kind, [x], y, **beta)
    path = writer.write(tmp_path / "m.tflite", [x], [y])
    with pytest.raises(ModelError, match=f"{kind} \\(operator 0\\), tensor 't[01]': .*{message}"):
        import_model(path)
