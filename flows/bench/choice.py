"""Which networks of a suite are measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from flows.errors import HeepstorError

Network = TypeVar("Network")


def chosen(known: Mapping[str, Network], names: Sequence[str]) -> list[Network]:
    """Return the networks of some names, in this order; all if there are no names.

    Raises HeepstorError if there is no network of a name.
    """
    for name in names:
        if name not in known:
            choices = ", ".join(known)
            raise HeepstorError(f"there is no network {name!r}. Valid choices: {choices}.")
    return [known[name] for name in names] or list(known.values())
