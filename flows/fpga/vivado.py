"""Finding Vivado and its version, and what to say if it is missing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from flows.errors import HeepstorError

OLDEST = (2021, 1)
"""The oldest accepted version; none has been tested, see docs/zcu104.md."""

# The installer's default folders: before 2025.1, and since.
_INSTALLED = (
    "/tools/Xilinx/Vivado/*/bin/vivado",
    "/opt/Xilinx/Vivado/*/bin/vivado",
    "/tools/Xilinx/*/Vivado/bin/vivado",
    "/opt/Xilinx/*/Vivado/bin/vivado",
)


def find() -> Path | None:
    """Return `vivado`: on PATH, in $XILINX_VIVADO, or the newest in its default folders."""
    return next(_candidates(), None)


def _candidates() -> Iterator[Path]:
    if on_path := shutil.which("vivado"):
        yield Path(on_path)
    if folder := os.environ.get("XILINX_VIVADO"):
        named = Path(folder) / "bin" / "vivado"
        if os.access(named, os.X_OK):
            yield named
    found = [path for pattern in _INSTALLED for path in Path("/").glob(pattern.lstrip("/"))]
    yield from sorted(found, key=_version_in_path, reverse=True)


def _version_in_path(path: Path) -> tuple[int, ...]:
    """Return the version after which a folder in the path is named."""
    numbers = [part for part in path.parts if re.fullmatch(r"\d{4}\.\d+(\.\d+)?", part)]
    return tuple(int(number) for number in numbers[-1].split(".")) if numbers else ()


def require() -> Path:
    """Return a `vivado` of an accepted version. Raises HeepstorError without one."""
    program = find()
    if program is None:
        raise HeepstorError(describe_missing())
    found = version(program)
    numbers = tuple(int(number) for number in re.findall(r"\d+", found)[:2])
    if numbers and numbers < OLDEST:
        raise HeepstorError(f"{program} is Vivado {found}, which is too old. {supported()}.")
    return program


def version(program: Path) -> str:
    """Return a `vivado` program's version, such as "2023.2"; "unknown" if it prints none."""
    try:
        done = subprocess.run(
            [str(program), "-version"], capture_output=True, text=True, timeout=120
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HeepstorError(f"{program} does not print its version: {error}") from error
    found = re.search(r"vivado\s+v(\d+\.\d+(\.\d+)?)", done.stdout, re.IGNORECASE)
    return found[1] if found else "unknown"


def supported() -> str:
    """Return which versions are accepted, in words."""
    return (
        f"Vivado {OLDEST[0]}.{OLDEST[1]} or later is needed, with support for Zynq UltraScale+ "
        "MPSoC devices (the free Standard edition covers the XCZU7EV)"
    )


def describe_missing() -> str:
    """Return what is missing, the accepted versions, and where they are searched for."""
    places = ["on PATH", "in $XILINX_VIVADO/bin", *_INSTALLED]
    return (
        "Vivado is missing. It does synthesis, the bitstream and programming.\n"
        f"{supported()}.\n"
        f"Searched {places[0]}, {', '.join(places[1:])}.\n"
        "Install it from https://www.xilinx.com/support/download.html, or source its settings64.sh "
        "if it is elsewhere. --setup sets up the project without it."
    )
