"""Replace transposed convolutions by convolutions and a movement, which targets support.

With a stride of s, the rows of the output fall into s phases: row o is of phase (o + padding) mod s
and depends on the input through every s-th row of the kernel only. A convolution with as many
output channels for each phase computes all phases at once; its channels are then moved to their
pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelgen.ir.expansion import Expansion
from modelgen.ir.graph import Graph, Node
from modelgen.operators import Conv2d, ConvTranspose2d, Interleave, Operator, Pointwise
from modelgen.operators.epilogue import Epilogue
from modelgen.operators.window import Window


def expand_transposed(graph: Graph) -> Graph:
    """Replace each transposed convolution.

    Args:
        graph: a float graph.
    """
    expansion = Expansion(graph)
    for node in graph.nodes:
        if isinstance(node.operator, ConvTranspose2d):
            _expand(expansion, node, node.operator)
        else:
            expansion.put(node)
    return expansion.graph()


@dataclass(frozen=True)
class _Phases:
    """The phases of a transposed convolution along one axis."""

    stride: int
    taps: int
    """Rows of the kernel of each phase."""
    padding: tuple[int, int]
    """Zeros before and after the input."""
    first: int
    """The first pixel that is kept, of those that the convolution computes."""
    outputs: int

    @classmethod
    def of(
        cls, operator: ConvTranspose2d, axis: int, size: int, kernel: int, outputs: int
    ) -> _Phases:
        """Return the phases for a size of the input, of the kernel, and of the output."""
        stride, cut = operator.stride[axis], operator.padding[axis]
        reach = (kernel - 1) * operator.dilation[axis] + 1
        taps = -(-reach // stride)
        start, end = cut // stride, (outputs - 1 + cut) // stride + 1
        before = taps - 1 - start
        after = end - start + taps - 1 - size - before
        # Positions that would begin inside the input are computed, and dropped.
        dropped = max(-before, 0)
        padding = max(before, 0), max(after, 0)
        return cls(stride, taps, padding, dropped * stride + cut % stride, outputs)


def _expand(expansion: Expansion, node: Node, operator: ConvTranspose2d) -> None:
    """Add what a transposed convolution becomes."""
    arrays = {role: expansion.constants[name] for role, name in node.constants.items()}
    kernel = arrays["weight"].shape[1:3]
    pixels = expansion.tensors[node.inputs[0]].shape[1:3]
    outputs = expansion.tensors[node.output].shape[1:3]
    y, x = (
        _Phases.of(operator, axis, pixels[axis], kernel[axis], outputs[axis]) for axis in (0, 1)
    )
    values = {"weight": _weights(arrays["weight"], operator, y, x)}
    if "bias" in arrays:
        values["bias"] = _bias(arrays["bias"], operator.groups, y, x)
    roles = {
        role: expansion.add_constant(f"{node.name}.phases.{role}", array)
        for role, array in values.items()
    }
    alone = operator.epilogue if not operator.epilogue.reads_operand else Epilogue()
    window = Window((y.taps, x.taps), (1, 1), (*y.padding, *x.padding))
    conv = Conv2d(window, operator.groups, alone)
    name = f"{node.name}.{conv.name}"
    source = expansion.add(Node(name, conv, node.inputs[:1], "", roles, node.fused))
    kept = y.outputs, x.outputs
    move = Interleave((y.stride, x.stride), (y.first, x.first), kept, operator.groups)
    if operator.epilogue.reads_operand:
        pixels_moved = expansion.add(Node(f"{node.name}.{move.name}", move, (source,), ""))
        last: Operator = Pointwise(operator.epilogue)
        inputs: tuple[str, ...] = (pixels_moved, *node.inputs[1:])
    else:
        last, inputs = move, (source,)
    expansion.put(Node(node.name, last, inputs, node.output))


def _weights(weight: np.ndarray, operator: ConvTranspose2d, y: _Phases, x: _Phases) -> np.ndarray:
    """Return the weights of all phases: (group, phase in y, phase in x, channel) x taps x words."""
    outputs, rows, columns, words = weight.shape
    spread = np.zeros((outputs, y.taps * y.stride, x.taps * x.stride, words), weight.dtype)
    steps = operator.dilation
    spread[:, : rows * steps[0] : steps[0], : columns * steps[1] : steps[1]] = weight
    groups = operator.groups
    # A convolution reads forwards, so the taps of each phase are in reverse.
    phases = spread.reshape(groups, -1, y.taps, y.stride, x.taps, x.stride, words)[:, :, ::-1]
    ordered = phases[:, :, :, :, ::-1].transpose(0, 3, 5, 1, 2, 4, 6)
    return np.ascontiguousarray(ordered.reshape(-1, y.taps, x.taps, words))


def _bias(bias: np.ndarray, groups: int, y: _Phases, x: _Phases) -> np.ndarray:
    each = bias.reshape(groups, 1, 1, -1)
    return np.tile(each, (1, y.stride, x.stride, 1)).reshape(-1)
