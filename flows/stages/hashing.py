"""Content hashes of files, cached by their file-system metadata."""

from __future__ import annotations

import hashlib
from pathlib import Path

from flows.system.file_facts import FileFacts


class FileHashes(FileFacts):
    """SHA-256 of files. Unchanged files are not read again, not even by the next process."""

    def of(self, path: Path) -> str:
        """Return a file's hash in hexadecimal digits. Raises OSError if it cannot be read."""
        return self.find(path, lambda: _sha256(path))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        content = hashlib.sha256()
        while block := file.read(1 << 20):
            content.update(block)
    return content.hexdigest()
