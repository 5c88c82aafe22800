"""Convolutions of sequences, which are maps of one column, over maps of one row instead.

Taps of a window along a row are adjacent words, and a slice of the engine takes as many of them as
there are lanes, whatever their pixels. Along a column it takes the channels of a pixel or two. So a
convolution over 80 samples of a waveform needs 5 slices of 16 words in place of 80.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from modelgen.ir.expansion import Expansion
from modelgen.ir.graph import Graph, Node
from modelgen.operators import Conv2d, Reshape
from modelgen.operators.base import Shape


def lay_sequences(graph: Graph, is_worth_it: Callable[[Graph, Node], bool]) -> Graph:
    """Turn convolutions of one column by a quarter; their inputs and outputs are views.

    Args:
        graph: a quantized graph.
        is_worth_it: whether a convolution that can be turned is to be.
    """
    made = Expansion(graph)
    for node in graph.nodes:
        if _has_one_column(graph, node) and is_worth_it(graph, node):
            _lay(made, graph, node)
        else:
            made.put(node)
    return made.graph()


def _has_one_column(graph: Graph, node: Node) -> bool:
    """Return whether a node is a convolution over one column without another operand."""
    operator = node.operator
    if not isinstance(operator, Conv2d) or operator.epilogue.reads_operand:
        return False
    source, result = (graph.tensors[name].shape[2] for name in (node.inputs[0], node.output))
    return source == result == operator.window.kernel[1] == 1


def _lay(made: Expansion, graph: Graph, node: Node) -> None:
    """Add the turned convolution, between views."""
    operator, (source,) = node.operator, node.inputs
    assert isinstance(operator, Conv2d)
    lying = Reshape(_turned(graph.tensors[source].shape))
    row = made.add(Node(f"{source}.row", lying, (source,), ""))
    weight = graph.arrays(node)["weight"]
    name = made.add_constant(
        f"{node.constants['weight']}.row", weight.reshape(_turned(weight.shape))
    )
    epilogue = replace(operator.epilogue, pool=operator.epilogue.pool[::-1])
    turned = replace(operator, window=operator.window.transposed(), epilogue=epilogue)
    constants = {**node.constants, "weight": name}
    result = made.add(replace(node, operator=turned, inputs=(row,), constants=constants))
    standing = Reshape(graph.tensors[node.output].shape)
    made.put(Node(f"{node.name}.column", standing, (result,), node.output))


def _turned(shape: Shape) -> Shape:
    """Return a shape of four dimensions with the inner two exchanged, of which one is 1."""
    return shape[0], shape[2], shape[1], shape[3]
