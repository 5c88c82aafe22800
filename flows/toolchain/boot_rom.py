"""The boot ROM's program: what it is made of beside its core's own files."""

from __future__ import annotations

from pathlib import Path

_DEVICE_CODE = ("include/heepstor/serial/*.hpp", "include/heepstor/mmio.hpp", "src/string.cpp")


def device_code(root: Path) -> tuple[Path, ...]:
    """The files of sw/ that the program is made of."""
    found = (sorted((root / "sw").glob(pattern)) for pattern in _DEVICE_CODE)
    return tuple(path for paths in found for path in paths)
