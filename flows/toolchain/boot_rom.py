"""The boot ROM's program: its sources outside its core."""

from __future__ import annotations

from pathlib import Path

_DEVICE_CODE = ("include/heepstor/serial/*.hpp", "include/heepstor/mmio.hpp", "src/string.cpp")


def device_code(root: Path) -> tuple[Path, ...]:
    """Return the files of sw/ that are part of the program."""
    found = (sorted((root / "sw").glob(pattern)) for pattern in _DEVICE_CODE)
    return tuple(path for paths in found for path in paths)
