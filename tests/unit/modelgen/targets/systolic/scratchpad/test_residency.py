"""What stays in the activation buffer, what is streamed through it, and what is in memory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modelgen.errors import ModelError
from modelgen.hardware import Hardware
from modelgen.ir.graph import Graph
from modelgen.operators import MaxPool2d, Permute
from modelgen.operators.window import Window
from modelgen.plan.compiler import compile_graph
from modelgen.targets.systolic import Systolic
from modelgen.targets.systolic.geometry import View, geometry, movement
from modelgen.targets.systolic.jobs import EngineLayer
from modelgen.targets.systolic.scratchpad.layout import layout_for
from modelgen.targets.systolic.scratchpad.residency import (
    Residency,
    Work,
    can_read,
    plan,
    reads_maps_as_rows,
)
from tests.support import networks
from tests.support.compiled import network_of
from tests.support.graph_builder import GraphBuilder
from tests.support.layers import convolution, product

HARDWARE = Hardware()


def test_maps_stay_in_the_buffer() -> None:
    """Only what the store path adds is in memory, and the frames are made without a fence."""
    program = compile_graph(networks.resnet8(), Hardware())
    layers = [layer for layer in program.layers if isinstance(layer, EngineLayer)]
    assert layers[0].source_place == "memory, kept in buffer"
    assert all(layer.source_place == "buffer" for layer in layers[1:])
    added = {node.inputs[1] for node in program.graph.nodes if len(node.inputs) > 1}
    assert {name for name in program.arena.offsets if name != layers[-1].node.output} == added


def planned(graph: Graph, hardware: Hardware = HARDWARE) -> Residency:
    """Return where the tensors of a graph live; its softmax runs on the CPU."""
    network = network_of(graph, hardware)
    works = [
        Work(step.node, geometry(graph, step.node) if step.target == Systolic.name else None)
        for step in network.steps
    ]
    return plan(network, works)


def three_convolutions(*shape: int) -> tuple[Graph, str, str]:
    graph = GraphBuilder(1, *shape)
    first = graph.conv("x", shape[-1])
    second = graph.conv(first, shape[-1])
    return graph.build(graph.conv(second, shape[-1])), first, second


def test_what_fits_stays_from_its_maker_to_its_last_reader() -> None:
    graph, first, second = three_convolutions(8, 8, 12)
    where = planned(graph)
    assert where.layouts.keys() == {"x", first, second}
    assert where.loaders == {"x": 0}
    assert where.in_memory == {"x", graph.outputs[0]}
    assert where.staging == {}
    assert [where.layout_read(name, i) for i, name in enumerate(("x", first, second))] == [
        where.layouts[name] for name in ("x", first, second)
    ]
    lives = {region.name: (region.first, region.last) for region in where.buffer.regions}
    assert lives[second] == (0, 2)


def test_what_does_not_fit_is_streamed_through_an_area_of_its_own() -> None:
    hardware = Hardware(buffer_words=512)
    graph, first, second = three_convolutions(8, 8, 12)
    where = planned(graph, hardware)
    assert where.layouts == {}
    assert where.in_memory == {"x", first, second, graph.outputs[0]}
    assert where.staging.keys() == {0, 1, 2}
    for layer, (begin, words) in where.staging.items():
        assert begin >= 0 and words >= hardware.buffer_words // 4
        assert begin + words <= hardware.buffer_words
        for region in where.buffer.regions:
            if region.first <= layer <= region.last and region.name != f"staging of layer {layer}":
                assert region.offset + region.size <= begin or begin + words <= region.offset


@pytest.mark.parametrize("buffer_words", [1 << exponent for exponent in range(9, 15)])
def test_regions_that_live_at_the_same_time_lie_apart(buffer_words: int) -> None:
    graph, *_ = three_convolutions(12, 12, 12)
    where = planned(graph, Hardware(buffer_words=buffer_words))
    assert where.buffer.size <= buffer_words
    taken = np.zeros((len(graph.nodes), buffer_words), int)
    for region in where.buffer.regions:
        rows = slice(region.first, region.last + 1)
        taken[rows, region.offset : region.offset + region.size] += 1
    assert taken.max() == 1


def test_what_the_cpu_reads_or_adds_is_in_memory_too() -> None:
    graph = GraphBuilder(1, 8, 8, 4)
    first = graph.conv("x", 4)
    second = graph.conv(first, 4)
    total = graph.conv(second, 4, residual=first)
    built = graph.build(graph.softmax(total))
    where = planned(built)
    assert where.in_memory == {"x", first, total, built.outputs[0]}
    assert {"x", first, second} == where.layouts.keys()


def test_an_input_of_which_most_is_skipped_is_streamed() -> None:
    graph = GraphBuilder(1, 8, 8, 4)
    where = planned(graph.build(graph.conv("x", 4, (1, 1), (2, 2), (0, 0, 0, 0))))
    assert where.layouts == {} and where.staging.keys() == {0}


def test_readers_with_other_padding_share_no_frame() -> None:
    """A convolution is padded with zeros, a maximum with what is below all values."""
    graph = GraphBuilder(1, 8, 8, 4)
    first = graph.conv("x", 4)
    conv = graph.conv(first, 4)
    pooled = graph.pool(MaxPool2d, first, (3, 3), (1, 1), (1, 1, 1, 1))
    where = planned(graph.build(graph.pointwise(conv, residual=pooled)))
    read = [where.layout_read(first, layer) for layer in (1, 2)]
    assert sum(layout is not None for layout in read) == 1
    assert first in where.in_memory


def test_who_can_read_a_layout() -> None:
    padded = convolution((2, 8, 8, 4), 4, Window((3, 3), padding=(1, 1, 1, 1)))
    layout = layout_for(padded.source, [padded], HARDWARE)
    assert can_read(layout, padded, HARDWARE, loads=True)
    assert not can_read(replace(layout, head=0), padded, HARDWARE, loads=True)
    rows = product(2, 8 * 8 * 4, 5)
    assert reads_maps_as_rows(layout, rows)
    assert can_read(layout, rows, HARDWARE, loads=False) and not can_read(
        layout, rows, HARDWARE, loads=True
    )
    assert not reads_maps_as_rows(layout, product(1, 2 * 8 * 8 * 4, 5))


def enlarged(graph: GraphBuilder, source: str) -> str:
    """Add a pixel shuffle: maps of twice as many rows and columns, and fewer channels."""
    images, rows, columns, channels = graph.shape(source)
    parts = graph.reshape(source, images, rows, columns, 2, 2, channels // 4)
    moved = graph.move(Permute((0, 1, 3, 2, 4, 5)), parts)
    return graph.reshape(moved, images, 2 * rows, 2 * columns, channels // 4)


def test_what_is_moved_is_written_as_its_readers_need_it() -> None:
    """A movement of six dimensions writes maps with the padding of the next convolution."""
    graph = GraphBuilder(1, 8, 8, 32)
    made = graph.conv("x", 32)
    maps = enlarged(graph, made)
    built = graph.build(graph.conv(maps, 8, (3, 3), padding=(1, 1, 1, 1)))
    found = planned(built)
    (moved,) = [node.output for node in built.nodes if isinstance(node.operator, Permute)]
    assert found.layouts[moved].view == View(1, 16, 16, 8)
    assert found.layouts[moved].fill == 0.0
    assert moved not in found.in_memory and made not in found.in_memory


def test_a_movement_loads_no_map() -> None:
    """It streams what another has to load; a layout that is there it reads, frame or not."""
    permutation = movement(Permute((0, 2, 1, 3)), (1, 8, 8, 4))
    padded = convolution((1, 8, 8, 4), 4, Window((3, 3), padding=(1, 1, 1, 1)))
    layout = layout_for(permutation.source, [padded], HARDWARE)
    assert can_read(layout, permutation, HARDWARE, loads=False)
    assert not can_read(layout, permutation, HARDWARE, loads=True)


def test_a_pooling_that_needs_more_than_the_buffer_is_an_error_of_the_layer() -> None:
    graph = GraphBuilder(1, 16, 16, 40)
    built = graph.build(graph.conv("x", 8, (1, 1), padding=(0, 0, 0, 0), pool=(8, 8)))
    hardware = Hardware(array_size=32, buffer_words=256)
    with pytest.raises(ModelError, match=r"40 channels.*buffer_words"):
        compile_graph(built, hardware)
