"""What the boot ROM's program is made of."""

from __future__ import annotations

import re
from pathlib import Path

from flows.repository import ROOT
from flows.toolchain import boot_rom


def included(source: Path, folders: list[Path]) -> set[Path]:
    """The files of the repository that a C++ source includes, directly or not."""
    found: set[Path] = set()
    pending = [source]
    while pending:
        path = pending.pop()
        names = re.findall(r'(?m)^\s*#include "([^"]+)"', path.read_text())
        for folder in (path.parent, *folders):
            new = {folder / name for name in names if (folder / name).is_file()} - found
            found |= new
            pending += new
    return found


def test_what_the_boot_rom_includes_counts() -> None:
    code = set(boot_rom.device_code(ROOT))
    own = {ROOT / "cores" / "boot_rom" / name for name in ("boot.S", "loader.cpp")}
    sources = {*own, ROOT / "sw" / "src" / "string.cpp"}
    used = {path for source in sources for path in included(source, [ROOT / "sw" / "include"])}
    assert ROOT / "sw" / "include" / "heepstor" / "serial" / "protocol.hpp" in used
    assert used | sources <= code | own
