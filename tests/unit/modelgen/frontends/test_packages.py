"""Packages that are there, and what is said of those that are not."""

from __future__ import annotations

import sys

import pytest

from modelgen.errors import ModelError
from modelgen.frontends.packages import import_package


def test_a_package_with_its_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "email.mime.text", raising=False)
    found = import_package("email", "A test", ["mime.text"])
    assert found.__name__ == "email"
    assert "email.mime.text" in sys.modules


@pytest.mark.parametrize("missing", ["email", "email.mime.text"])
def test_it_is_said_what_is_missing_and_what_needs_it(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    message = rf"A test needs the Python package 'email', .*{missing}.* pip install email\."
    with pytest.raises(ModelError, match=message):
        import_package("email", "A test", ["mime.text"])
