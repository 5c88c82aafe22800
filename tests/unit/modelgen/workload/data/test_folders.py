"""Where data sets lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelgen.workload.data.folders import data_set_folder


def test_the_environment_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    assert data_set_folder(Path("data"), "mnist") == Path("data/mnist")
    monkeypatch.setenv("HEEPSTOR_DATA", "")
    assert data_set_folder(Path("data"), "mnist") == Path("data/mnist")
    monkeypatch.setenv("HEEPSTOR_DATA", "/shared")
    assert data_set_folder(Path("data"), "mnist") == Path("/shared/mnist")
