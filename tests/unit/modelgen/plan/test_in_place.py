"""Sums that are written over an operand, and operands that have to keep their place."""

from __future__ import annotations

import pytest

from modelgen.hardware import Hardware
from modelgen.ir.graph import Graph
from modelgen.memory.arena import Lifetime
from modelgen.plan.compiler import compile_graph
from modelgen.plan.in_place import in_place
from modelgen.plan.machine import execute
from modelgen.targets.base import Lowered
from modelgen.verify.golden import check
from tests.support.compiled import chains_of, inputs_of, network_of
from tests.support.graph_builder import GraphBuilder
from tests.support.overlap import check_fences


def shared(graph: Graph, **lifetimes: Lifetime) -> dict[str, str]:
    """Return what is written over what, if a target may write over operands that it adds."""
    overwrites = {index: 1 for index, node in enumerate(graph.nodes) if len(node.inputs) > 1}
    lowered = Lowered(layers={}, in_memory=frozenset(lifetimes), overwrites=overwrites)
    return in_place(network_of(graph, Hardware()), [lowered], lifetimes)


def test_an_operand_that_dies_gives_its_place_to_the_sum() -> None:
    graph = GraphBuilder(1, 4, 4, 3)
    first = graph.conv("x", 3)
    second = graph.conv(first, 3)
    total = graph.conv(second, 3, residual=first)
    built = graph.build(total)
    lives = {first: Lifetime(0, 2, 192), total: Lifetime(2, 3, 192)}
    assert shared(built, **lives) == {total: first}
    assert shared(built, **{**lives, first: Lifetime(0, 3, 192)}) == {}
    assert shared(built, **{**lives, total: Lifetime(2, 3, 96)}) == {}
    assert shared(built, **{total: lives[total]}) == {}


def test_a_layer_without_an_operand_is_written_over_nothing() -> None:
    """Its input is read after parts of its output are stored."""
    graph = GraphBuilder(1, 4, 4, 3)
    first = graph.conv("x", 3)
    second = graph.conv(first, 3)
    lives = {first: Lifetime(0, 1, 192), second: Lifetime(1, 2, 192)}
    assert shared(graph.build(second), **lives) == {}


def test_an_operand_that_is_the_input_too_is_not_written_over() -> None:
    graph = GraphBuilder(1, 4, 4, 3)
    first = graph.conv("x", 3)
    total = graph.conv(first, 3, residual=first)
    lives = {first: Lifetime(0, 1, 192), total: Lifetime(1, 2, 192)}
    assert shared(graph.build(total), **lives) == {}


def residual_blocks(count: int) -> Graph:
    """Blocks whose sums are the operands of the next, and a last layer after them."""
    graph = GraphBuilder(1, 8, 8, 12)
    last = graph.conv("x", 12)
    for _ in range(count):
        last = graph.conv(graph.conv(last, 12), 12, residual=last)
    return graph.build(graph.conv(last, 5))


@pytest.mark.parametrize("hardware", [Hardware(), Hardware(buffer_words=1024)], ids=str)
def test_sums_are_written_over_their_operands(hardware: Hardware) -> None:
    graph = residual_blocks(3)
    program = compile_graph(graph, hardware)
    first, *sums = [name for node in graph.nodes for name in node.inputs[1:]]
    shared = {region.name: region.over for region in program.arena.regions if region.over}
    assert shared.items() >= dict(zip(sums, [first, *sums], strict=False)).items()
    assert len({program.arena.offsets[name] for name in (first, *sums)}) == 1
    assert program.arena.lower_bound <= program.arena.size
    values = inputs_of(graph)
    check(program, values, execute(program, values))
    for chain in chains_of(program, graph):
        check_fences(chain, hardware.array_size)


def test_an_operand_that_is_needed_later_keeps_its_place() -> None:
    graph = GraphBuilder(1, 8, 8, 12)
    first = graph.conv("x", 12)
    second = graph.conv(graph.conv(first, 12), 12, residual=first)
    third = graph.conv(graph.conv(second, 12), 12, residual=first)
    fourth = graph.conv(graph.conv(third, 12), 12, residual=second)
    built = graph.build(graph.conv(fourth, 5))
    program = compile_graph(built, Hardware())
    assert program.arena.offsets[first] != program.arena.offsets[second]
    values = inputs_of(built)
    check(program, values, execute(program, values))


@pytest.mark.parametrize("hardware", [Hardware(), Hardware(buffer_words=512)], ids=str)
def test_an_operand_that_is_the_input_too_keeps_its_place(hardware: Hardware) -> None:
    """A convolution reads words of its input after it has stored results at their offsets."""
    graph = GraphBuilder(1, 8, 8, 12)
    first = graph.conv("x", 12)
    second = graph.conv(first, 12, residual=first)
    built = graph.build(graph.conv(graph.conv(second, 12), 12, residual=second))
    program = compile_graph(built, hardware)
    assert program.arena.offsets[first] != program.arena.offsets[second]
    values = inputs_of(built)
    check(program, values, execute(program, values))
    for chain in chains_of(program, built):
        check_fences(chain, hardware.array_size)
