"""Remove permutations of dimensions: those that cancel, and those that other layers can absorb."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelgen.ir.graph import Graph, Node
from modelgen.ir.rewriter import Rewriter
from modelgen.operators import Elementwise, Linear, Permute, Pointwise, Reshape
from modelgen.passes.drop_unused import drop_unused
from modelgen.passes.fuse_pointwise import only_reader


def fold_permute(graph: Graph) -> Graph:
    """Combine permutations, move activations before them, and fold them into linear layers."""
    rewriter = Rewriter(graph)
    for node in rewriter.each():
        before = rewriter.producer(node.inputs[0])
        if before is None or not isinstance(before.operator, Permute):
            continue
        if isinstance(node.operator, Permute):
            _combine(rewriter, before, node)
        elif _is_activation(node) and only_reader(rewriter, before.output):
            _swap(rewriter, before, node)
    for node in rewriter.each():
        layers = _layers_of_features(rewriter, node) if isinstance(node.operator, Permute) else None
        if layers is not None:
            _fold(rewriter, node, layers)
    return _fold_into_inputs(drop_unused(rewriter.graph()))


def _combine(rewriter: Rewriter, before: Node, node: Node) -> None:
    """Let one permutation do what two in sequence do."""
    assert isinstance(before.operator, Permute) and isinstance(node.operator, Permute)
    axes = tuple(before.operator.axes[axis] for axis in node.operator.axes)
    direct = replace(node, operator=Permute(axes), inputs=before.inputs)
    rewriter.put(direct)
    if list(axes) == sorted(axes):
        rewriter.bypass(direct)


def _is_activation(node: Node) -> bool:
    """Return whether a node works on each value separately, without regard to its place."""
    kinds = Pointwise | Elementwise
    return isinstance(node.operator, kinds) and not node.constants and len(node.inputs) == 1


def _swap(rewriter: Rewriter, permutation: Node, activation: Node) -> None:
    """Move an activation function before the permutation that it reads."""
    between = permutation.output
    rewriter.tensors[between] = replace(rewriter.tensors[permutation.inputs[0]], name=between)
    rewriter.put(replace(activation, inputs=permutation.inputs, output=between))
    rewriter.put(replace(permutation, inputs=(between,), output=activation.output))


def _layers_of_features(rewriter: Rewriter, permutation: Node) -> list[Node] | None:
    """Return the layers that read a permutation's result, flattened, as features.

    They are linear layers, and element-wise layers before them: constants for each feature can be
    in any order. None if there is anything else.
    """
    assert isinstance(permutation.operator, Permute)
    if permutation.operator.axes[0] != 0 or permutation.output in rewriter.outputs:
        return None
    shape = rewriter.tensors[permutation.output].shape
    flat = shape[0], int(np.prod(shape[1:]))
    found: list[Node] = []
    pending = [(permutation.output, node) for node in rewriter.consumers(permutation.output)]
    while pending:
        features, node = pending.pop()
        is_flat = rewriter.tensors[node.output].shape == flat
        if isinstance(node.operator, Linear):
            # A residual operand is added to the outputs, whose order stays.
            if rewriter.tensors[features].shape != flat or features in node.inputs[1:]:
                return None
            found.append(node)
        elif is_flat and _reads_features(node) and node.output not in rewriter.outputs:
            found.append(node)
            pending += [(node.output, reader) for reader in rewriter.consumers(node.output)]
        else:
            return None
    return found


def _reads_features(node: Node) -> bool:
    single = len(node.inputs) == 1
    return single and isinstance(node.operator, Reshape | Pointwise | Elementwise)


def _fold(rewriter: Rewriter, permutation: Node, layers: list[Node]) -> None:
    """Drop a permutation, and reorder the features of the layers instead."""
    assert isinstance(permutation.operator, Permute)
    shape = rewriter.tensors[permutation.output].shape[1:]
    features = np.arange(int(np.prod(shape))).reshape(shape)
    order = features.transpose(np.argsort(permutation.operator.axes[1:])).reshape(-1)
    for node in layers:
        names = dict(node.constants)
        for role in ("weight",) if isinstance(node.operator, Linear) else tuple(names):
            names[role] = f"{node.constants[role]}.{permutation.name}"
            values = rewriter.arrays(node)[role][..., order]
            rewriter.constants[names[role]] = np.ascontiguousarray(values)
        rewriter.put(replace(node, constants=names))
    rewriter.bypass(permutation)


def _fold_into_inputs(graph: Graph) -> Graph:
    """Let the caller provide inputs in the order in which all layers read them."""
    for name in graph.inputs:
        readers = graph.consumers(name)
        wanted = {r.operator.axes for r in readers if isinstance(r.operator, Permute)}
        same = all(isinstance(reader.operator, Permute) for reader in readers)
        if same and len(wanted) == 1 and name not in graph.outputs:
            graph = _with_reordered_input(graph, name, wanted.pop())
    return graph


def _with_reordered_input(graph: Graph, name: str, axes: tuple[int, ...]) -> Graph:
    """Return the graph with an input that the caller permutes."""
    tensor = graph.tensors[name]
    before = graph.orders.get(name, tuple(range(len(axes))))
    order = tuple(before[axis] for axis in axes)
    orders = {other: known for other, known in graph.orders.items() if other != name}
    if list(order) != sorted(order):
        orders[name] = order
    rewriter = Rewriter(replace(graph, orders=orders))
    moved = tuple(tensor.shape[axis] for axis in axes)
    rewriter.tensors[name] = replace(tensor, shape=moved)
    for reader in graph.consumers(name):
        rewriter.bypass(reader)
    return rewriter.graph()
