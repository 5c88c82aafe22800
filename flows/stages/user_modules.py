"""Projects' own modules: each project imports its own, even with several in one process."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Collection, Iterator

from flows.stages.recorder import is_installed


@contextlib.contextmanager
def unloaded_afterwards(kept: Collection[str]) -> Iterator[None]:
    """On exit, unload modules imported in the context, except installed and `kept` ones.

    Otherwise the next project would get this one's module of the same name, and its own imports
    could not be recorded.
    """
    before = set(sys.modules)
    try:
        yield
    finally:
        for name in set(sys.modules) - before:
            # Libraries have modules without a file, or with the name of a file that does not exist.
            spec = getattr(sys.modules[name], "__spec__", None)
            if spec is None or not spec.has_location:
                continue
            if name not in kept and not is_installed(spec.origin):
                _unload(name)


def _unload(name: str) -> None:
    module = sys.modules.pop(name)
    package, _, last = name.rpartition(".")
    if getattr(sys.modules.get(package), last, None) is module:
        delattr(sys.modules[package], last)
