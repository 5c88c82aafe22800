"""The contract as a Python module."""

from __future__ import annotations

import math
import os
import sys
from types import ModuleType

import pytest

from flows.contract import description, python
from tests.support.small_contract import CONTRACT


def test_the_compilers_module_is_current() -> None:
    """Set HEEPSTOR_UPDATE_GOLDEN=1 to write modelgen/targets/systolic/abi.py anew."""
    expected = python.module(description.load())
    if os.environ.get("HEEPSTOR_UPDATE_GOLDEN"):
        python.MODULE.write_text(expected, encoding="utf-8")
    assert python.MODULE.read_text(encoding="utf-8") == expected


def test_a_module_has_everything_but_what_is_reserved(monkeypatch: pytest.MonkeyPatch) -> None:
    made = ModuleType("made_contract")
    monkeypatch.setitem(sys.modules, made.__name__, made)
    exec(python.module(CONTRACT), made.__dict__)
    assert (made.VERSION, made.DESCRIPTOR_WORDS, made.DESCRIPTOR_ALIGNMENT) == (5, 3, 16)
    assert made.MOST_CROSSINGS == 3
    assert {error.name: error.value for error in made.Error} == {"NONE": 0, "BAD_WORD": 2}
    assert made.LAYOUT == {
        "kind": (0, 0, 8),
        "flag": (0, 8, 1),
        "wait": (0, 9, 2),
        "width": (1, 0, 16),
        "height": (1, 16, 8),
        "depth": (1, 24, 8),
        "slope": (2, 0, 32),
    }
    assert {"slope"} == made.FLOATS
    assert {"depth"} == made.SIGNED
    begins_with = made.Fields()
    assert (begins_with.kind, begins_with.slope) == (made.Error.BAD_WORD, -math.inf)
    assert begins_with.flag is False
    assert begins_with.depth == -128
