"""How Yosys maps modules to a target: its script, and the files that this reads."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SOURCE, RESULT = "modules.il", "mapped.json"
"""Names in the scripts: the modules to map, and what Yosys writes (`write_json`)."""


@dataclass(frozen=True)
class Recipe:
    """How modules are mapped.

    `script` reads SOURCE, selects the modules `m_*` and writes them to RESULT; `files` lie beside
    it under their names. Memories of more than `largest_memory` bits, if that is given, have the
    attribute `black_box`. `keeps_wires`: the netlists have the names of their nets.
    """

    script: str
    files: Mapping[str, Path] = field(default_factory=dict)
    largest_memory: int | None = None
    keeps_wires: bool = False

    def key(self) -> str:
        """Identify what the recipe makes of a module; another one for another content of a file."""
        hashes = [
            f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}"
            for name, path in sorted(self.files.items())
        ]
        return "\n".join([self.script, *hashes, str(self.largest_memory), str(self.keeps_wires)])
