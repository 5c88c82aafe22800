"""Running tests in a copy of the repository, and what the result says about a mutant."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.errors import HeepstorError
from flows.system import processes

KILLED, SURVIVED, TIMED_OUT, INVALID = "killed", "survived", "killed by the time limit", "invalid"
_PASSED, _FAILED, _SIGNALLED = 0, 1, 128
_NO_SHRINKING = ("-p", "flows.testing.mutate.no_shrinking")
# The edit does not compile: such a mutant says nothing about the tests.
_BUILD_FAILED = re.compile(r"^\s+runner\.build\(|CalledProcessError|SyntaxError", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """How a test run ended; `code` is pytest's exit code, or None after a timeout."""

    code: int | None
    output: str
    seconds: float

    @property
    def verdict(self) -> str:
        """The verdict on the mutant in the copy."""
        if self.code is None:
            return TIMED_OUT
        if self.code == _PASSED:
            return SURVIVED
        if self.code == _FAILED and not _BUILD_FAILED.search(self.output):
            return KILLED
        return INVALID


def run(copy: Path, tests: Sequence[str], limit: float | None, *more: str) -> Run:
    """Run tests in a copy for at most `limit` seconds (None: no limit); `more` are pytest options.

    Raises:
        HeepstorError: pytest was ended by a signal.
    """
    options = ("-q", "--tb=short", "-p", "no:cacheprovider", "--hypothesis-seed=0")
    command = [sys.executable, "-m", "pytest", *options, *_NO_SHRINKING, *more, *tests]
    begin = time.monotonic()
    with processes.running(
        command,
        cwd=copy,
        env=_environment(copy),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        try:
            output, code = process.communicate(timeout=limit)[0], process.returncode
        except subprocess.TimeoutExpired:
            output, code = "", None
    if code is not None and not 0 <= code < _SIGNALLED:
        raise HeepstorError(f"pytest was ended by a signal (exit code {code}).")
    return Run(code, output, time.monotonic() - begin)


def durations(copy: Path, tests: Sequence[str]) -> dict[str, float]:
    """Run tests that must pass; return the seconds of each, by their names in `tests`.

    Raises:
        HeepstorError: a test fails or is skipped, so its mutants would prove nothing.
    """
    results = copy / "build" / "baseline.xml"
    done = run(copy, tests, None, f"--junitxml={results}", "--maxfail=10")
    if done.code != _PASSED:
        raise HeepstorError(f"Mutants' tests fail without any mutant:\n{done.output[-4000:]}")
    cases = list(ElementTree.parse(results).iter("testcase"))
    skipped = [case.get("name", "") for case in cases if case.find("skipped") is not None]
    if skipped:
        raise HeepstorError(f"Mutants' tests are skipped here: {', '.join(skipped)}.")
    return {test: sum(map(_seconds, filter(_belongs_to(test), cases))) for test in tests}


def check_imports(copy: Path) -> None:
    """Check that tests in a copy import the copy's packages, not installed ones.

    Raises:
        HeepstorError: they do not.
    """
    script = "import flows, modelgen; print(flows.__file__, modelgen.__file__, sep='\\n')"
    command = [sys.executable, "-c", script]
    _, out, errors = processes.run_captured(command, copy, _environment(copy))
    files = out.splitlines()
    if len(files) != 2 or not all(Path(file).is_relative_to(copy) for file in files):
        raise HeepstorError(
            f"Tests in {copy} import other packages:\n{out}{errors}\n"
            "This is a bug in HEEPstor; please report it."
        )


def _environment(copy: Path) -> dict[str, str]:
    """Return variables that put the copy's packages first and write no compiled modules."""
    programs = str(Path(sys.executable).parent)
    return {
        **os.environ,
        "PATH": programs + os.pathsep + os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(copy),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _belongs_to(test: str) -> Callable[[ElementTree.Element], bool]:
    """Return a check whether a JUnit test case belongs to a test file or function."""
    file, _, name = test.partition("::")
    module = file.removesuffix(".py").replace("/", ".")

    def belongs(case: ElementTree.Element) -> bool:
        found = case.get("name", "")
        same = not name or found == name or found.partition("[")[0] == name
        return case.get("classname", "") == module and same

    return belongs


def _seconds(case: ElementTree.Element) -> float:
    return float(case.get("time", 0.0))
