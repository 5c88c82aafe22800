"""Short texts about files, such as hashes, kept from one process to the next."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from flows.system.files import read_json, write_whole

# A file changed this recently might change again within the resolution of its time stamps.
_SETTLED_NS = 2_000_000_000


class FileFacts:
    """Texts that are found anew only for files that changed.

    A file is unchanged if its size, inode, modification and status-change times are the same; the
    last of these changes on every write, even if a tool sets the others.
    """

    def __init__(self, store: Path | None = None) -> None:
        self._store = store
        kept = None if store is None else read_json(store)
        self._known: dict[str, list[object]] = kept if isinstance(kept, dict) else {}
        self._dirty = False

    def find(self, path: Path, find: Callable[[], str], about: str = "") -> str:
        """Return a text about a file; `find()` returns it if it is not known.

        `about` distinguishes several texts about one file. Raises OSError if the file cannot be
        read.
        """
        status = path.stat()
        identity = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
        key = os.fspath(path) + about
        match self._known.get(key):
            case [known, str(text)] if known == identity:
                return text
        text = find()
        if time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) > _SETTLED_NS:
            self._known[key] = [identity, text]
            self._dirty = True
        return text

    def save(self) -> None:
        """Save what is known for the next process."""
        if self._store is None or not self._dirty:
            return
        write_whole(self._store, json.dumps(self._known))
        self._dirty = False
