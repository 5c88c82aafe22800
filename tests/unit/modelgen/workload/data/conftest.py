"""A data folder with the four files of MNIST, small."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.idx_files import contents, pack


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEEPSTOR_DATA", raising=False)


@pytest.fixture(params=["raw", "gz"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A data folder with all four files."""
    root = tmp_path / "mnist"
    root.mkdir()
    for name, content in contents().items():
        if request.param == "gz":
            (root / f"{name}.gz").write_bytes(pack(content))
        else:
            (root / name).write_bytes(content)
    return tmp_path
