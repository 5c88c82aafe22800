"""The contract as a Python module."""

from __future__ import annotations

import os

from flows.contract import description, python


def test_the_compilers_module_is_current() -> None:
    """Set HEEPSTOR_UPDATE_GOLDEN=1 to write modelgen/targets/systolic/abi.py anew."""
    expected = python.module(description.load())
    if os.environ.get("HEEPSTOR_UPDATE_GOLDEN"):
        python.MODULE.write_text(expected, encoding="utf-8")
    assert python.MODULE.read_text(encoding="utf-8") == expected
