"""Schedules: equal to the direct reference bit for bit, free of hazards, and fast by the model."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelgen import arena
from modelgen.analysis import describe, limit_cycles
from modelgen.compiler import compile_graph
from modelgen.cost import chain_cycles, job_cost
from modelgen.descriptor import Descriptor
from modelgen.errors import ModelError
from modelgen.execute import run_graph as run_torch
from modelgen.graph import Graph
from modelgen.hardware import Hardware
from modelgen.image import build_image, descriptors_of, execute
from modelgen.passes.quantize import quantize
from modelgen.program import Chain, CpuLayer, EngineLayer, Job, Program
from modelgen.quantization import simplify
from modelgen.reference.network import run_graph
from modelgen.schedule import Product, schedule
from modelgen.tolerance import output_tolerance
from tests.unit.networks import bits, perceptron


@st.composite
def hardwares(draw: st.DrawFn) -> Hardware:
    size = draw(st.sampled_from([4, 8, 12, 16, 32]))
    banks = 1 << (size - 1).bit_length()
    smallest = max(256, 4 * banks).bit_length() - 1
    return Hardware(
        array_size=size,
        port_words=draw(st.sampled_from([1, 2, 4])),
        buffer_words=1 << draw(st.integers(smallest, 13)),
        accumulator_depth=1 << draw(st.integers(4, 10)),
    )


@st.composite
def networks(draw: st.DrawFn) -> Graph:
    layers = draw(st.integers(1, 3))
    sizes = draw(st.lists(st.integers(1, 70), min_size=layers + 1, max_size=layers + 1))
    return perceptron(
        draw(st.integers(1, 40)),
        sizes,
        relu=draw(st.lists(st.booleans(), min_size=layers, max_size=layers)),
        softmax=draw(st.booleans()),
        seed=draw(st.integers(0, 1000)),
    )


def compiled(graph: Graph, hardware: Hardware) -> tuple[Program, Graph]:
    quantized = quantize(simplify(graph))
    return compile_graph(quantized, hardware), quantized


def inputs_of(graph: Graph, seed: int = 0) -> np.ndarray:
    shape = graph.tensors[graph.input].shape
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


@settings(max_examples=60, deadline=None)
@given(networks(), hardwares())
def test_chain_equals_layer_by_layer_reference(network: Graph, hardware: Hardware) -> None:
    program, graph = compiled(network, hardware)
    values = inputs_of(graph)
    wanted = run_graph(graph, values, hardware.array_size)
    got = execute(program, values).reshape(wanted.shape)
    np.testing.assert_array_equal(bits(got), bits(wanted))
    assert (np.abs(run_torch(graph, values) - wanted) <= output_tolerance(graph, values)).all()


@settings(max_examples=40, deadline=None)
@given(networks(), hardwares())
def test_no_hazards(network: Graph, hardware: Hardware) -> None:
    program, graph = compiled(network, hardware)
    image = build_image(program, inputs_of(graph))
    for step in program.steps:
        if isinstance(step, Chain):
            check_hazards(descriptors_of(program, step, image.addresses))


def check_hazards(jobs: list[Descriptor]) -> None:
    """Compare sets of single words: nothing that may still be in use is overwritten or read early.

    Without a fence, a job may load while the one before computes, and compute while the last one
    that stores does so.
    """
    unfenced: set[int] = set()
    before = storing = None
    for job in jobs:
        if job.fence:
            unfenced.clear()
            before = storing = None
        if job.load:
            loaded = words_of(job.source, job.source_pitch, job.rows, job.words)
            assert not loaded & unfenced
            assert before is None or not buffer_of(before) & buffer_of(job)
        if job.first:
            assert storing is None or not accumulators_of(storing) & accumulators_of(job)
        if job.store:
            unfenced |= words_of(job.destination, job.destination_pitch, job.rows, job.columns)
            storing = job
        before = job


def words_of(address: int, pitch: int, rows: int, columns: int) -> set[int]:
    return {address + row * pitch + 4 * word for row in range(rows) for word in range(columns)}


def buffer_of(job: Descriptor) -> set[int]:
    return words_of(4 * job.buffer_base, 4 * job.buffer_pitch, job.rows, job.words)


def accumulators_of(job: Descriptor) -> set[int]:
    return set(range(job.accumulator_base, job.accumulator_base + job.rows * job.tiles))


def coverage(jobs: Iterable[Job]) -> int:
    return sum(job.rows * job.words * job.columns for job in jobs)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 3000), st.integers(1, 5000), st.integers(1, 3000), hardwares())
def test_any_size_is_covered_once(rows: int, words: int, columns: int, hardware: Hardware) -> None:
    jobs = schedule(Product(rows, words, columns), hardware)
    assert coverage(jobs) == rows * words * columns
    for job in jobs:
        assert job.buffer_base + (job.rows - 1) * job.buffer_pitch + job.words <= (
            hardware.buffer_words
        )
        assert job.accumulator_base + job.rows * job.tiles <= hardware.accumulator_depth
        assert job.word % hardware.array_size == 0
        assert job.column % hardware.array_size == 0
        assert max(job.rows, job.words, job.columns, job.buffer_pitch) < 1 << 16


@pytest.mark.parametrize("words", [65535, 65536, 100000])
def test_longer_than_a_descriptor_field(words: int) -> None:
    hardware = Hardware(buffer_words=65536)
    jobs = schedule(Product(1, words, 9), hardware)
    assert coverage(jobs) == words * 9


@pytest.mark.parametrize("size", [8, 16])
@pytest.mark.parametrize("shape", [(64, 256, 64), (128, 128, 128), (256, 256, 64)])
def test_products_come_near_the_limit(shape: tuple[int, int, int], size: int) -> None:
    hardware = Hardware(array_size=size)
    jobs = schedule(Product(*shape), hardware)
    cycles = chain_cycles([job_cost(job, hardware) for job in jobs])[-1]
    assert cycles < 1.12 * limit_cycles(*shape, hardware)
    assert not any(job.fence for job in jobs)


def test_one_row_is_one_descriptor_a_layer() -> None:
    program, _ = compiled(perceptron(1, [784, 128, 64, 10], softmax=True), Hardware())
    jobs = [layer.jobs for layer in program.layers if isinstance(layer, EngineLayer)]
    assert [len(of_layer) for of_layer in jobs] == [1, 1, 1]
    assert [of_layer[0].fence for of_layer in jobs] == [False, True, True]
    assert isinstance(program.steps[0], Chain) and isinstance(program.steps[1], CpuLayer)


def test_shared_weights_are_stored_once() -> None:
    graph = simplify(perceptron(1, [32, 32, 32], relu=[False, False]))
    first, second = graph.nodes
    shared = type(second)(**{**vars(second), "constants": first.constants})
    program, quantized = compiled(graph.with_nodes([first, shared]), Hardware())
    assert len(program.weights) == 32 * 32
    values = inputs_of(quantized)
    wanted = run_graph(quantized, values, 8)
    np.testing.assert_array_equal(bits(execute(program, values)), bits(wanted))


def test_relu_first_splits_nothing_from_the_engine() -> None:
    """A ReLU that nothing can clamp for runs on the CPU, between chains if need be."""
    graph = perceptron(2, [6, 5, 4])
    relu, linear = graph.nodes[1], graph.nodes[2]
    relu = type(relu)(**{**vars(relu), "inputs": ("x",)})
    tensors = {**graph.tensors, "relu0": type(graph.tensors["x"])("relu0", (2, 6))}
    constants = {**graph.constants, "fc1.weight": np.ones((4, 6), np.float32)}
    bare = graph.with_nodes([relu, linear], tensors=tensors, constants=constants)
    program, quantized = compiled(bare, Hardware())
    assert [type(step) for step in program.steps] == [CpuLayer, Chain]
    values = inputs_of(quantized)
    wanted = run_graph(quantized, values, 8)
    np.testing.assert_array_equal(bits(execute(program, values)), bits(wanted))


def test_rows_of_another_length_after_a_flatten() -> None:
    """A tensor that is read with another row length is contiguous, others have padded rows."""
    graph = perceptron(1, [3, 5, 2], relu=[False, False])
    tensors = {
        name: type(tensor)(name, {"x": (2, 4, 3), "fc0": (2, 4, 5)}.get(name, (2, 2)))
        for name, tensor in graph.tensors.items()
    }
    constants = {**graph.constants, "fc1.weight": np.ones((2, 20), np.float32)}
    wide = Graph("x", "fc1", 2, graph.nodes, tensors, constants)
    program, quantized = compiled(wide, Hardware())
    first, second = program.layers
    assert (first.destination_pitch, second.source_pitch) == (20, 80)
    values = inputs_of(quantized)
    wanted = run_graph(quantized, values, 8)
    np.testing.assert_array_equal(bits(execute(program, values)), bits(wanted))


def test_no_layer_at_all() -> None:
    graph = perceptron(1, [4, 2]).with_nodes([], output="x")
    with pytest.raises(ModelError, match="no layer"):
        compile_graph(graph, Hardware())


def test_arena_too_small() -> None:
    with pytest.raises(ModelError, match=r"need 256 bytes.*156 bytes are missing.*arena_kib"):
        compiled(perceptron(1, [8, 64, 2]), Hardware(arena_bytes=100))


def test_description() -> None:
    program, _ = compiled(perceptron(1, [784, 128, 64, 10], softmax=True), Hardware())
    document = describe(program)
    assert [layer["limit_cycles"] for layer in document["layers"]] == [6500.0, 560.0, 58.5, 0.0]
    assert document["layers"][0]["shape"] == "1 x 784 -> 128"
    assert document["layers"][0]["op"] == "linear, ReLU"
    assert document["macs"] == 784 * 128 + 128 * 64 + 64 * 10
    assert document["arena_bytes"] == document["arena_lower_bound"] == 768


lifetimes = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=3),
    st.builds(
        lambda first, length, size: arena.Lifetime(first, first + length, size),
        st.integers(0, 8),
        st.integers(1, 4),
        st.integers(4, 400),
    ),
    max_size=12,
)


@settings(max_examples=200, deadline=None)
@given(lifetimes)
def test_arena_keeps_living_tensors_apart(living: dict[str, arena.Lifetime]) -> None:
    placed = arena.place(living)
    assert placed.size >= placed.lower_bound
    for name, mine in living.items():
        assert placed.offsets[name] % arena.ALIGNMENT == 0
        assert placed.offsets[name] + mine.size <= placed.size
        for other, theirs in living.items():
            if other != name and mine.meets(theirs):
                begin, end = placed.offsets[other], placed.offsets[other] + theirs.size
                assert placed.offsets[name] >= end or placed.offsets[name] + mine.size <= begin


def test_arena_of_a_chain_reaches_the_lower_bound() -> None:
    living = {f"t{i}": arena.Lifetime(i, i + 1, 64 * (i % 3 + 1)) for i in range(9)}
    placed = arena.place(living)
    assert placed.size == placed.lower_bound
