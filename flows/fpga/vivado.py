"""Where Vivado is, which version, and what to say when it is not there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from flows.errors import HeepstorError

OLDEST = (2021, 1)
"""The oldest version that is accepted; no version has been tried, see docs/zcu104.md."""

# Where its installer puts it by default: before and since 2025.1.
_INSTALLED = (
    "/tools/Xilinx/Vivado/*/bin/vivado",
    "/opt/Xilinx/Vivado/*/bin/vivado",
    "/tools/Xilinx/*/Vivado/bin/vivado",
    "/opt/Xilinx/*/Vivado/bin/vivado",
)


def find() -> Path | None:
    """The program `vivado`: on PATH, below $XILINX_VIVADO, or the newest where it is usually."""
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
    """The version that a folder of the path is named after."""
    numbers = [part for part in path.parts if re.fullmatch(r"\d{4}\.\d+(\.\d+)?", part)]
    return tuple(int(number) for number in numbers[-1].split(".")) if numbers else ()


def require() -> Path:
    """The program `vivado` of a version that is accepted; raises HeepstorError without one."""
    program = find()
    if program is None:
        raise HeepstorError(describe_missing())
    found = version(program)
    numbers = tuple(int(number) for number in re.findall(r"\d+", found)[:2])
    if numbers and numbers < OLDEST:
        raise HeepstorError(f"{program} is Vivado {found}, which is too old: {supported()}.")
    return program


def version(program: Path) -> str:
    """The version of a `vivado` program, such as "2023.2"; "unknown" if it does not say."""
    try:
        done = subprocess.run(
            [str(program), "-version"], capture_output=True, text=True, timeout=120
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HeepstorError(f"{program} does not say its version: {error}") from error
    found = re.search(r"vivado\s+v(\d+\.\d+(\.\d+)?)", done.stdout, re.IGNORECASE)
    return found[1] if found else "unknown"


def supported() -> str:
    """Which versions are accepted."""
    return (
        f"Vivado {OLDEST[0]}.{OLDEST[1]} or later is needed, with the devices of Zynq UltraScale+ "
        "MPSoC (the free Standard edition has the XCZU7EV)"
    )


def describe_missing() -> str:
    """What is missing, which versions will do, and where they are looked for."""
    places = ["on PATH", "in $XILINX_VIVADO/bin", *_INSTALLED]
    return (
        "Vivado is missing: needed for synthesis, the bitstream and Xilinx's hardware manager.\n"
        f"{supported()}.\n"
        f"It was looked for {places[0]}, {', '.join(places[1:])}.\n"
        "Install it from https://www.xilinx.com/support/download.html, or source its settings64.sh "
        "if it is elsewhere. --setup makes the project without it."
    )
