"""A source's tests are found by its path: those of `a/b.py` are in `tests/unit/a/test_b.py`."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from flows.repository import ROOT

TESTS = ROOT / "tests"

WHOLE_PACKAGES = {
    "flows/testing/mutate": "a run of mutants takes all of it, on a repository made for the tests",
    "modelgen/stages": "each stage reads what the one before it has written",
    "modelgen/verify/random_modules": "a module is drawn, printed and made smaller by all of it",
}
"""Packages whose tests are in `test_<package>.py`, beside the folder that the package itself would
have; and why they are tested as a whole."""

ELSEWHERE = {
    "flows/cli/__main__.py": ("unit/test_tasks.py", "every task goes through it"),
    "flows/cli/build_backend.py": ("e2e/test_installed.py", "is run by pip as it builds a wheel"),
    "flows/cli/installed.py": ("e2e/test_installed.py", "works in an installed package alone"),
    "flows/edalize_flows/ecp5_bitstream.py": ("unit/boards/test_ulx3s.py", "FuseSoC loads it"),
    "flows/errors.py": ("unit/flows/cli/test_endings.py", "an error ends a task"),
    "flows/repository/template/project.py": (
        "unit/flows/repository/test_new_project.py",
        "is the text of a user's file",
    ),
    "flows/system/supervisor.py": (
        "unit/flows/system/test_processes.py",
        "is a program that outlives the one that starts it",
    ),
    "modelgen/progress.py": ("unit/flows/terminal/test_progress.py", "is an interface"),
}
"""Sources that have no test file of their own: where they are tested, and why there."""


def sources() -> list[str]:
    """The Python files in which something is defined that can be called."""
    files = (path for room in ("flows", "modelgen") for path in (ROOT / room).rglob("*.py"))
    return sorted(str(path.relative_to(ROOT)) for path in files if has_functions(path))


def has_functions(path: Path) -> bool:
    """Whether there is anything to test; markers of packages, and data, have no functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(isinstance(node, ast.FunctionDef) for node in ast.walk(tree))


def place_of_tests(source: str) -> Path:
    """Where the tests of a source are; those of a package's own file are named after it."""
    path = Path(source)
    if str(path.parent) in WHOLE_PACKAGES:
        return TESTS / "unit" / path.parent.parent / f"test_{path.parent.name}.py"
    name = path.parent.name if path.name == "__init__.py" else path.stem.strip("_")
    return TESTS / "unit" / path.parent / f"test_{name}.py"


@pytest.mark.parametrize("source", sorted(set(sources()) - ELSEWHERE.keys()))
def test_every_source_has_its_tests(source: str) -> None:
    expected = place_of_tests(source)
    assert expected.is_file(), f"the tests of {source} belong into {expected.relative_to(ROOT)}"


@pytest.mark.parametrize("source", ELSEWHERE)
def test_exceptions_are_needed_and_true(source: str) -> None:
    tested_in, _ = ELSEWHERE[source]
    assert source in sources(), "there is no such source any more"
    assert not place_of_tests(source).exists(), "it has tests of its own: no exception is needed"
    assert (TESTS / tested_in).is_file()


@pytest.mark.parametrize("package", WHOLE_PACKAGES)
def test_packages_tested_as_a_whole_are_there(package: str) -> None:
    assert any(Path(source).parent == Path(package) for source in sources())
    assert not (TESTS / "unit" / package).exists(), "their tests are in one place"
