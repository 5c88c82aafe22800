"""The schedule of a layer: fast by the cost model, and as few jobs as that takes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from modelgen.errors import ModelError
from modelgen.hardware import Hardware
from modelgen.operators.window import Window
from modelgen.plan.analysis import describe
from modelgen.plan.compiler import compile_graph
from modelgen.targets.systolic.abi import Fence
from modelgen.targets.systolic.geometry import Geometry
from modelgen.targets.systolic.jobs import EngineLayer
from modelgen.targets.systolic.scratchpad.layout import layout_for
from modelgen.targets.systolic.tiling.cut import Source, Target
from modelgen.targets.systolic.tiling.schedule import Following, Schedule, schedule
from modelgen.verify.golden import golden_outputs
from tests.support import networks
from tests.support.compiled import inferences_of
from tests.support.graph_builder import GraphBuilder
from tests.support.integer_graphs import SAME, IntegerGraph
from tests.support.layers import convolution, geometry_of


@pytest.mark.parametrize(
    ("name", "size", "cycles"), [("resnet8", 16, 52600), ("vgg6", 16, 160000), ("dscnn", 16, 29500)]
)
def test_predicted_cycles(name: str, size: int, cycles: int) -> None:
    program = compile_graph(getattr(networks, name)(), Hardware(array_size=size))
    assert describe(program)["predicted_cycles"] < cycles


def test_a_matrix_with_a_frame_is_loaded_whole() -> None:
    """One reader of the input needs a frame round its rows; the other could take it in parts."""
    graph = GraphBuilder(1, 20, 1, 256)
    plain = graph.conv("x", 8, (1, 1), padding=(0, 0, 0, 0))
    framed = graph.conv("x", 8, (3, 1), padding=(1, 1, 0, 0))
    built = graph.build(graph.pointwise(plain, residual=framed))
    golden_outputs(compile_graph(built, Hardware(array_size=4)), inferences_of(built))


def test_channels_that_are_not_summed_are_no_parts_of_a_sum() -> None:
    """Where the accumulators hold no two rows, loading rows in parts would look fast."""
    graph = GraphBuilder(1, 15, 1, 108)
    built = graph.build(graph.pointwise("x", affine=True))
    program = compile_graph(built, Hardware(accumulator_depth=32, buffer_words=8192))
    golden_outputs(program, inferences_of(built))


@pytest.mark.parametrize("size", [8, 16])
@pytest.mark.parametrize("shape", [(64, 256, 64), (128, 128, 128), (256, 256, 64)])
def test_products_come_near_the_limit(shape: tuple[int, int, int], size: int) -> None:
    rows, words, columns = shape
    graph = GraphBuilder(rows, words)
    program = compile_graph(graph.build(graph.linear("x", columns)), Hardware(array_size=size))
    document = describe(program)
    assert document["predicted_cycles"] < 1.2 * document["limit_cycles"]
    assert not any(job.fence for layer in program.layers for job in layer.jobs)


def test_one_row_is_one_descriptor_a_layer() -> None:
    graph = GraphBuilder(1, 784)
    last = graph.linear("x", 128, low=0.0)
    built = graph.build(graph.softmax(graph.linear(graph.linear(last, 64), 10)))
    program = compile_graph(built, Hardware())
    jobs = [layer.jobs for layer in program.layers if isinstance(layer, EngineLayer)]
    assert [len(of_layer) for of_layer in jobs] == [1, 1, 1]
    assert [of_layer[0].fence for of_layer in jobs] == [Fence.NONE, Fence.ALL, Fence.ALL]
    assert [segment.target for segment in program.segments] == ["engine", "cpu"]


def test_first_layer_fills_the_array() -> None:
    """Three channels: slices go on from kernel row to kernel row."""
    program = compile_graph(networks.resnet8(), Hardware(array_size=16))
    first = program.layers[0]
    assert len(first.slices) == 2
    assert sorted(np.concatenate(first.slices).tolist()) == list(range(27))


def scheduled(
    layer: Geometry,
    hardware: Hardware,
    ready_rows: int,
    following: Following = Following.READS,
    busy: float = 0.0,
) -> Schedule:
    """Return the schedule of a layer from memory to memory."""
    source = Source("x", staging=(0, hardware.buffer_words))
    target = Target("y", True)
    return schedule(
        "it", layer, source, target, hardware, ready_rows, following=following, busy=busy
    )


@pytest.mark.parametrize("buffer_words", [256, 1024, 65536])
@pytest.mark.parametrize("depth", [32, 1024])
def test_jobs_fit_the_buffer_and_the_accumulators(buffer_words: int, depth: int) -> None:
    """Two consecutive groups of sums have to fit, since one is stored while the next is made."""
    hardware = Hardware(buffer_words=buffer_words, accumulator_depth=depth)
    layer = convolution((1, 20, 20, 12), 20, Window((3, 3), padding=(1, 1, 1, 1)))
    found = scheduled(layer, hardware, layer.source.rows)
    assert sum(found.tiling.heights) == 20 and sum(found.tiling.tiles) == 3
    assert found.ready_rows == 20 - found.tiling.heights[-1]
    sums = [job for job in found.cut.jobs if job.first]
    for before, job in pairwise(sums):
        assert before.entries + job.entries <= depth
    for job in found.cut.jobs:
        load = job.load
        if load is not None:
            end = load.base + load.head + load.rows * load.pitch + load.tail
            assert end <= buffer_words


def test_a_buffer_that_is_too_small_is_named_with_the_knob() -> None:
    """A stored position needs all those under its pooling at the same time."""
    hardware = Hardware(array_size=32, buffer_words=256)
    layer = convolution((1, 16, 16, 40), 8, Window((1, 1)), pool=(8, 8))
    with pytest.raises(ModelError, match=r"^Layer 'it' has 40 channels.*256 words.*buffer_words"):
        scheduled(layer, hardware, 16)


def test_the_last_block_of_a_chain_is_small() -> None:
    """Nobody else works while it is stored; within a chain the next layer does."""
    layer = convolution((1, 8, 8, 32), 16, Window((3, 3), padding=(1, 1, 1, 1)))
    followed = scheduled(layer, Hardware(), 8)
    final = scheduled(layer, Hardware(), 8, Following.WAITS)
    assert final.tiling.heights[-1] < followed.tiling.heights[-1]


def resident(layer: Geometry, following: Following, *, loads: bool = False) -> tuple[int, ...]:
    """Return the heights of the blocks of a layer from buffer to memory, at S = 16."""
    hardware = Hardware(array_size=16)
    source = Source("x", layout_for(layer.source, [layer], hardware), loads)
    target = Target("y", True)
    rows = layer.source.rows
    made = schedule("it", layer, source, target, hardware, rows, following=following)
    return made.tiling.heights


def test_a_layer_whose_storing_others_hide_is_one_job() -> None:
    """A 1x1 convolution stores for much longer than it computes."""
    layer = convolution((1, 16, 16, 16), 32, Window((1, 1)))
    assert len(resident(layer, Following.READS)) > 1
    assert resident(layer, Following.COMPUTES) == (16,)


def test_the_last_block_may_be_the_largest() -> None:
    """The next layer computes from the rows before while a slow store goes on."""
    layer = convolution((1, 32, 32, 3), 16, Window((3, 3), padding=(1, 1, 1, 1)))
    heights = resident(layer, Following.READS, loads=True)
    assert heights[-1] == max(heights) == 16 > heights[0]


def test_the_first_block_sees_no_rows_that_are_still_being_stored() -> None:
    layer = convolution((1, 8, 8, 8), 8, Window((3, 3), padding=(1, 1, 1, 1)))
    late, early = (scheduled(layer, Hardware(), rows, busy=90).tiling.heights for rows in (8, 4))
    assert layer.y.reach(late[0]) > 4
    assert layer.y.reach(early[0]) <= 4


def test_more_is_left_to_store_while_the_results_before_are_being_stored() -> None:
    """All but the last block wait for those, and the next layer for all but the last block."""
    hardware = Hardware(array_size=16, port_words=8)
    built = IntegerGraph(1, 25, 5, 64)
    layer = geometry_of(built.build(built.conv("x", 0, SAME, depthwise=True)))
    source = Source("x", layout_for(layer.source, [layer], hardware))
    target = Target("y", False, layout_for(layer.target, [], hardware))
    idle, busy = (
        schedule("it", layer, source, target, hardware, 25, busy=cycles) for cycles in (0, 400)
    )
    assert idle.tiling.heights[-1] < busy.tiling.heights[-1]
    assert idle.storing < busy.storing
