"""Without the package `onnx`."""

from __future__ import annotations

import sys

import pytest

from modelgen.errors import ModelError
from modelgen.frontends.onnx.package import import_onnx


def test_it_is_said_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ModelError, match=r"needs the Python package 'onnx'.*pip install onnx\."):
        import_onnx()


def test_the_package() -> None:
    assert import_onnx().defs.onnx_opset_version() >= 20
