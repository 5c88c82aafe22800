"""Where no program is."""

from __future__ import annotations

import pytest


@pytest.fixture
def empty_path(tmp_path, monkeypatch):
    """A PATH without any program."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path
