"""Whole networks: as PyTorch exports them, and from a file to the device's outputs."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
import onnx
import pytest
import torch

from modelgen.frontends.onnx.builder import build
from modelgen.frontends.torch_export.importer import import_with_origins
from modelgen.hardware import Hardware
from modelgen.ir.packing import pack_inputs, rows_of_samples
from modelgen.passes.simplify import simplify
from modelgen.plan.compiler import compile_graph
from modelgen.quantize.weights import quantize
from modelgen.verify.golden import golden_outputs
from tests.support.onnx_models import compare, imported, model, random, truth
from tests.zoo import BY_NAME, NETWORKS, Network

node = onnx.helper.make_node


def exported(network: Network, opset: int) -> Any:
    """Return a network of the zoo as PyTorch's exporter writes it."""
    file = io.BytesIO()
    example = torch.zeros(network.batch, *network.shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(network.model(), (example,), file, dynamo=False, opset_version=opset)
    return onnx.load_from_string(file.getvalue())


@pytest.mark.parametrize(
    "network",
    [
        pytest.param(each, marks=[] if each.small else [pytest.mark.nightly], id=each.name)
        for each in NETWORKS
    ],
)
def test_networks_of_the_zoo(network: Network) -> None:
    check(network, 18)


@pytest.mark.parametrize("name", ["mlperf-dscnn", "gru", "transformer"])
def test_older_opsets(name: str) -> None:
    check(BY_NAME[name], 14)


def check(network: Network, opset: int) -> None:
    """Compare an exported network with ONNX Runtime, and its graph with its module."""
    proto = exported(network, opset)
    inputs = {proto.graph.input[0].name: network.draw(1).numpy()}
    compare(proto, inputs, tolerance=2e-5)
    graph = imported(proto, inputs)
    names = {each.name for each in proto.graph.node}
    assert names & {each.name for each in graph.nodes}


def on_grid(*shape: int, seed: int) -> np.ndarray:
    """Return weights that INT8 represents exactly, whatever the dimension of the outputs is."""
    steps = np.random.default_rng(seed).integers(-127, 128, shape)
    for axis in range(len(shape)):
        steps.swapaxes(0, axis)[:, ..., 0] = 127
    return (steps * 2.0**-9).astype(np.float32)


def small_network() -> tuple[Any, dict[str, np.ndarray]]:
    """Return a network with the operators of many exporters, and inputs."""
    nodes = [
        node("Conv", ["x", "w1", "b1"], ["c1"], "conv1", auto_pad="SAME_UPPER", strides=[2, 2]),
        node("Relu", ["c1"], ["r1"], "relu1"),
        node("Conv", ["r1", "w2"], ["c2"], "conv2", group=8, pads=[1, 1, 1, 1]),
        node("Sigmoid", ["c2"], ["s2"], "gate"),
        node("Mul", ["c2", "s2"], ["m2"], "silu"),
        node("Add", ["m2", "r1"], ["a2"], "sum"),
        node("MaxPool", ["a2"], ["p2"], "pool", kernel_shape=[2, 2], strides=[2, 2]),
        node("Resize", ["p2", "", "scales"], ["u2"], "up", mode="nearest"),
        node("Concat", ["u2", "r1"], ["j2"], "join", axis=1),
        node("GlobalAveragePool", ["j2"], ["g2"], "mean"),
        node("Shape", ["g2"], ["shape"], "shape"),
        node("Gather", ["shape", "zero"], ["batch"], "batch"),
        node("Concat", ["batch", "rest"], ["sizes"], "sizes", axis=0),
        node("Reshape", ["g2", "sizes"], ["f2"], "flat"),
        node("Gemm", ["f2", "w3", "b3"], ["y"], "classes", transB=1),
    ]
    fixed = {
        "w1": on_grid(8, 3, 3, 3, seed=1),
        "b1": random(8, seed=2),
        "w2": on_grid(8, 1, 3, 3, seed=3),
        "scales": np.array([1, 1, 2, 2], np.float32),
        "zero": np.array([0]),
        "rest": np.array([-1]),
        "w3": on_grid(10, 16, seed=4),
        "b3": random(10, seed=5),
    }
    given = {"x": random(1, 3, 16, 16, seed=6)}
    return model(nodes, given, fixed=fixed), given


def test_from_a_file_to_the_outputs_of_the_device() -> None:
    proto, given = small_network()
    network = build(proto)
    graph = import_with_origins(network.module, network.arguments, network.batch).graph
    quantized = quantize(simplify(graph), "per_channel", "max")
    program = compile_graph(quantized, Hardware())
    rows = golden_outputs(program, pack_inputs(quantized, [given["x"]]))
    (wanted,) = truth(proto, given)
    np.testing.assert_allclose(rows_of_samples(quantized, rows), wanted, rtol=0, atol=1e-5)
    assert {"conv1", "conv2", "classes"} <= {each.name for each in quantized.nodes}
