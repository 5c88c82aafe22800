"""Graphs that change node by node: order, readers, outputs, and what is left at the end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelgen.ir.graph import Graph, Node, Tensor
from modelgen.ir.rewriter import Rewriter
from modelgen.operators import Pointwise
from modelgen.operators.epilogue import Epilogue

ADD = Pointwise(Epilogue(residual=True))


def diamond() -> Graph:
    """a reads x; b and c read a; d adds both; each has a constant of its own."""
    inputs = {"a": ("x",), "b": ("a",), "c": ("a",), "d": ("b", "c")}
    nodes = tuple(
        Node(name, ADD if len(read) > 1 else Pointwise(), read, name, {"bias": f"{name}.bias"})
        for name, read in inputs.items()
    )
    return Graph(
        "x",
        "d",
        1,
        nodes,
        {name: Tensor(name, (1, 4)) for name in ("x", *inputs)},
        {f"{name}.bias": np.full(4, index) for index, name in enumerate(inputs)},
    )


def shape_of(graph: Graph) -> list[tuple[str, tuple[str, ...]]]:
    return [(node.output, node.inputs) for node in graph.nodes]


def read_by(rewriter: Rewriter, tensor: str) -> set[str]:
    return {node.output for node in rewriter.consumers(tensor)}


def test_without_a_change_it_is_the_same_graph() -> None:
    graph = diamond()
    rewriter = Rewriter(graph)
    assert rewriter.graph() == graph
    assert rewriter.producer("x") is None and rewriter.producer("b") is graph.nodes[1]
    assert read_by(rewriter, "a") == {"b", "c"} and read_by(rewriter, "d") == set()
    assert rewriter.arrays(graph.nodes[2]) == {"bias": graph.constants["c.bias"]}


def test_a_node_in_the_place_of_another() -> None:
    graph = diamond()
    rewriter = Rewriter(graph)
    b = graph.nodes[1]
    rewriter.put(replace(b, inputs=("x",), constants={}))
    assert read_by(rewriter, "a") == {"c"} and read_by(rewriter, "x") == {"a", "b"}
    changed = rewriter.graph()
    assert shape_of(changed) == [("a", ("x",)), ("b", ("x",)), ("c", ("a",)), ("d", ("b", "c"))]
    assert set(changed.constants) == {"a.bias", "c.bias", "d.bias"}
    assert graph.nodes[1] is b, "graphs never change in place"


def test_a_node_that_becomes_part_of_a_later_one() -> None:
    graph = diamond()
    rewriter = Rewriter(graph)
    _, b, _, d = graph.nodes
    rewriter.remove(b)
    rewriter.put(replace(d, inputs=("a", "c")))
    assert read_by(rewriter, "a") == {"c", "d"}
    changed = rewriter.graph()
    assert shape_of(changed) == [("a", ("x",)), ("c", ("a",)), ("d", ("a", "c"))]
    assert set(changed.tensors) == {"x", "a", "c", "d"}


def test_readers_of_a_bypassed_node_read_its_input() -> None:
    graph = diamond()
    rewriter = Rewriter(graph)
    rewriter.bypass(graph.nodes[0])
    assert read_by(rewriter, "x") == {"b", "c"}
    assert shape_of(rewriter.graph())[0] == ("b", ("x",))


def test_the_output_moves_where_the_last_node_is_bypassed() -> None:
    rewriter = Rewriter(diamond())
    rewriter.bypass(diamond().nodes[3])
    assert rewriter.outputs == ("b",)
    assert rewriter.graph().outputs == ("b",)


def test_a_node_that_reads_a_tensor_twice() -> None:
    graph = diamond()
    rewriter = Rewriter(graph)
    rewriter.put(replace(graph.nodes[3], inputs=("b", "b")))
    assert read_by(rewriter, "b") == {"d"} and read_by(rewriter, "c") == set()
    rewriter.bypass(graph.nodes[1])
    assert rewriter.graph().nodes[-1].inputs == ("a", "a")
    assert read_by(rewriter, "a") == {"c", "d"}


def test_each_node_as_it_is_when_its_turn_comes() -> None:
    graph = diamond()
    rewriter = Rewriter(graph)
    seen = []
    for node in rewriter.each():
        seen.append((node.output, node.inputs))
        if node.output == "a":
            rewriter.remove(graph.nodes[2])
            rewriter.put(replace(graph.nodes[3], inputs=("b", "a")))
    assert seen == [("a", ("x",)), ("b", ("a",)), ("d", ("b", "a"))]
    assert [node.output for node in rewriter.each(backwards=True)] == ["d", "b", "a"]


def test_what_a_pass_adds() -> None:
    graph = diamond()
    rewriter = Rewriter(graph)
    rewriter.constants |= {"new": np.ones(4), "unused": np.ones(4)}
    rewriter.put(replace(graph.nodes[0], constants={"bias": "new"}))
    assert set(rewriter.graph().constants) == {"new", "b.bias", "c.bias", "d.bias"}
