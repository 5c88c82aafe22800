"""Compiled networks give what their layers give, whatever the network and the hardware."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from modelgen.errors import ModelError
from modelgen.hardware import Hardware
from modelgen.ir.graph import Graph
from modelgen.operators import AvgPool2d, MaxPool2d, Pad, Permute, Slice, Take
from modelgen.plan.analysis import describe
from modelgen.plan.compiler import compile_graph
from modelgen.plan.machine import execute
from modelgen.verify.golden import check, golden_outputs
from tests.support import networks
from tests.support.compiled import (
    SEEDS,
    assert_close,
    chains_of,
    hardwares,
    inferences_of,
    inputs_of,
)
from tests.support.float_network import run_float
from tests.support.graph_builder import GraphBuilder
from tests.support.networks import bits, random_network
from tests.support.overlap import check_fences


@settings(max_examples=80, deadline=None)
@given(SEEDS, hardwares())
def test_random_networks(seed: int, hardware: Hardware) -> None:
    """Whatever the hardware, the compiled program gives what the layers of its graph give."""
    graph = random_network(seed)
    batches = np.stack([inputs_of(graph, number) for number in range(2)])
    golden_outputs(compile_graph(graph, hardware), batches)


@pytest.mark.parametrize("size", [8, 16])
@pytest.mark.parametrize("name", ["resnet8", "vgg6", "cifar10", "dscnn"])
def test_known_networks(name: str, size: int) -> None:
    graph = getattr(networks, name)()
    hardware = Hardware(array_size=size)
    program = compile_graph(graph, hardware)
    values = inputs_of(graph)
    got = execute(program, values)
    check(program, values, got)
    assert_close(got, run_float(graph, values))
    for chain in chains_of(program, graph):
        check_fences(chain, size)


@pytest.mark.parametrize("words", [1024, 4096, 65536])
@pytest.mark.parametrize("size", [4, 8, 16])
def test_movements_between_layers(size: int, words: int) -> None:
    """Enlarged maps beside others, their channels in another order: in the buffer, or streamed."""
    builder = GraphBuilder(1, 10, 9, 12)
    first = builder.conv("x", 24)
    parts = builder.reshape(builder.conv(first, 40), 1, 10, 9, 2, 2, 10)
    moved = builder.move(Permute((0, 1, 3, 2, 4, 5)), parts)
    large = builder.reshape(moved, 1, 20, 18, 10)
    twice = builder.move(Take((1, 2), tuple(twice_each(n) for n in (10, 9))), first)
    both = builder.concatenate(large, twice)
    edged = builder.move(Pad((0, 1, 0, 0), (0, 0, 1, 0), value=0.5), both)
    inner = builder.move(Slice((0, 1, 0, 0), (1, 20, 18, 34), (1, 1, 1, 1)), edged)
    odd = builder.move(Take((3,), ((*range(0, 34, 2), *range(1, 34, 2)),)), inner)
    half = builder.move(Slice((0, 0, 0, 17), (1, 20, 18, 17), (1, 1, 1, 1)), odd)
    graph = builder.build(builder.move(Permute((0, 3, 1, 2)), builder.conv(half, 5)))
    program = compile_graph(graph, Hardware(array_size=size, buffer_words=words))
    assert {step.target for step in program.network.steps} == {"engine"}
    values = inputs_of(graph)
    check(program, values, execute(program, values))
    for chain in chains_of(program, graph):
        check_fences(chain, size)


def twice_each(count: int) -> tuple[int, ...]:
    return tuple(np.repeat(range(count), 2).tolist())


@pytest.mark.parametrize("words", [65535, 65536, 100000])
def test_longer_than_a_descriptor_field(words: int) -> None:
    graph = GraphBuilder(1, words)
    built = graph.build(graph.linear("x", 9))
    values = inputs_of(built)
    assert_close(execute(compile_graph(built, Hardware()), values), run_float(built, values))


def test_larger_than_the_buffer() -> None:
    """Rows with their halo, columns, channels and kernel taps: whatever it takes."""
    for buffer_words in (512, 2048, 8192):
        graph = GraphBuilder(1, 40, 40, 12)
        last = graph.conv("x", 20, (5, 5), padding=(2, 2, 2, 2), low=0.0)
        built = graph.build(graph.pool(MaxPool2d, last, (3, 3), (2, 2), (1, 1, 1, 1)))
        values = inputs_of(built)
        hardware = Hardware(buffer_words=buffer_words)
        assert_close(execute(compile_graph(built, hardware), values), run_float(built, values))


def padded_convolutions(
    kernel: tuple[int, int], padding: tuple[int, int, int, int], **fields: Any
) -> Graph:
    """A convolution that loads its input, and one that finds it in the buffer; batch of two."""
    graph = GraphBuilder(2, 8, 9, 5)
    last = graph.conv("x", 12, kernel, padding=padding, low=0.0, **fields)
    last = graph.conv(last, 12, kernel, padding=padding, **{**fields, "depthwise": True})
    return graph.build(graph.conv(last, 9, kernel, padding=padding, **fields))


@pytest.mark.parametrize("buffer_words", [65536, 512], ids=["resident", "streamed"])
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"stride": (2, 3)},
        {"stride": (3, 2), "dilation": (2, 1)},
        {"dilation": (3, 3)},
        {"padding": (6, 0, 0, 0)},
        {"padding": (0, 6, 0, 0)},
        {"padding": (0, 0, 6, 0)},
        {"padding": (0, 0, 0, 6)},
        {"padding": (3, 4, 5, 6), "kernel": (2, 1)},
    ],
    ids=str,
)
def test_padding_as_wide_as_the_kernel(fields: dict[str, Any], buffer_words: int) -> None:
    """Inferences one after another; rows and columns of outputs that see nothing but padding."""
    fields = {"kernel": (3, 3), "padding": (6, 6, 6, 6), **fields}
    graph = padded_convolutions(**fields)
    program = compile_graph(graph, Hardware(buffer_words=buffer_words, accumulator_depth=64))
    batches = inferences_of(graph)
    for values, outputs in zip(batches, golden_outputs(program, batches), strict=True):
        assert_close(outputs, run_float(graph, values))


def test_the_first_rows_see_only_padding() -> None:
    """The classifier of which later inferences were once wrong."""
    graph = GraphBuilder(1, 32, 32, 3)
    last = graph.conv("x", 16, padding=(3, 3, 3, 3), low=0.0)
    last = graph.conv(last, 32, padding=(0, 0, 0, 0), low=0.0)
    last = graph.conv(last, 32, padding=(0, 0, 0, 0))
    last = graph.pool(AvgPool2d, last, (32, 32), (32, 32))
    built = graph.build(graph.linear(graph.flatten(last), 4))
    golden_outputs(compile_graph(built, Hardware()), inferences_of(built))


def test_shared_weights_are_stored_once() -> None:
    graph = GraphBuilder(1, 32)
    built = graph.build(graph.linear(graph.linear("x", 32), 32))
    first, second = built.nodes
    shared = built.with_nodes([first, replace(second, constants=first.constants)])
    program = compile_graph(shared, Hardware())
    assert len(program.sections["weights"]) == 32 * 32


def test_no_layer_at_all() -> None:
    graph = GraphBuilder(1, 4)
    with pytest.raises(ModelError, match="no layer"):
        compile_graph(graph.build(graph.flatten("x")), Hardware())


def test_the_same_graph_gives_the_same_program() -> None:
    one, other = (compile_graph(networks.dscnn(), Hardware()) for _ in range(2))
    assert describe(one) == describe(other)
    values = inputs_of(one.graph)
    np.testing.assert_array_equal(bits(execute(one, values)), bits(execute(other, values)))


@pytest.mark.parametrize("buffer_words", [65536, 512], ids=["resident", "streamed"])
@pytest.mark.parametrize("dilation", [(2, 2), (3, 1), (1, 4)], ids=str)
def test_dilated_max_pooling(dilation: tuple[int, int], buffer_words: int) -> None:
    """Of what is loaded, and of what a convolution left in the buffer."""
    graph = GraphBuilder(2, 11, 12, 5)
    last = graph.pool(MaxPool2d, "x", (3, 2), (1, 1), (1, 1, 1, 0), dilation)
    last = graph.pool(MaxPool2d, graph.conv(last, 9), (2, 3), (2, 1), (0, 1, 1, 1), dilation)
    built = graph.build(last)
    program = compile_graph(built, Hardware(buffer_words=buffer_words, accumulator_depth=64))
    batches = inferences_of(built)
    for values, outputs in zip(batches, golden_outputs(program, batches), strict=True):
        assert_close(outputs, run_float(built, values))
