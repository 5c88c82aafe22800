"""Packages that read the files of other tools: only users of such files need them."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

from modelgen.errors import ModelError


def import_package(name: str, purpose: str, modules: Sequence[str] = ()) -> Any:
    """Return a Python package.

    Args:
        name: of the package, by which pip installs it, too.
        purpose: what needs it; begins the message.
        modules: those of the package that it does not import by itself.

    Raises:
        ModelError: the package, or one that it needs, is not installed.
    """
    try:
        for module in modules:
            importlib.import_module(f"{name}.{module}")
        return importlib.import_module(name)
    except ImportError as error:
        raise ModelError(
            f"{purpose} needs the Python package {name!r}, which cannot be imported: {error}. "
            f"Install it with: pip install {name}."
        ) from error
