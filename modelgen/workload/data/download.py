"""Downloads verified by a checksum, from the first mirror that works."""

from __future__ import annotations

import hashlib
import os
import tempfile
import urllib.request
from collections.abc import Iterable
from http.client import HTTPException
from pathlib import Path

TIMEOUT_SECONDS = 5.0
"""Limit for connecting, and for each read."""


class DownloadError(Exception):
    """No mirror provided the file; the message gives the reason for each mirror."""


def download(name: str, sha256: str, mirrors: Iterable[str], target: Path) -> None:
    """Download a file; `target` appears complete and verified, or not at all.

    Raises:
        DownloadError: no mirror provided the right bytes.
    """
    failures = []
    for mirror in mirrors:
        try:
            content = _fetch(f"{mirror.rstrip('/')}/{name}")
        except (OSError, HTTPException, ValueError) as error:
            failures.append(f"{mirror}: {getattr(error, 'reason', None) or error}")
            continue
        if hashlib.sha256(content).hexdigest() == sha256:
            _write(content, target)
            return
        failures.append(f"{mirror}: wrong checksum")
    raise DownloadError(f"{name} ({'; '.join(failures)})")


def _fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as response:
        return response.read()


def _write(content: bytes, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
