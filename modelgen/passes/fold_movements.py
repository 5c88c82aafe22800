"""Drop movements that move nothing, and do several in one where it works on the axes separately.

Two selections of indices become one, as do two permutations. A shuffle, which is a permutation
between two reshapes, becomes a selection.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelgen.ir.graph import Graph, Node
from modelgen.ir.rewriter import Rewriter
from modelgen.operators import Permute, Reshape, Slice, Take
from modelgen.operators.base import Shape
from modelgen.operators.indexed import Indexed
from modelgen.operators.movement import Movement, Part
from modelgen.passes.drop_unused import drop_unused


def fold_movements(graph: Graph) -> Graph:
    """Read through movements whose values can be taken from further up at once."""
    rewriter = Rewriter(graph)
    for node in rewriter.each():
        if isinstance(node.operator, Reshape) and (selection := _shuffle(rewriter, node)):
            node = selection
            rewriter.put(node)
        if not isinstance(node.operator, Movement):
            continue
        before = rewriter.producer(node.inputs[0])
        if before is not None and (both := _composed(rewriter, before, node)):
            node = replace(node, operator=both, inputs=before.inputs)
            rewriter.put(node)
        if _moves_nothing(rewriter, node):
            _drop(rewriter, node)
    return drop_unused(rewriter.graph())


def _composed(rewriter: Rewriter, before: Node, node: Node) -> Movement | None:
    """Return one operator for two in sequence; None if there is none."""
    first, second = before.operator, node.operator
    if isinstance(first, Permute) and isinstance(second, Permute):
        return Permute(tuple(first.axes[axis] for axis in second.axes))
    if not isinstance(first, Indexed) or not isinstance(second, Indexed):
        return None
    if first.fill is not None or second.fill is not None:
        return None
    source, between = (rewriter.tensors[n.inputs[0]].shape for n in (before, node))
    pairs = zip(first.indices(source), second.indices(between), strict=True)
    return _simplest([inner[outer] for inner, outer in pairs], source)


def _shuffle(rewriter: Rewriter, node: Node) -> Node | None:
    """Return a selection of indices for a reshape behind a permutation behind a reshape; None if
    they are no selection.

    This is how channels are shuffled: between two reshapes, a permutation splits and joins them.
    """
    permuted = rewriter.producer(node.inputs[0])
    if permuted is None or not isinstance(permuted.operator, Permute):
        return None
    before = rewriter.producer(permuted.inputs[0])
    readers = rewriter.consumers(permuted.output)
    free = all(isinstance(reader.operator, Reshape) for reader in readers)
    if permuted.output in rewriter.outputs or not free:
        return None
    if before is None or not isinstance(before.operator, Reshape):
        return None
    source, between = (rewriter.tensors[n.inputs[0]].shape for n in (before, permuted))
    values = np.arange(int(np.prod(source))).reshape(between).transpose(permuted.operator.axes)
    indices = _separate(values.reshape(rewriter.tensors[node.output].shape), source)
    if indices is None:
        return None
    return replace(node, operator=_simplest(indices, source), inputs=before.inputs)


def _separate(values: np.ndarray, shape: Shape) -> list[np.ndarray] | None:
    """Return the index along each axis of an input, for each index of the output; None if indices
    of one axis depend on others.

    Args:
        values: for each value of the output, its position in the input.
        shape: of the input.
    """
    if values.ndim != len(shape) or not values.size:
        return None
    indices = []
    for axis in range(values.ndim):
        along = values[tuple(slice(None) if a == axis else 0 for a in range(values.ndim))]
        indices.append(np.unravel_index(along, shape)[axis])
    whole = np.ravel_multi_index(np.ix_(*indices), shape)
    return indices if np.array_equal(whole, values) else None


def _simplest(indices: list[np.ndarray], shape: Shape) -> Indexed:
    """Return the operator that gives each index of the output an index of the input."""
    steps = [_step(chosen) for chosen in indices]
    if None not in steps:
        starts, sizes = (int(chosen[0]) for chosen in indices), map(len, indices)
        return Slice(tuple(starts), tuple(sizes), tuple(step for step in steps if step is not None))
    chosen = {
        axis: tuple(map(int, own))
        for axis, own in enumerate(indices)
        if not np.array_equal(own, np.arange(shape[axis]))
    }
    return Take(tuple(chosen), tuple(chosen.values()))


def _step(indices: np.ndarray) -> int | None:
    """Return the distance between neighbours; None if it varies."""
    steps = np.unique(np.diff(indices))
    if len(steps) > 1:
        return None
    return int(steps[0]) if len(steps) else 1


def _moves_nothing(rewriter: Rewriter, node: Node) -> bool:
    """Return whether the output is the input, in the same order."""
    shapes = [rewriter.tensors[name].shape for name in node.inputs]
    operator = node.operator
    if not isinstance(operator, Movement):
        return False
    parts = operator.parts(shapes)
    size = int(np.prod(shapes[0]))
    return [part.merged() for part in parts] == [Part(0, (size,), 0, (1,), 0, (1,))]


def _drop(rewriter: Rewriter, node: Node) -> None:
    """Drop a movement that moves nothing, or let a reshape take its place."""
    before, after = (rewriter.tensors[name].shape for name in (node.inputs[0], node.output))
    if before == after:
        rewriter.bypass(node)
    else:
        rewriter.put(replace(node, operator=Reshape(after)))
