"""Content hashes of files, cached by their file-system metadata."""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path

from flows.system.files import read_json, write_whole

# A file changed this recently might change again within the resolution of its time stamps.
_SETTLED_NS = 2_000_000_000


class FileHashes:
    """SHA-256 of files. Unchanged files are not read again, not even by the next process.

    A file is unchanged if its size, inode, modification and status-change times are the same; the
    last of these changes on every write, even if a tool sets the others.
    """

    def __init__(self, store: Path | None = None) -> None:
        self._store = store
        kept = None if store is None else read_json(store)
        self._known: dict[str, list[object]] = kept if isinstance(kept, dict) else {}
        self._dirty = False

    def of(self, path: Path) -> str:
        """Return a file's hash in hexadecimal digits. Raises OSError if it cannot be read."""
        status = path.stat()
        identity = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
        key = os.fspath(path)
        match self._known.get(key):
            case [known, str(digest)] if known == identity:
                return digest
        with path.open("rb") as file:
            content = hashlib.sha256()
            while block := file.read(1 << 20):
                content.update(block)
        if time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) > _SETTLED_NS:
            self._known[key] = [identity, content.hexdigest()]
            self._dirty = True
        return content.hexdigest()

    def save(self) -> None:
        """Save the cache for the next process."""
        if self._store is None or not self._dirty:
            return
        write_whole(self._store, json.dumps(self._known))
        self._dirty = False
