"""Tensors that share memory in a PyTorch model while an operator modifies one of them in place.

In an exported program, an in-place operator is just another node. Later readers of the tensor read
that node, but readers of another view of the same memory would still see the old values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# In evaluation mode these return the input itself; their schemas do not say so.
_COPIES_NOTHING = ("aten.dropout.default", "aten.feature_dropout.default")


def stale_view(nodes: Sequence[Any]) -> tuple[Any, Any] | None:
    """Return the first in-place call after which another view is read, and its reader.

    Args:
        nodes: the nodes of an exported program, in order, ending with its output.
    """
    position = {node: index for index, node in enumerate(nodes)}
    memory: dict[Any, Any] = {}
    """Call -> the node that its memory first belonged to."""
    for call in nodes:
        if call.op != "call_function" or not call.args:
            continue
        changes, shares = _effect(call)
        source = call.args[0]
        if shares:
            memory[call] = memory.get(source, source)
        if not changes:
            continue
        alike = [node for node in (memory[call], *memory) if memory.get(node, node) is memory[call]]
        for view in alike:
            readers = [user for user in view.users if position[user] > position[call]]
            if view is not call and readers:
                return call, min(readers, key=position.__getitem__)
    return None


def _effect(call: Any) -> tuple[bool, bool]:
    """Return whether a call modifies its first argument, and whether its result shares memory."""
    schema = getattr(call.target, "_schema", None)
    if schema is None or not schema.arguments or not schema.returns:
        return False, False
    alias = schema.arguments[0].alias_info
    shares = alias is not None and schema.returns[0].alias_info is not None
    changes = alias is not None and alias.is_write
    return changes, shares or changes or str(call.target) in _COPIES_NOTHING
