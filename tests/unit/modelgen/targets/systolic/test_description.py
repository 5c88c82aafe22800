"""What the report says of a layer on the engine: its limit, its shape, how it was cut."""

from __future__ import annotations

from dataclasses import replace

from torch import nn

from modelgen.hardware import Hardware
from modelgen.ir.graph import Graph
from modelgen.ir.views import views
from modelgen.operators import Permute
from modelgen.operators.window import Window
from modelgen.passes.merge_groups import merge_groups
from modelgen.quantize.weights import quantize
from modelgen.targets.base import Network
from modelgen.targets.systolic.description import describe, shape_text
from modelgen.targets.systolic.geometry import geometry
from tests.support.engine_jobs import compute, job, layer, store
from tests.support.graph_builder import GraphBuilder
from tests.support.imported import imported
from tests.support.layers import convolution, product

HARDWARE = Hardware(array_size=4, port_words=2)


def network(graph: Graph) -> Network:
    return Network(graph, HARDWARE, (), views(graph))


def test_shapes() -> None:
    assert shape_text(layer(job(), geometry=product(6, 9, 10))) == "6 x 9 -> 10"
    window = Window((3, 3), (1, 1), (0, 0, 0, 0))
    maps = convolution((1, 8, 6, 3), 4, window)
    assert shape_text(layer(job(), geometry=maps)) == "8 x 6 x 3 -> 6 x 4 x 4"
    several = convolution((2, 8, 6, 3), 4, window)
    assert shape_text(layer(job(), geometry=several)) == "2 x 8 x 6 x 3 -> 2 x 6 x 4 x 4"


def test_entries_of_a_layer() -> None:
    builder = GraphBuilder(6, 9)
    graph = builder.build(builder.linear("x", 10))
    wide, narrow = compute(rows=4, columns=1), compute(rows=2, columns=1)
    jobs = job(compute=wide, tiles=3, store=store()), job(compute=narrow, tiles=3, store=store())
    made = replace(layer(*jobs), node=graph.nodes[0], slices=(range(4), range(4, 8), range(8, 9)))
    entry = describe(network(graph), made, 200)
    assert entry["note"] == "2 jobs, 2 to 4 rows and 3 tiles each; memory to memory"
    assert (entry["macs"], entry["weight_bytes"]) == (540, 90)
    assert entry["activation_bytes"] == 4 * (54 + 60)
    assert entry["limit_cycles"] == 68.2, "546 bytes at 8 a cycle, all outside the network"
    assert entry["streaming_limit_cycles"] == 68.2
    assert entry["depthwise_cycles"] == 0.0
    assert entry["descriptors"] == 2
    # 6 rows x 3 slices x 3 tiles; 3 slices of 4 for 9 words; 3 tiles of 4 for 10 channels.
    assert entry["array_cycles"] == 54
    losses = entry["losses"]
    assert losses["k_rounding"] == 45 - 34 and losses["n_rounding"] == 54 - 45
    assert entry["utilization"] == round(540 / 16 / 200, 3)
    assert abs(540 / 16 + sum(losses.values()) - 200) < 2, "together they are the layer's cycles"


def test_one_job_is_singular() -> None:
    builder = GraphBuilder(6, 9)
    graph = builder.build(builder.linear("x", 10))
    one = job(compute=compute(rows=1, columns=1), tiles=1, store=store())
    made = replace(layer(one), node=graph.nodes[0])
    assert describe(network(graph), made, None)["note"].startswith("1 job, 1 row and 1 tile each;")


def test_a_movement_is_no_part_of_the_limit() -> None:
    builder = GraphBuilder(2, 16, 32)
    moved = builder.move(Permute((0, 2, 1)), builder.linear("x", 32))
    graph = builder.build(builder.linear(moved, 8))
    jobs = [job(compute=compute(rows=8, columns=32, run=1), tiles=1, store=store())] * 4
    made = replace(layer(*jobs), node=graph.nodes[1], geometry=geometry(graph, graph.nodes[1]))
    entry = describe(network(graph), made, 1300)
    assert entry["limit_cycles"] == entry["streaming_limit_cycles"] == entry["macs"] == 0
    assert entry["array_cycles"] == 4 * 8 * 32
    assert entry["losses"]["start, load and store"] == 1300 - 1024


def test_maps_between_layers_need_not_be_moved() -> None:
    """Of the second of three products: 16 rows of 32 words, 8 columns."""
    builder = GraphBuilder(16, 32)
    second = builder.linear(builder.linear("x", 32), 8)
    graph = builder.build(builder.linear(second, 8))
    one = job(compute=compute(rows=16, columns=1), tiles=2, store=store())
    made = replace(layer(one, geometry=product(16, 32, 8)), node=graph.nodes[1])
    entry = describe(network(graph), made, 1000)
    assert entry["limit_cycles"] == 4096 / 16 > 256 / 8
    assert entry["streaming_limit_cycles"] == (256 + 4 * (512 + 128)) / 8


def test_zeros_of_joined_groups_are_no_work() -> None:
    model = nn.Conv2d(8, 8, 3, groups=2)
    graph = merge_groups(quantize(imported(model, features=(8, 8, 8), batch=1)), 16)
    geometry = convolution((1, 8, 8, 8), 8, Window((3, 3)))
    one = job(compute=compute(rows=6, columns=6, run=72), tiles=2, store=store())
    node = next(node for node in graph.nodes if "weight" in node.constants)
    made = replace(layer(one, geometry=geometry), node=node, slices=(range(4),) * 18)
    entry = describe(network(graph), made, 3000)
    assert entry["op"] == "conv 3x3, 2 groups"
    assert entry["macs"] == 36 * 9 * 8 * 4 and entry["weight_bytes"] == 9 * 8 * 4
    assert entry["losses"]["k_rounding"] == entry["macs"] / 16
