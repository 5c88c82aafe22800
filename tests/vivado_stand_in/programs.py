"""Puts stand-ins for the programs of a vendor into a folder that tests then have on PATH."""

from __future__ import annotations

import os
import sys
from pathlib import Path

VIVADO = Path(__file__).with_name("vivado.py")

# Says what it was told, and keeps the last argument, the bitstream, as the device's memory.
_OPENFPGALOADER = """\
import os, shutil, sys
print("openFPGALoader", *sys.argv[1:])
if os.environ.get("STAND_IN_LOADER") == "fail":
    sys.exit("unable to open ftdi device: -3 (device not found)")
shutil.copyfile(sys.argv[-1], os.environ["STAND_IN_DEVICE"])
"""


def install_vivado(folder: Path) -> None:
    """A program `vivado` in the folder."""
    _install(folder / "vivado", f'exec "{sys.executable}" "{VIVADO}" "$@"')


def install_openfpgaloader(folder: Path) -> None:
    """A program `openFPGALoader` in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / "loader.py"
    script.write_text(_OPENFPGALOADER)
    _install(folder / "openFPGALoader", f'exec "{sys.executable}" "{script}" "$@"')


def _install(path: Path, command: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{command}\n")
    path.chmod(0o755)


def path_with(folder: Path) -> str:
    """PATH with this Python's programs and a folder first, and without a real Vivado or loader."""
    real = ("vivado", "openFPGALoader")
    others = [
        place
        for place in os.environ.get("PATH", os.defpath).split(os.pathsep)
        if not any((Path(place) / name).exists() for name in real)
    ]
    return os.pathsep.join([str(folder), str(Path(sys.executable).parent), *others])
