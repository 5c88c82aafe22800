"""How Yosys maps modules to a target: its script, and the files that this reads."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SOURCE, RESULT = "modules.il", "mapped.json"
"""Names in the scripts: the modules to map, and what Yosys writes (`write_json`)."""


@dataclass(frozen=True)
class Recipe:
    """How modules are mapped.

    `script` reads SOURCE, selects the modules `m_*` and writes them to RESULT; copies of `files`
    and files with `texts` lie beside it under their names. Memories of more than `largest_memory`
    bits, if that is given, have the attribute `black_box`. `keeps_wires`: the netlists have the
    names of their nets.
    """

    script: str
    files: Mapping[str, Path] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    largest_memory: int | None = None
    keeps_wires: bool = False

    def write(self, folder: Path) -> None:
        """Write all that the script reads, except the modules, and the script as map.ys."""
        for name, path in self.files.items():
            shutil.copyfile(path, folder / name)
        for name, text in {**self.texts, "map.ys": self.script}.items():
            (folder / name).write_text(text, encoding="utf-8")

    def key(self) -> str:
        """Identify what the recipe makes of a module; another one for another content of a file."""
        hashes = [
            f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}"
            for name, path in sorted(self.files.items())
        ]
        texts = [f"{name}\n{text}" for name, text in sorted(self.texts.items())]
        others = [str(self.largest_memory), str(self.keeps_wires)]
        return "\n".join([self.script, *hashes, *texts, *others])
