"""Networks of 8-bit integers, from .tflite files to C++: outputs are LiteRT's, bit for bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from modelgen.errors import ModelError
from modelgen.frontends.tflite.importer import import_model
from modelgen.hardware import Hardware
from modelgen.ir.graph import Graph
from modelgen.ir.packing import pack_inputs
from modelgen.passes.simplify import simplify
from modelgen.plan.compiler import compile_graph
from modelgen.targets.cpu import Cpu
from modelgen.verify.golden import golden_outputs
from tests.support.compiled import chains_of
from tests.support.integer_networks import random_hardware, random_network
from tests.support.litert import Reference, int8_inputs, scale
from tests.support.overlap import check_fences
from tests.support.program_host import run_on_host
from tests.support.tflite_models import ModelWriter
from tests.support.tflite_networks import NetworkWriter, write_network


def references(path: Path, inferences: list[list[np.ndarray]]) -> np.ndarray:
    """Return LiteRT's outputs of each inference, one after another."""
    reference = Reference(path)
    imported = import_model(path)
    rows = []
    for inputs in inferences:
        reference.run(inputs)
        outputs = [reference.tensor(imported.indices[name]) for name in imported.graph.outputs]
        rows.append(np.concatenate([output.reshape(-1) for output in outputs]))
    return np.stack(rows)


def compiled(path: Path) -> Graph:
    return simplify(import_model(path).graph)


def rows_of(graph: Graph, inferences: list[list[np.ndarray]]) -> np.ndarray:
    arrays = [np.concatenate(values) for values in zip(*inferences, strict=True)]
    return pack_inputs(graph, arrays)


def check(path: Path, inferences: list[list[np.ndarray]], folder: Path | None = None) -> None:
    """Compare compiled programs on the reference, and that of the CPU alone, with a folder, in C++.

    What the engine can compute, it does, or the CPU does all.
    """
    graph = compiled(path)
    rows, wanted = rows_of(graph, inferences), references(path, inferences)
    hardware = Hardware(array_size=8)
    np.testing.assert_array_equal(golden_outputs(compile_graph(graph, hardware), rows), wanted)
    program = compile_graph(graph, hardware, [Cpu()])
    found = golden_outputs(program, rows)
    assert found.dtype == wanted.dtype
    np.testing.assert_array_equal(found, wanted)
    if folder is not None:
        np.testing.assert_array_equal(run_on_host(program, rows, folder), wanted)


def check_random_networks(seeds: range) -> int:
    """Compare networks on the engine with their layers; return how many layers it computed."""
    layers = 0
    for seed in seeds:
        built, graph = random_network(seed)
        hardware = random_hardware(seed)
        program = compile_graph(graph, hardware)
        rows = np.stack([built.inputs(number).reshape(-1) for number in range(2)])
        golden_outputs(program, rows)
        for chain in chains_of(program, graph):
            check_fences(chain, hardware.array_size)
            layers += len(chain)
    return layers


def test_random_networks_on_engines_of_random_sizes() -> None:
    assert check_random_networks(range(60)) > 100


@pytest.mark.parametrize("seed", [5328, 5445])
def test_rows_that_are_stored_twice_keep_their_operand(seed: int) -> None:
    """Sums of an odd number of rows; pairs store the middle one for both of their results."""
    assert check_random_networks(range(seed, seed + 1)) > 3


@pytest.mark.nightly
@pytest.mark.parametrize("first", range(1000, 6000, 500))
def test_thousands_of_random_networks_on_engines(first: int) -> None:
    check_random_networks(range(first, first + 500))


@pytest.mark.parametrize("seed", range(12))
def test_random_networks_on_the_reference(seed: int, tmp_path: Path) -> None:
    shape = write_network(tmp_path / "net.tflite", seed)
    check(tmp_path / "net.tflite", int8_inputs(np.random.default_rng(seed), shape, 1))


@pytest.mark.parametrize("seed", range(100, 106))
def test_random_networks_in_cpp(seed: int, tmp_path: Path) -> None:
    shape = write_network(tmp_path / "net.tflite", seed)
    inputs = int8_inputs(np.random.default_rng(seed), shape)
    check(tmp_path / "net.tflite", inputs, tmp_path / "src")


def write_movements(path: Path) -> tuple[int, ...]:
    """Write a network of what moves bytes: odd numbers of them, at odd places."""
    net = NetworkWriter(3)
    writer, shape = net.writer, (1, 5, 3, 3)
    x = net.tensor(*shape)
    padded = net.tensor(1, 8, 4, 3, like=x)
    sides = writer.constant(np.array([[0, 0], [1, 2], [0, 1], [0, 0]], np.int32))
    writer.operator("PAD", [x, sides], padded)
    turned = net.tensor(1, 4, 8, 3, like=x)
    writer.operator("TRANSPOSE", [padded, writer.constant(np.int32([0, 2, 1, 3]))], turned)
    larger = net.tensor(1, 7, 16, 3, like=x)
    size = writer.constant(np.int32([7, 16]))
    writer.operator("RESIZE_NEAREST_NEIGHBOR", [turned, size], larger)
    other = net.function("RELU", larger)
    joined = net.joined(larger, other)
    limits = [writer.constant(np.int32(v)) for v in ([0, 1, 0, 1], [1, 6, 16, 6], [1, 2, 3, 1])]
    part = net.tensor(1, 3, 6, 5, like=x)
    writer.operator("STRIDED_SLICE", [joined, *limits], part)
    flat = net.tensor(1, 90, like=x)
    new_shape = writer.constant(np.int32([1, 90]))
    writer.operator("RESHAPE", [part, new_shape], flat, newShape=[1, 90])
    writer.write(path, [x], [net.function("HARD_SWISH", flat)])
    return shape


def test_bytes_are_moved(tmp_path: Path) -> None:
    shape = write_movements(tmp_path / "net.tflite")
    inputs = int8_inputs(np.random.default_rng(0), shape)
    check(tmp_path / "net.tflite", inputs, tmp_path / "src")


def write_mixed(path: Path, *, float_outputs: int) -> None:
    """Write a network with two FP32 inputs and outputs, the first ones FP32."""
    writer = ModelWriter()
    random = np.random.default_rng(1)
    given = [writer.tensor((1, 4, 4, 3), kind="FLOAT32") for _ in range(2)]
    inside = [writer.tensor((1, 4, 4, 3), scale(random), 5) for _ in range(2)]
    for value, integers in zip(given, inside, strict=True):
        writer.operator("QUANTIZE", [value], integers)
    total = writer.tensor((1, 4, 4, 3), scale(random), -3)
    writer.operator("ADD", inside, total)
    outputs = []
    for index in range(2):
        made = writer.tensor((1, 4, 4, 3), scale(random), index)
        writer.operator("RELU", [total], made)
        if index < float_outputs:
            number = writer.tensor((1, 4, 4, 3), kind="FLOAT32")
            made = writer.operator("DEQUANTIZE", [made], number)
        outputs.append(made)
    writer.write(path, given, outputs)


def test_numbers_become_integers_and_numbers_again(tmp_path: Path) -> None:
    path = tmp_path / "net.tflite"
    write_mixed(path, float_outputs=2)
    random = np.random.default_rng(0)
    inferences = [
        [random.standard_normal((1, 4, 4, 3)).astype(np.float32) for _ in range(2)]
        for _ in range(3)
    ]
    check(path, inferences, tmp_path / "src")


def test_outputs_of_different_types_are_refused(tmp_path: Path) -> None:
    write_mixed(tmp_path / "net.tflite", float_outputs=1)
    with pytest.raises(ModelError, match=r"outputs have different types: .* is fp32, .* is int8"):
        compile_graph(compiled(tmp_path / "net.tflite"), Hardware())


def test_weights_are_counted(tmp_path: Path) -> None:
    net = NetworkWriter(0)
    x = net.tensor(1, 4, 4, 3)
    y = net.convolution(x, 5)
    net.writer.write(tmp_path / "net.tflite", [x], [y])
    program = compile_graph(compiled(tmp_path / "net.tflite"), Hardware(), [Cpu()])
    (segment,) = program.segments
    (target,) = (each for each in program.targets if each.name == "cpu")
    entry = target.describe(program.network, segment.layers[0], None)
    node = program.graph.nodes[0]
    weight = program.graph.arrays(node)["weight"]
    positions = np.prod(program.graph.tensors[node.output].shape[1:3])
    assert entry["weight_bytes"] == weight.size
    assert entry["macs"] == positions * weight.size
