"""Whole networks, as onnxruntime.quantization writes them, beside ONNX Runtime."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
import torch.nn.functional as F
from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
from torch import Tensor, nn

from modelgen.frontends.onnx.runtime import outputs_of
from modelgen.hardware import Hardware
from modelgen.ir import files
from modelgen.ir.graph import Contract, ElementType
from modelgen.ir.packing import pack_inputs, rows_of_samples
from modelgen.operators import Conv2d, Linear
from modelgen.passes.integers.fuse import fuse_integers
from modelgen.passes.simplify import simplify
from modelgen.plan.compiler import compile_graph
from modelgen.verify.golden import golden_outputs
from tests.support import decomposed
from tests.support.networks import perceptron
from tests.support.quantized_networks import NETWORKS, RUNS, Samples, write_quantized
from tests.support.quantized_onnx import differences, graph_of, operators

QDQ, QOPERATOR = QuantFormat.QDQ, QuantFormat.QOperator
UINT8, INT8 = QuantType.QUInt8, QuantType.QInt8


# Every pair of choices is there.
@pytest.mark.parametrize(
    ("network", "form", "kind", "per_channel"),
    [
        ("mixed", QDQ, UINT8, True),
        ("mixed", QDQ, INT8, False),
        ("mixed", QOPERATOR, UINT8, False),
        ("mobile", QDQ, INT8, True),
        ("mobile", QOPERATOR, UINT8, False),
        ("residual", QDQ, UINT8, False),
        ("residual", QDQ, INT8, True),
        ("residual", QOPERATOR, INT8, True),
    ],
    ids=str,
)
def test_quantized_networks(
    tmp_path: Path, network: str, form: QuantFormat, kind: QuantType, per_channel: bool
) -> None:
    logging.getLogger().setLevel(logging.ERROR)
    opset = 13 if per_channel else 20
    proto, shape = NETWORKS[network](opset)
    given, quantized = tmp_path / "float.onnx", tmp_path / "quantized.onnx"
    onnx.save(proto, given)
    types = {"activation_type": kind, "weight_type": QuantType.QInt8}
    quantize_static(
        given, quantized, Samples(shape), quant_format=form, per_channel=per_channel, **types
    )
    model = onnx.load(quantized)
    values = np.random.default_rng(7).normal(size=(RUNS, *shape)).astype(np.float32)
    wrong, graph = differences(model, *([value] for value in values))
    results = RUNS * graph.tensors[graph.outputs[0]].size
    # ONNX Runtime computes some convolutions of INT8 activations in FP32: those that write or read
    # tensors which are read twice.
    in_fp32 = form is QuantFormat.QDQ and kind is QuantType.QInt8
    assert wrong <= (results // 50 if in_fp32 else 0)
    assert not any(isinstance(node.operator, Conv2d | Linear) for node in graph.nodes)
    assert graph.contract is Contract.ONNXRUNTIME


@pytest.mark.parametrize("network", ["mobile", "residual"])
def test_compiled_networks_give_what_onnx_runtime_does(tmp_path: Path, network: str) -> None:
    shape = write_quantized(tmp_path / "quantized.onnx", network)
    model = onnx.load(tmp_path / "quantized.onnx")
    graph = simplify(graph_of(model))
    values = np.random.default_rng(7).normal(size=(2, *shape)).astype(np.float32)
    rows = pack_inputs(graph, [values.reshape(2, *shape[1:])])
    found = rows_of_samples(graph, golden_outputs(compile_graph(graph, Hardware()), rows))
    for value, result in zip(values, found, strict=True):
        (expected,) = outputs_of(model.SerializeToString(), {"x": value})
        np.testing.assert_array_equal(result, expected.reshape(-1))


def test_float_graphs_are_left_alone() -> None:
    graph = perceptron(1, [4, 3, 2])
    assert fuse_integers(graph, Contract.ONNXRUNTIME) is graph


class Network(nn.Module):
    """Layers of which one is not quantized."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = decomposed.Weight(4, 6), decomposed.Weight(3, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu6(F.linear(decomposed.both(x, (0.05, 3)), self.first()))
        x = decomposed.both(x, (6 / 255, -128))
        return F.linear(torch.sigmoid(x), self.second())


def test_parts_may_stay_in_fp32(tmp_path: Path) -> None:
    graph = decomposed.graph_of(Network(), 6)
    assert operators(graph) == ["quantize", "integer_linear", "dequantize", "elementwise", "linear"]
    assert (graph.nodes[1].operator.requantization.clamp.low) == -128
    last = graph.nodes[-1]
    # What the fusion needed to know is not kept.
    assert set(last.constants) == {"weight"}
    assert graph.tensors[last.output].element is ElementType.FP32
    files.save(graph, tmp_path)
    assert files.load(tmp_path).nodes == graph.nodes


def test_clamps_are_a_range_of_integers() -> None:
    class Clamped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = decomposed.Weight(3, 4)

        def forward(self, x: Tensor) -> Tensor:
            x = F.linear(decomposed.both(x, (0.05, 3)), self.weight())
            return decomposed.both(torch.clamp(x, -0.5, 1.0), (0.0625, 10))

    node = decomposed.graph_of(Clamped(), 4).nodes[1]
    assert (node.operator.requantization.clamp.low, node.operator.requantization.clamp.high) == (
        2,
        26,
    )
