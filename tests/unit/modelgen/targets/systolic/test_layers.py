"""From steps to layers of jobs: places, accumulators, constants that are kept once."""

from __future__ import annotations

from itertools import pairwise

from modelgen.hardware import Hardware
from modelgen.operators import AvgPool2d
from modelgen.targets.base import Lowered
from modelgen.targets.systolic.descriptor import DESCRIPTOR_BYTES
from modelgen.targets.systolic.layers import lower
from tests.support.compiled import network_of
from tests.support.graph_builder import GraphBuilder

HARDWARE = Hardware(array_size=4)


def lowered(builder: GraphBuilder, output: str, hardware: Hardware = HARDWARE) -> Lowered:
    return lower(network_of(builder.build(output), hardware), "engine")


def test_layers_of_others_are_left_out() -> None:
    builder = GraphBuilder(1, 6)
    found = lowered(builder, builder.linear(builder.softmax(builder.linear("x", 5)), 3))
    assert list(found.layers) == [0, 2]
    assert {"x", "linear0", "softmax1", "linear2"} == found.in_memory


def test_where_maps_come_from_and_go() -> None:
    builder = GraphBuilder(1, 6, 6, 4)
    found = lowered(builder, builder.conv(builder.conv("x", 4), 4))
    places = [(layer.source_place, layer.target_place) for layer in found.layers.values()]
    assert places == [("memory, kept in buffer", "buffer"), ("buffer", "memory")]
    assert found.scratchpad.size > 0


def test_little_is_left_to_store_for_a_layer_that_needs_all_rows() -> None:
    def last_rows(pooling: int) -> int:
        builder = GraphBuilder(1, 16, 16, 8)
        window = (pooling, pooling), (pooling, pooling)
        pooled = builder.pool(AvgPool2d, builder.conv("x", 32), *window)
        layers = lowered(builder, builder.linear(builder.flatten(pooled), 8)).layers
        store = layers[0].jobs[-1].store
        assert store is not None
        return store.rows

    assert last_rows(16) < last_rows(4)


def test_every_job_has_a_descriptor() -> None:
    builder = GraphBuilder(1, 40, 40, 8)
    found = lowered(builder, builder.conv("x", 16), Hardware(array_size=4, buffer_words=1024))
    jobs = found.layers[0].jobs
    assert len(jobs) > 1
    assert len(found.sections["descriptors"]) == len(jobs) * DESCRIPTOR_BYTES


def test_equal_constants_are_kept_once() -> None:
    builder = GraphBuilder(1, 4)
    first = builder.linear("x", 4)
    second = builder.linear(first, 4)
    graph = builder.build(second)
    one, other = graph.nodes
    for role, name in one.constants.items():
        graph.constants[other.constants[role]][...] = graph.constants[name]
    found = lower(network_of(graph, HARDWARE), "engine")
    weights = [layer.jobs[0].weights for layer in found.layers.values()]
    assert weights == [0, 0]
    assert len({layer.jobs[0].parameters for layer in found.layers.values()}) == 1
    assert len(found.sections["weights"]) == 4 * 4


def test_jobs_side_by_side_have_other_accumulators() -> None:
    builder = GraphBuilder(1, 40, 40, 8)
    hardware = Hardware(array_size=4, buffer_words=1024, accumulator_depth=64)
    jobs = lowered(builder, builder.conv("x", 4), hardware).layers[0].jobs
    for one, following in pairwise(jobs):
        if following.first:
            mine = set(range(one.accumulator, one.accumulator + one.entries))
            theirs = range(following.accumulator, following.accumulator + following.entries)
            assert not mine & set(theirs)


def test_a_layer_does_not_overwrite_the_sums_of_the_one_before() -> None:
    """They are still being stored when it begins."""
    builder = GraphBuilder(1, 8)
    found = lowered(builder, builder.linear(builder.linear("x", 4), 4))
    (first,), (second,) = (layer.jobs for layer in found.layers.values())
    assert first.accumulator != second.accumulator


def test_functions_of_one_chain_load_their_table_once() -> None:
    builder = GraphBuilder(1, 6, 6, 4)
    name = builder.conv("x", 4, function="silu")
    name = builder.conv(name, 4, low=0.0)
    name = builder.conv(name, 4, function="sigmoid")
    name = builder.conv(name, 4, function="tanh")
    layers = lowered(builder, name).layers.values()
    loads = [[bool(job.store and job.store.loads_table) for job in layer.jobs] for layer in layers]
    assert [any(of_layer) for of_layer in loads] == [True, False, False, True]
    tables = [layer.table for layer in layers]
    assert tables[0] == tables[2] != tables[3], "SiLU is a value times the table of sigmoid"


def test_a_sum_may_be_written_over_its_operand() -> None:
    builder = GraphBuilder(1, 6, 6, 4)
    first = builder.conv("x", 4)
    found = lowered(builder, builder.conv("x", 4, residual=first))
    assert found.overwrites == {1: 1}, "the second input of the second step"
