"""Quantize and Dequantize in a float graph."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.ir.graph import Node
from modelgen.ir.integer_constants import integer_constant
from modelgen.operators import Dequantize, Quantize
from modelgen.quantize.activations.insertion import with_integers
from modelgen.quantize.weights import quantize_weight
from tests.support.float_layers import residual

SCALE = Quantization(0.5, 3)


def weights(node: Node, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return quantize_weight(matrix, "per_channel")


def test_readers_get_what_the_integers_stand_for() -> None:
    graph = residual()
    (last,) = graph.outputs
    found = with_integers(graph, {"x": SCALE, last: SCALE}, (), weights)
    pairs = [n for n in found.nodes if isinstance(n.operator, Quantize | Dequantize)]
    assert [node.inputs[0] for node in pairs] == ["x", "x.quantized", last, f"{last}.quantized"]
    assert all(node.operator.quantization == SCALE for node in pairs)
    assert found.outputs == (f"{last}.dequantized",)
    (first,) = (node for node in found.nodes if node.name == "first.0")
    assert first.inputs == ("x.dequantized",)
    assert [reader.name for reader in found.consumers("x")] == ["x.quantized"]


def test_weights_of_some_layers_are_integers() -> None:
    graph = residual()
    layer = next(node for node in graph.nodes if node.name == "second")
    found = with_integers(graph, {}, [layer.output], weights)
    for node in found.nodes:
        arrays = found.arrays(node)
        constant = integer_constant(arrays, "weight")
        assert (constant is not None) is (node.name == "second")
        if constant is not None:
            assert np.abs(constant.integers).max() == 127
            numbers = constant.integers * constant.scale
            np.testing.assert_array_equal(arrays["weight"], numbers.astype(np.float32))
            before = graph.arrays(layer)
            np.testing.assert_allclose(numbers, before["weight"], atol=constant.scale.max())
            np.testing.assert_array_equal(arrays["bias"], before["bias"])
