"""Tests and linting, as continuous integration runs them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from flows import fusesoc
from flows.errors import HeepstorError
from flows.fusesoc.core_library import Library
from flows.system import tools as system_tools
from flows.system.processes import run_foreground

_CPP = (".cpp", ".hpp", ".h")


def selection(quick: bool, everything: bool) -> str | None:
    """Return pytest's marker expression for `--quick` or `--all`; None for pyproject.toml's.

    Raises:
        HeepstorError: both are given.
    """
    if quick and everything:
        raise HeepstorError("--quick and --all are mutually exclusive; use only one.")
    if quick:
        return "not slow and not nightly"
    return "" if everything else None


def run_tests(root: Path, markers: str | None, only: str, more: str) -> int:
    """Run pytest with one process per CPU; return its exit code.

    Args:
        root: of the repository.
        markers: a marker expression (pytest -m), or None for the one in pyproject.toml.
        only: an expression that test names must match (pytest -k), or empty.
        more: further pytest arguments, separated by spaces.
    """
    lacking = system_tools.missing()
    if lacking:
        raise HeepstorError(system_tools.describe_missing(lacking))
    _check_expression(only)
    command = [
        *(sys.executable, "-m", "pytest", "--numprocesses=auto", "--dist=loadfile"),
        *("-p", "flows.testing.pytest_progress"),
        *(["-m", markers] if markers is not None else []),
        *(["-k", only] if only else []),
        *more.split(),
    ]
    return run_foreground(command, root, _environment())


def _check_expression(only: str) -> None:
    """Raise HeepstorError for an invalid `pytest -k` expression; workers would seem to crash."""
    from _pytest.mark.expression import Expression

    try:
        Expression.compile(only)
    except SyntaxError as error:
        raise HeepstorError(
            f"--only is {only!r}: {error.msg}. Use parts of test names with `and`, `or` and `not`."
        ) from error


def lint(root: Path) -> list[str]:
    """Run every check and print its output; return the names of those that failed."""
    checks: list[tuple[str, Callable[[], bool]]] = [
        ("ruff check", lambda: _passes(root, "ruff", "check", ".")),
        ("ruff format", lambda: _passes(root, "ruff", "format", "--check", ".")),
        ("mypy", lambda: _passes(root, "mypy")),
        ("clang-format", lambda: _clang_format(root)),
        *((f"lint of {name}", _linter(root, name)) for name in linted_cores(root)),
    ]
    failed = []
    for name, passes in checks:
        good = passes()
        print(f"{name:<40} {'passed' if good else 'FAILED'}", flush=True)
        if not good:
            failed.append(name)
    return failed


def linted_cores(root: Path) -> list[str]:
    """Return the names of the cores with a lint target."""
    return [core.name for core in Library(root).cores if "lint" in core.targets]


def cpp_files(root: Path) -> list[Path]:
    """Return every C++ file in the repository."""
    folders = ("sw", "cores", "tests")
    files = (path for folder in folders for path in sorted((root / folder).rglob("*")))
    return [path for path in files if path.suffix in _CPP]


def _linter(root: Path, core: str) -> Callable[[], bool]:
    return lambda: _lint_core(root, core)


def _lint_core(root: Path, core: str) -> bool:
    work = root / "build" / "lint" / core.replace(":", "_").strip("_")
    arguments = ["run", "--target=lint", "--clean", f"--work-root={work}", core]
    try:
        log = work.with_suffix(".log")
        fusesoc.run(root, arguments, root / "heepstor_cfg.hjson", log, lambda line: None)
    except HeepstorError as error:
        print(error)
        return False
    return True


def _clang_format(root: Path) -> bool:
    files = [str(path.relative_to(root)) for path in cpp_files(root)]
    return not files or _passes(root, "clang-format", "--dry-run", "--Werror", *files)


def _passes(root: Path, program: str, *arguments: str) -> bool:
    path = Path(sys.executable).with_name(program)
    return run_foreground([path, *arguments], root, _environment()) == 0


def _environment() -> dict[str, str]:
    """Return environment variables with this Python's programs first on PATH."""
    programs = str(Path(sys.executable).parent)
    return {**os.environ, "PATH": programs + os.pathsep + os.environ.get("PATH", os.defpath)}
