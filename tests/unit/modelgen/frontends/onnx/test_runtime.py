"""What ONNX Runtime says about a file."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from modelgen.errors import ModelError
from modelgen.frontends.onnx.runtime import outputs_of
from tests.support.onnx_models import one, random, truth

X = random(2, 3)


def test_outputs() -> None:
    (found,) = truth(one("Relu", {"x": X}), {"x": X})
    assert np.array_equal(found, np.maximum(X, 0))


def test_a_file_that_it_cannot_run(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(b"junk")
    with pytest.raises(ModelError, match="ONNX Runtime cannot run the model: "):
        outputs_of(tmp_path / "a.onnx", {})


def test_it_is_said_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModelError, match=r"needs the Python package 'onnxruntime'"):
        outputs_of(b"", {})
