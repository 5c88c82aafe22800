"""Convolutions and matrix products, beside LiteRT's reference kernels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelgen.arithmetic.integer.requantization import Rounding
from modelgen.arithmetic.integer.rounding import round_half_away
from modelgen.errors import ModelError
from modelgen.frontends.tflite.importer import import_model
from tests.support.litert import check, int8_inputs, scale
from tests.support.tflite_models import NONE, RELU, RELU6, RELU_N1_TO_1, SAME, VALID, ModelWriter

ACTIVATIONS = (NONE, RELU, RELU6, RELU_N1_TO_1)


def int8(random: np.random.Generator, *shape: int) -> np.ndarray:
    return random.integers(-127, 128, shape).astype(np.int8)


def spread(random: np.random.Generator, words: int, channels: int) -> list[float]:
    """Scales of weights with which sums of so many products use the range of results."""
    common = 2.0 ** random.integers(-8, -4) / words**0.5
    if random.integers(3) == 0:
        return [float(2.0 ** round(np.log2(common)))] * channels
    return [float(np.float32(common * random.uniform(0.2, 3.0))) for _ in range(channels)]


def options(random: np.random.Generator) -> dict[str, Any]:
    dilated = random.integers(3) == 0
    return {
        "padding": int(random.choice([SAME, VALID])),
        "strideH": 1 if dilated else int(random.integers(1, 4)),
        "strideW": 1 if dilated else int(random.integers(1, 4)),
        "dilationHFactor": int(random.integers(1, 3)) if dilated else 1,
        "dilationWFactor": int(random.integers(1, 3)) if dilated else 1,
        "fusedActivationFunction": int(random.choice(ACTIVATIONS)),
    }


def outputs(pixels: int, kernel: int, stride: int, dilation: int, padding: int) -> int:
    reach = (kernel - 1) * dilation
    return -(-(pixels if padding == SAME else pixels - reach) // stride)


def write_convolution(path: Path, random: np.random.Generator, *, depthwise: bool) -> list[Any]:
    """Write a random convolution; return its inputs."""
    batch, rows, columns, channels = (int(n) for n in random.integers((1, 6, 5, 1), (3, 11, 10, 6)))
    kernel = [int(n) for n in random.integers(1, 4, 2)]
    grouped = not depthwise and random.integers(4) == 0
    groups = channels if depthwise or grouped else 1
    results = groups * int(random.integers(1, 4))
    given = options(random)
    if depthwise:
        given["strideW"] = given["strideH"]
    shape = [1, *kernel, results] if depthwise else [results, *kernel, channels // groups]
    writer = ModelWriter()
    x = writer.tensor(
        (batch, rows, columns, channels), scale(random), int(random.integers(-128, 128))
    )
    scales = spread(random, kernel[0] * kernel[1] * channels // groups, results)
    if random.integers(4) == 0:
        scales = scales[:1]
    weight = writer.constant(int8(random, *shape), scales, axis=3 if depthwise else 0)
    bias = random.integers(-3000, 3000, results).astype(np.int32)
    inputs = [x, weight]
    if not depthwise or random.integers(4):
        inputs.append(writer.constant(bias, scales))
    size = [
        outputs(
            n,
            kernel[i],
            given["stride" + "HW"[i]],
            given["dilation" + "HW"[i] + "Factor"],
            given["padding"],
        )
        for i, n in enumerate((rows, columns))
    ]
    y = writer.tensor(
        (batch, *size, results), scale(random, -4, -2), int(random.integers(-128, 128))
    )
    if depthwise:
        given["depthMultiplier"] = results // channels
    writer.operator("DEPTHWISE_CONV_2D" if depthwise else "CONV_2D", inputs, y, **given)
    writer.write(path, [x], [y])
    return int8_inputs(random, (batch, rows, columns, channels), 2)


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("depthwise", [False, True])
def test_convolutions(tmp_path: Path, seed: int, depthwise: bool) -> None:
    path = tmp_path / "model.tflite"
    check(path, write_convolution(path, np.random.default_rng(seed), depthwise=depthwise))


@pytest.mark.parametrize("seed", range(20))
def test_matrix_products(tmp_path: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    rows, words, columns = (int(n) for n in random.integers(1, (4, 40, 9)))
    scales = spread(random, words, columns)
    per_channel = bool(random.integers(2))
    scales = scales if per_channel else scales[:1]
    writer = ModelWriter()
    unit = scale(random)
    x = writer.tensor((rows, words), unit, int(random.integers(-128, 128)))
    zero_point = 0 if len(scales) > 1 else int(random.integers(-20, 20))
    weight = writer.constant(int8(random, columns, words), scales, zero_point)
    values = random.integers(-3000, 3000, columns).astype(np.int32)
    bias = writer.constant(values, [unit * each for each in scales])
    y = writer.tensor((rows, columns), scale(random, -4, -2), int(random.integers(-128, 128)))
    function = int(random.choice(ACTIVATIONS))
    writer.operator("FULLY_CONNECTED", [x, weight, bias], y, fusedActivationFunction=function)
    check(writer.write(tmp_path / "m.tflite", [x], [y]), int8_inputs(random, (rows, words)))


@pytest.mark.parametrize("kind", ["CONV_2D", "FULLY_CONNECTED"])
@pytest.mark.parametrize(
    "scales", [(0.02, 7e-7, 0.11), (0.25, 2.0**-20, 0.5), (0.031, 3e-7, 0.0625)]
)
def test_sums_for_which_rules_differ(
    tmp_path: Path, kind: str, scales: tuple[float, float, float]
) -> None:
    """Sums are biases alone: those near ties that some rules round differently."""
    given, weight, result = (float(np.float32(value)) for value in scales)
    factor = np.array([given * weight / result])
    near = np.rint((np.arange(-128, 128) + 0.5) / factor).astype(np.int64)
    sums = np.unique(near[:, None] + np.arange(-60, 61))
    by_rule = [rule.round(sums, rule.constants(factor)) for rule in Rounding]
    by_rule.append(round_half_away(sums, factor.astype(np.float32).astype(np.float64)))
    differ = [sums[by_rule[0] != other][:200] for other in by_rule[1:]]
    differ += [sums[by_rule[2] != other][-200:] for other in by_rule]
    biases = np.concatenate(differ).astype(np.int32)
    assert len(biases) > 3
    maps = kind == "CONV_2D"
    writer = ModelWriter()
    x = writer.tensor((1, 1, 1, 1) if maps else (1, 1), given, 0)
    zeros = np.zeros((len(biases), *([1, 1, 1] if maps else [1])), np.int8)
    inputs = [x, writer.constant(zeros, weight), writer.constant(biases, given * weight)]
    y = writer.tensor((1, *([1, 1] if maps else []), len(biases)), result, 0)
    writer.operator(kind, inputs, y, **({"strideH": 1, "strideW": 1} if maps else {}))
    path = writer.write(tmp_path / "m.tflite", [x], [y])
    check(path, [[np.zeros((1, 1, 1, 1) if maps else (1, 1), np.int8)]])


@pytest.mark.parametrize("keep", [False, True])
def test_rows_of_maps_are_multiplied(tmp_path: Path, keep: bool) -> None:
    random = np.random.default_rng(3)
    shape = (2, 3, 8) if keep else (2, 2, 4)
    writer = ModelWriter()
    x = writer.tensor(shape, 0.03, 5)
    weight = writer.constant(int8(random, 5, 8), 0.01)
    y = writer.tensor((2, 3, 5) if keep else (2, 5), 0.1, -7)
    writer.operator("FULLY_CONNECTED", [x, weight, -1], y, keepNumDims=keep)
    check(writer.write(tmp_path / "m.tflite", [x], [y]), int8_inputs(random, shape))


def test_sums_that_can_overflow_are_refused(tmp_path: Path) -> None:
    writer = ModelWriter()
    x = writer.tensor((1, 4), 0.1, 0)
    weight = writer.constant(np.ones((1, 4), np.int8), 0.1)
    bias = writer.constant(np.array([2**31 - 4 * 127], np.int32), 0.01)
    y = writer.tensor((1, 1), 0.1, 0)
    writer.operator("FULLY_CONNECTED", [x, weight, bias], y)
    path = writer.write(tmp_path / "m.tflite", [x], [y])
    with pytest.raises(ModelError, match=r"tensor 't1': its sums can leave the range of INT32"):
        import_model(path)


@pytest.mark.parametrize(
    ("values", "scales", "zero_point", "axis", "message"),
    [
        (np.ones((2, 1, 1, 3), np.int8), [0.1], 3, 0, "its weights have a zero point"),
        (np.ones((2, 1, 1, 3), np.int8), [0.1, 0.1], 3, 0, "per channel have a zero point"),
        (np.ones((2, 1, 1, 3), np.int8), [0.1] * 3, 0, 0, "no scale for each output channel"),
        (np.ones((2, 1, 1, 3), np.int8), [0.1, 0.1], 0, 3, "quantized along dimension 3"),
        (np.ones((2, 1, 1, 3), np.int8), [0.1, 0.0], 0, 0, "not a positive number"),
        (np.ones((2, 1, 1, 2), np.int8), [0.1, 0.1], 0, 0, "do not fit 3 channels"),
        (np.ones((2, 1, 1, 3), np.uint8), [0.1, 0.1], 0, 0, "weights have the type UINT8"),
    ],
)
def test_weights_that_are_refused(
    tmp_path: Path,
    values: np.ndarray,
    scales: list[float],
    zero_point: int,
    axis: int,
    message: str,
) -> None:
    writer = ModelWriter()
    x = writer.tensor((1, 2, 2, 3), 0.1, 0)
    y = writer.tensor((1, 2, 2, 2), 0.1, 0)
    weight = writer.constant(values, scales, zero_point, axis)
    writer.operator("CONV_2D", [x, weight, -1], y, strideH=1, strideW=1)
    path = writer.write(tmp_path / "m.tflite", [x], [y])
    with pytest.raises(ModelError, match=f"CONV_2D \\(operator 0\\).*{message}"):
        import_model(path)
