"""Comparison of the user's files with the published ones."""

from __future__ import annotations

import hashlib
from pathlib import Path


def sha256(content: bytes) -> str:
    """Return the SHA-256 of the content, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def difference_note(data_set: str, different: list[Path]) -> str:
    """Return a message for the user about files that differ from the published ones."""
    if not different:
        return ""
    names = ", ".join(path.name for path in different)
    return (
        f"{data_set}: {names} in {different[0].parent} does not have the published content "
        "(SHA-256). It is used as is; remove it to download the published version."
    )
