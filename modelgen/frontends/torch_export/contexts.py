"""Parts of a model that run in a context, such as `with torch.no_grad():`.

torch.export makes such a part a graph of its own, which a call in the program runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_AUTOCAST = "wrap_with_autocast"
_WRAPPERS = (_AUTOCAST, "wrap_with_set_grad_enabled")


def inline_contexts(module: Any) -> None:
    """Replace calls that run a part of a program in a context by what the part consists of.

    Calls in which an autocast lowers the precision remain, with the source line of their part.

    Args:
        module: the graph module of an exported program, modified in place.
    """
    for call in list(module.graph.nodes):
        if str(call.target) not in _WRAPPERS:
            continue
        place = next(index for index, each in enumerate(call.args) if _is_part(each))
        part = getattr(module, call.args[place].target)
        if _lowers_precision(call):
            call.meta["stack_trace"] = next(_lines(part), "")
        else:
            inline_contexts(part)
            _inline(module.graph, call, part.graph, call.args[place + 1 :])


def _is_part(argument: Any) -> bool:
    return getattr(argument, "op", "") == "get_attr"


def _lowers_precision(call: Any) -> bool:
    """Return whether a call's arguments begin with the CPU, a type, and that autocast is enabled.

    All programs run on the CPU, where contexts for other devices change nothing.
    """
    return str(call.target) == _AUTOCAST and call.args[0] == "cpu" and bool(call.args[2])


def _lines(part: Any) -> Iterator[str]:
    return (node.meta["stack_trace"] for node in part.graph.nodes if node.meta.get("stack_trace"))


def _inline(graph: Any, call: Any, part: Any, given: Any) -> None:
    """Copy the nodes of a part to where it is called, and let users of the call read them."""
    inputs = [node for node in part.nodes if node.op == "placeholder"]
    copies = dict(zip(inputs, given, strict=True))
    with graph.inserting_before(call):
        results = graph.graph_copy(part, copies)
    for user in list(call.users):
        user.replace_all_uses_with(results[user.args[1]])
        graph.erase_node(user)
    graph.erase_node(call)
