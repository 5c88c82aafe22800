"""Where tensors lie: in memory of their own, where their input does, or side by side in another."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.ir.graph import Graph
from modelgen.ir.views import View, contiguous, views
from modelgen.operators.base import Cut
from tests.support.graph_builder import GraphBuilder


@pytest.mark.parametrize(
    ("shape", "strides"), [((), ()), ((5,), (1,)), ((2, 3, 4, 5), (60, 20, 5, 1))], ids=str
)
def test_elements_of_the_last_dimension_are_neighbours(
    shape: tuple[int, ...], strides: tuple[int, ...]
) -> None:
    assert contiguous(shape) == strides


def test_a_whole_tensor_begins_at_the_start_and_has_no_gaps() -> None:
    assert View("y", 0, (12, 4, 1)).is_whole((2, 3, 4))
    assert not View("y", 4, (12, 4, 1)).is_whole((2, 3, 4))
    assert not View("y", 0, (15, 5, 1)).is_whole((2, 3, 4))


def test_what_takes_time_has_memory_of_its_own() -> None:
    graph = GraphBuilder(2, 3, 4, 5)
    first = graph.conv("x", 3)
    found = views(graph.build(first))
    assert found == {"x": View("x", 0, (60, 20, 5, 1)), first: View(first, 0, (36, 12, 3, 1))}


def test_another_shape_of_the_same_values_lies_where_they_are() -> None:
    graph = GraphBuilder(2, 3, 4, 5)
    first = graph.conv("x", 3)
    flat = graph.flatten(first)
    again = graph.flatten(flat)
    found = views(graph.build(graph.linear(again, 2)))
    assert found[flat] == found[again] == View(first, 0, (36, 1))


def check_places(graph: Graph) -> None:
    """Values that are put where their tensors lie give those of all that lies there."""
    found = views(graph)
    random = np.random.default_rng(0)
    values: dict[str, np.ndarray] = {}
    memory: dict[str, np.ndarray] = {}
    for name, tensor in graph.tensors.items():
        node = graph.producer(name)
        if node is None or node.operator.takes_time:
            values[name] = random.standard_normal(tensor.shape).astype(np.float32)
            view = found[name]
            words = memory.setdefault(
                view.buffer, np.full(graph.tensors[view.buffer].size, np.nan, np.float32)
            )
            place(words, view, tensor.shape)[...] = values[name]
    for node in graph.nodes:
        if not node.operator.takes_time:
            inputs = [values[name] for name in node.inputs]
            shape = graph.tensors[node.output].shape
            wanted = node.operator.evaluate_exact(inputs, {}, Cut(8)).reshape(shape)
            view = found[node.output]
            np.testing.assert_array_equal(place(memory[view.buffer], view, shape), wanted)
            values[node.output] = wanted


def place(words: np.ndarray, view: View, shape: tuple[int, ...]) -> np.ndarray:
    """Return the elements of a tensor in its buffer, which must have them all."""
    last = sum((size - 1) * stride for size, stride in zip(shape, view.strides, strict=True))
    assert view.offset + last < len(words)
    strides = [stride * words.itemsize for stride in view.strides]
    return np.lib.stride_tricks.as_strided(words[view.offset :], shape, strides)


@pytest.mark.parametrize("batch", [1, 3])
def test_what_is_concatenated_lies_side_by_side(batch: int) -> None:
    graph = GraphBuilder(batch, 3, 4, 5)
    one, two, three = (graph.conv("x", channels) for channels in (2, 1, 4))
    joined = graph.concatenate(one, two, three)
    built = graph.build(joined)
    found = views(built)
    strides = (84, 28, 7, 1)
    assert found[joined] == View(joined, 0, strides)
    assert [found[name] for name in (one, two, three)] == [
        View(joined, 0, strides),
        View(joined, 2, strides),
        View(joined, 3, strides),
    ]
    check_places(built)


def test_a_concatenation_in_another_lies_in_that() -> None:
    graph = GraphBuilder(2, 3, 4, 5)
    one, two, three = (graph.conv("x", channels) for channels in (2, 1, 4))
    inner = graph.concatenate(two, three)
    outer = graph.concatenate(one, inner)
    built = graph.build(outer)
    found = views(built)
    offsets = {name: found[name].offset for name in (one, inner, two, three)}
    assert offsets == {one: 0, inner: 2, two: 2, three: 3}
    assert {view.buffer for name, view in found.items() if name != "x"} == {outer}
    check_places(built)


def test_another_shape_of_a_concatenation_lies_where_that_does() -> None:
    graph = GraphBuilder(2, 3, 4, 5)
    joined = graph.concatenate(graph.conv("x", 2), graph.conv("x", 3))
    flat = graph.flatten(joined)
    built = graph.build(flat)
    assert views(built)[flat] == View(joined, 0, (60, 1))
    check_places(built)


def of_a_reshape(graph: GraphBuilder) -> str:
    return graph.concatenate(graph.flatten(graph.conv("x", 2)))


def twice(graph: GraphBuilder) -> str:
    first = graph.conv("x", 2)
    return graph.concatenate(first, first)


def in_two(graph: GraphBuilder) -> str:
    first = graph.conv("x", 2)
    inner = graph.concatenate(first, graph.conv("x", 3))
    return graph.concatenate(inner, first)


def read_in_another_shape(graph: GraphBuilder) -> str:
    first = graph.conv("x", 2)
    graph.flatten(first)
    return graph.concatenate(first, graph.conv("x", 3))


@pytest.mark.parametrize("joined", [of_a_reshape, twice, in_two, read_in_another_shape])
def test_no_tensor_lies_in_two_places(joined: object) -> None:
    """Of such tensors copies are made before (`modelgen.plan.side_by_side`)."""
    graph = GraphBuilder(2, 3, 4, 5)
    built = graph.build(joined(graph))
    with pytest.raises(AssertionError, match=r"would be in concatenate\d+ and elsewhere"):
        views(built)
