"""Where data sets are stored."""

from __future__ import annotations

import os
from pathlib import Path


def data_set_folder(folder: Path, name: str) -> Path:
    """Return a data set's folder: in $HEEPSTOR_DATA if that is set, otherwise in `folder`."""
    return Path(os.environ.get("HEEPSTOR_DATA") or folder) / name
