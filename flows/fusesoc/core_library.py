"""The repository's FuseSoC cores, read without FuseSoC: names, folders, dependencies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from flows.repository.sources import is_source

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# What may surround a core's name in `depend`: a condition and a version relation.
_RELATION = re.compile(r"^[<>=~^]+")
_NOT_SOURCES = {".md"}


@dataclass(frozen=True)
class Core:
    """One .core file."""

    path: Path
    content: dict[str, Any]

    @property
    def name(self) -> str:
        """Vendor, library, name and version: `heepstor:ip:engine:1.0.0`."""
        return self.content["name"]

    @property
    def targets(self) -> dict[str, str]:
        """The targets and their descriptions."""
        targets = self.content.get("targets") or {}
        return {name: (target or {}).get("description", "") for name, target in targets.items()}

    @cached_property
    def depends(self) -> tuple[str, ...]:
        """Names, without versions, of all cores that any target of this one may need."""
        filesets = (self.content.get("filesets") or {}).values()
        entries = (entry for fileset in filesets for entry in fileset.get("depend") or ())
        return tuple(_without_version(name) for entry in entries for name in _names(entry))


def _names(entry: str) -> Iterator[str]:
    """Yield the cores in a `depend` entry, also inside a condition: `tool_x ? (a:b:c:1.0)`."""
    yield from re.findall(r"[<>=~^]*[\w-]*:[\w-]*:[\w-]+(?::[\w.-]+)?", entry) or [entry]


def _without_version(name: str) -> str:
    return ":".join(_RELATION.sub("", name).split(":")[:3])


class Library:
    """All cores under the repository's root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        patterns = ("*.core", "cores/**/*.core", "boards/**/*.core")
        paths = [path for pattern in patterns for path in sorted(root.glob(pattern))]
        self.cores = [Core(path, _read(path)) for path in paths]

    def closure(self, name: str, without: Iterable[str] = ()) -> list[Core]:
        """Return a core and its direct and indirect dependencies, except those in `without`."""
        by_name = {_without_version(core.name): core for core in self.cores}
        found: dict[str, Core] = {}
        pending = [_without_version(name)]
        while pending:
            one = pending.pop()
            if one in by_name and one not in found and one not in without:
                found[one] = by_name[one]
                pending.extend(by_name[one].depends)
        return list(found.values())

    def sources(self, name: str, without: Iterable[str] = ()) -> list[Path]:
        """Return all files in the folders of a core and its dependencies.

        Several cores may share a folder. For a core at the root, it is only its .core file.
        """
        cores = self.closure(name, without)
        folders = {core.path.parent for core in cores} - {self.root}
        at_root = {core.path for core in cores if core.path.parent == self.root}
        inside = {path for folder in folders for path in folder.rglob("*") if _is_made_from(path)}
        return sorted(at_root | inside)


def _read(path: Path) -> dict[str, Any]:
    # To a YAML parser, the first line, "CAPI=2:", is a key without a value.
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)


def _is_made_from(path: Path) -> bool:
    return is_source(path) and path.suffix not in _NOT_SOURCES
