"""Where tensors lie: views of buffers."""

from __future__ import annotations

from modelgen.ir.graph import Graph, Node, Tensor
from modelgen.ir.views import View, contiguous, views
from modelgen.operators import Concatenate, Operator, Pointwise, Reshape


def graph_of(output: str, *nodes: tuple[str, Operator, tuple[str, ...], tuple[int, ...]]) -> Graph:
    """A graph of nodes: name, operator, inputs, shape; the input is one map of 2 x 3 x 4."""
    tensors = {"x": Tensor("x", (1, 2, 3, 4))}
    tensors |= {name: Tensor(name, shape) for name, _, _, shape in nodes}
    made = tuple(Node(name, operator, inputs, name) for name, operator, inputs, _ in nodes)
    return Graph("x", output, 1, made, tensors, {})


def test_strides_of_tensors_without_gaps() -> None:
    assert contiguous((2, 3, 4)) == (12, 4, 1)
    assert contiguous((5,)) == (1,)
    assert contiguous(()) == ()


def test_a_reshape_lies_where_its_input_does() -> None:
    graph = graph_of(
        "r", ("a", Pointwise(), ("x",), (1, 2, 3, 4)), ("r", Reshape((1, 24)), ("a",), (1, 24))
    )
    found = views(graph)
    assert found["a"] == View("a", 0, (24, 12, 4, 1))
    assert found["r"] == View("a", 0, (24, 1))
    assert found["r"].is_whole((1, 24))


def test_inputs_of_a_concatenation_lie_side_by_side_in_it() -> None:
    same = (1, 2, 3, 4)
    graph = graph_of(
        "all",
        ("a", Pointwise(), ("x",), same),
        ("b", Pointwise(), ("x",), same),
        ("all", Concatenate(), ("a", "b"), (1, 2, 3, 8)),
    )
    found = views(graph)
    assert found["a"] == View("all", 0, (48, 24, 8, 1))
    assert found["b"] == View("all", 4, (48, 24, 8, 1))
    assert not found["a"].is_whole(same), "its rows have gaps"
    assert not View("all", 4, contiguous(same)).is_whole(same), "it does not begin where all does"


def test_a_concatenation_in_another_one() -> None:
    same = (1, 2, 3, 4)
    graph = graph_of(
        "outer",
        ("a", Pointwise(), ("x",), same),
        ("b", Pointwise(), ("x",), same),
        ("inner", Concatenate(), ("a", "b"), (1, 2, 3, 8)),
        ("c", Pointwise(), ("x",), same),
        ("outer", Concatenate(), ("c", "inner"), (1, 2, 3, 12)),
    )
    found = views(graph)
    assert {name: (found[name].buffer, found[name].offset) for name in "abc"} == {
        "a": ("outer", 4),
        "b": ("outer", 8),
        "c": ("outer", 0),
    }
