"""How pip builds the package: as setuptools does, without a trace in the repository.

By itself setuptools collects the files of a wheel in build/lib/ and keeps them there: the next
wheel would have those that were removed since, and FuseSoC would find every core twice.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from typing import Any

from setuptools import build_meta
from setuptools.build_meta import (
    build_editable,
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]


def build_wheel(
    wheel_directory: str,
    config_settings: Mapping[str, Any] | None = None,
    metadata_directory: str | None = None,
) -> str:
    """Build a wheel, with everything in between in a temporary folder; return its name."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {**(config_settings or {}), "--global-option": ["build", "--build-base", folder]}
        return build_meta.build_wheel(wheel_directory, settings, metadata_directory)
