"""Tensors inside of quantized models, as ONNX Runtime computes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from modelgen.frontends.onnx import tensors
from modelgen.frontends.onnx.tensors import tensors_of
from tests.support.quantized_networks import write_quantized
from tests.support.quantized_onnx import Writer, integers


def test_integers_between_layers(tmp_path: Path) -> None:
    shape = write_quantized(tmp_path / "net.onnx", "residual")
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    found = tensors_of(tmp_path / "net.onnx", {"x": values})
    quantized = {name: each for name, each in found.items() if each.dtype == np.int8}
    assert {"x_QuantizeLinear", "Relu1_QuantizeLinear", "Relu6_QuantizeLinear"} <= set(quantized)
    assert found["Relu1_QuantizeLinear"].shape == (1, 8, 10, 10)
    (output,) = set(found) - set(quantized)
    assert found[output].shape == (1, 10)


def of_operator(path: Path) -> dict[str, np.ndarray]:
    """Write a model; return its input."""
    to = Writer()
    scale = to.fixed(np.float32(0.05)), to.zero((0.05, 100))
    name = to.integers(1, 4)
    inputs = name, *scale, to.fixed(np.float32(1 / 256)), to.zero((1 / 256, 0))
    x = to.node("QLinearSigmoid", *inputs, domain="com.microsoft")
    to.returns(to.dequantize(x, (1 / 256, 0)), kind="float32")
    onnx.save(to.proto(), path)
    return {name: integers("uint8", 1, 4)}


def test_unsigned_integers_are_128_less(tmp_path: Path) -> None:
    given = of_operator(tmp_path / "net.onnx")
    found = tensors_of(tmp_path / "net.onnx", given)
    between, output = sorted(found.values(), key=lambda values: values.dtype.name, reverse=True)
    np.testing.assert_array_equal(np.float32(between.astype(int) + 128) / 256, output)


def test_outputs_that_become_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = of_operator(tmp_path / "net.onnx")
    run = tensors.outputs_of

    def other(model: Path | bytes, inputs: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
        first, *rest = run(model, inputs)
        return first + isinstance(model, bytes), *rest

    monkeypatch.setattr(tensors, "outputs_of", other)
    assert tensors_of(tmp_path / "net.onnx", given) == {}
