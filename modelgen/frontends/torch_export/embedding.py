"""Import of embeddings, and of the conversion of their ids to integers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from modelgen.frontends.torch_export.calls import arguments
from modelgen.frontends.torch_export.translation import Translation
from modelgen.operators import Embedding

EMBEDDING = "aten.embedding.default"


def add_embedding(to: Translation, call: Any) -> None:
    """Add an embedding, whose table must be constant."""
    given = arguments(call)
    if given["weight"] not in to.constants:
        to.reject(call, "has a table that depends on the model's input; it must be constant")
    ids = given["indices"]
    layout = to.layout(ids)
    sources = to.read(call, ids, layout), to.read(call, given["weight"])
    to.define(call, to.apply(call, Embedding(), *sources), (*layout, len(layout)))


def are_ids(call: Any) -> bool:
    """Return whether only embeddings read a value, and only as ids, of which
    they take the integer part.
    """
    return bool(call.users) and all(
        str(user.target) == EMBEDDING and user.args[1] is call and user.args[0] is not call
        for user in call.users
    )


OPERATORS: dict[str, Callable[[Translation, Any], None]] = {EMBEDDING: add_embedding}
"""ATen operator -> the function that adds it."""
