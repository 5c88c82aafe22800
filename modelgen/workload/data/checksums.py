"""Files that the user has put there, compared with those that were published."""

from __future__ import annotations

import hashlib
from pathlib import Path


def sha256(content: bytes) -> str:
    """Return the SHA-256 of the content, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def difference_note(data_set: str, different: list[Path]) -> str:
    """Return what the user has to know about files that are not the published ones."""
    if not different:
        return ""
    names = ", ".join(path.name for path in different)
    return (
        f"{data_set}: {names} in {different[0].parent}: not the published content (SHA-256). Used "
        "as found; remove to have the published one downloaded."
    )
