"""Files of other tools with wrong, missing or doubled bytes: refused, or harmless."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from modelgen.errors import ModelError
from modelgen.stages.model_trace import of_file
from tests.support.tflite_floats import FloatWriter
from tests.unit.modelgen.frontends.onnx.test_networks import small_network
from tests.unit.modelgen.frontends.tflite.test_float_model import separable

_NUMBERS = (0, 1, -1, 2**31 - 1, -(2**31), 2**16)


def onnx_file() -> bytes:
    proto, _ = small_network()
    contents: bytes = proto.SerializeToString()
    return contents


def tflite_file() -> bytes:
    writer = FloatWriter()
    return writer.bytes(separable(writer))


def damaged(whole: bytes, random: np.random.Generator) -> bytes:
    """Return a file with wrong bytes, a wrong number, or parts that are missing or doubled."""
    data, way = bytearray(whole), random.integers(4)
    first, last = sorted(random.integers(0, len(data), 2))
    if way == 0:
        for at in random.integers(0, len(data), 3):
            data[at] = random.choice([0, 1, 2, 127, 255, random.integers(256)])
    elif way == 1:
        at = int(first) & ~3
        data[at : at + 4] = struct.pack("<i", int(random.choice(_NUMBERS)))
    elif way == 2:
        data = data[:first]
    else:
        data = data[:first] + data[last:] if random.integers(2) else data[:last] + data[first:]
    return bytes(data)


@pytest.mark.parametrize("count", [pytest.param(40), pytest.param(1500, marks=pytest.mark.nightly)])
@pytest.mark.parametrize(("suffix", "write"), [(".onnx", onnx_file), (".tflite", tflite_file)])
def test_damage(tmp_path: Path, suffix: str, write: Callable[[], bytes], count: int) -> None:
    random, whole, path = np.random.default_rng(count), write(), tmp_path / f"net{suffix}"
    refused = 0
    for _ in range(count):
        path.write_bytes(damaged(whole, random))
        try:
            refused += bool(of_file(path).problems)
        except ModelError as error:
            refused += 1
            assert str(error).replace("\n", "").isprintable()
    assert count // 2 < refused <= count
