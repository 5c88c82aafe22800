"""Shapes, orders and types, beside LiteRT."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.tflite_floats import FloatWriter, agree, compare, random, refused

X = random(2, 1, 6, 4)


def test_shapes() -> None:
    agree("RESHAPE", [X], {1: np.array([2, -1], np.int32)}, exact=True)
    agree("RESHAPE", [X], newShape=[4, 12], exact=True)
    agree("SQUEEZE", [X], squeezeDims=[-3, 1], exact=True)
    agree("SQUEEZE", [X], exact=True)
    for axis in (-1, 0, 2):
        agree("EXPAND_DIMS", [X], {1: np.array(axis, np.int32)}, exact=True)


def test_orders() -> None:
    agree("TRANSPOSE", [X], {1: np.array([0, 3, 1, 2], np.int32)}, exact=True)


def test_types() -> None:
    agree("CAST", [X > 0], exact=True)
    agree("CAST", [np.array([[1, 2, 3]], np.int32)], exact=True)


def test_arithmetic_of_shapes_is_done_at_once() -> None:
    writer = FloatWriter()
    number = lambda value: writer.constant(np.array(value, np.int32))  # noqa: E731
    whole = lambda kind, *inputs: writer.made(kind, inputs, result="INT32")  # noqa: E731
    x = writer.given(X)
    shape = writer.made("SHAPE", [x], result="INT32", outType=2)
    one = [writer.constant(np.array([at], np.int32)) for at in (0, 1, 1)]
    batch = writer.made("STRIDED_SLICE", [shape, *one], result="INT32", shrinkAxisMask=1)
    length = whole("RANGE", number(0), number(4), number(1))
    last = writer.made("REDUCE_PROD", [length, one[0]], result="INT32")
    rest = whole("SUB", number(24), last)
    sizes = writer.made("PACK", [batch, rest], result="INT32", axis=0, valuesCount=2)
    y = writer.made("RESHAPE", [x, sizes])
    zeros = writer.made("FILL", [sizes, writer.constant(np.array(0.5, np.float32))])
    network = compare(writer.bytes(writer.made("ADD", [y, zeros])), [X], exact=True)
    layers = [type(each).__name__ for each in network.module.children() if hasattr(each, "node")]
    assert layers == ["RESHAPE", "ADD"]


@pytest.mark.parametrize(
    ("kind", "constants", "options", "reason"),
    [
        ("SQUEEZE", {}, {"squeezeDims": [2]}, "removes the dimensions [2] of [2, 1, 6, 4]"),
        ("TRANSPOSE", {1: [0, 1, 2, 2]}, {}, "has [0, 1, 2, 2], which is not an order of 4"),
        ("RESHAPE", {1: [5, -1]}, {}, "cannot take 't0' (2x1x6x4)"),
        ("CAST", {}, {"result": "FLOAT16"}, "converts to FLOAT16; supported: FLOAT32, INT32"),
    ],
)
def test_refused(kind: str, constants: dict, options: dict, reason: str) -> None:
    arrays = {at: np.array(each, np.int32) for at, each in constants.items()}
    assert reason in refused(kind, [X], arrays, **options)
