"""Where data sets lie."""

from __future__ import annotations

import os
from pathlib import Path


def data_set_folder(folder: Path, name: str) -> Path:
    """Return the folder of one data set: in $HEEPSTOR_DATA if that is set, else in `folder`."""
    return Path(os.environ.get("HEEPSTOR_DATA") or folder) / name
