"""Tensors that share memory in a PyTorch model while an operator modifies one of them in place.

In an exported program, an in-place operator is just another node. Later readers of the tensor read
that node, but readers of another view of the same memory would still see the old values.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import Any

# In evaluation mode these return the input itself; their schemas do not say so.
_COPIES_NOTHING = ("aten.dropout.default", "aten.feature_dropout.default")


def stale_view(nodes: Sequence[Any], constants: Container[Any]) -> tuple[Any, Any] | None:
    """Return the first in-place call after which another view is read, and its reader.

    Args:
        nodes: the nodes of an exported program, in order, ending with its output.
        constants: those that do not depend on its inputs. PyTorch computes them, in order, so only
            what other calls read both before and after a change is wrong.
    """
    position = {node: index for index, node in enumerate(nodes)}
    for call, views in _changes(nodes):
        for view in views:
            others = [user for user in view.users if user not in constants]
            before = [user for user in others if position[user] < position[call]]
            after = [user for user in others if position[user] > position[call]]
            if after and (before or call not in constants):
                return call, min(after, key=position.__getitem__)
    return None


def changed_memory(nodes: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    """Yield each in-place call, and the node that the memory first belonged to that it changes."""
    return ((call, views[0]) for call, views in _changes(nodes))


def _changes(nodes: Sequence[Any]) -> Iterator[tuple[Any, list[Any]]]:
    """Yield each in-place call, and the other nodes so far that share the memory it changes."""
    memory: dict[Any, Any] = {}
    """Call -> the node that its memory first belonged to."""
    for call in nodes:
        if call.op != "call_function" or not call.args:
            continue
        changes, shares = _effect(call)
        source = call.args[0]
        if changes:
            first = memory.get(source, source)
            yield call, [first, *(node for node in memory if memory[node] is first)]
        if shares:
            memory[call] = memory.get(source, source)


def changes_its_input(call: Any) -> bool:
    """Return whether a call modifies its first argument in place."""
    changes, _ = _effect(call)
    return changes


def _effect(call: Any) -> tuple[bool, bool]:
    """Return whether a call modifies its first argument, and whether its result shares memory."""
    schema = getattr(call.target, "_schema", None)
    if schema is None or not schema.arguments or not schema.returns:
        return False, False
    alias = schema.arguments[0].alias_info
    shares = alias is not None and schema.returns[0].alias_info is not None
    changes = alias is not None and alias.is_write
    return changes, shares or changes or str(call.target) in _COPIES_NOTHING
