"""What the stage `trace` writes and `check` reads: a model as it is known before training."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelgen.ir import files as graph_files
from modelgen.ir.graph import Graph

_FILE = "trace.json"


@dataclass(frozen=True)
class Traced:
    """A model before training."""

    name: str
    """Of the project or the file."""
    settings: dict[str, Any]
    """The project's settings, by name."""
    available: int | None
    """Number of test inputs; None: any number."""
    problems: list[dict[str, Any]]
    """What cannot be translated, as in check.json."""
    graph: Graph | None
    """None if there are problems."""


def write(traced: Traced, folder: Path) -> None:
    """Write trace.json and, if there is one, the graph."""
    if traced.graph is not None:
        graph_files.save(traced.graph, folder)
    document = {key: value for key, value in vars(traced).items() if key != "graph"}
    (folder / _FILE).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def read(folder: Path) -> Traced:
    """Return what `write` has written."""
    document = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    graph = None if document["problems"] else graph_files.load(folder)
    return Traced(**document, graph=graph)
