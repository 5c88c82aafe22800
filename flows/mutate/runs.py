"""Running tests in a copy of the repository, and what their end says of a mutant."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.errors import HeepstorError

KILLED, SURVIVED, TIMED_OUT, INVALID = "killed", "survived", "killed by the time limit", "invalid"
_PASSED, _FAILED = 0, 1
_NO_SHRINKING = ("-p", "flows.mutate.no_shrinking")
# The edit does not compile: such a mutant says nothing of the tests.
_BUILD_FAILED = re.compile(r"^\s+runner\.build\(|CalledProcessError|SyntaxError", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """How a run of tests ended; `code` is pytest's, None where the time was over."""

    code: int | None
    output: str
    seconds: float

    @property
    def verdict(self) -> str:
        """What the run says of the mutant that was in the copy."""
        if self.code is None:
            return TIMED_OUT
        if self.code == _PASSED:
            return SURVIVED
        if self.code == _FAILED and not _BUILD_FAILED.search(self.output):
            return KILLED
        return INVALID


class Runner:
    """Starts tests in copies, several at a time; `stop` ends them all."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def run(self, copy: Path, tests: Sequence[str], limit: float | None, *more: str) -> Run:
        """Run tests in a copy, for `limit` seconds if there is one; `more` are pytest's options."""
        options = ("-q", "--tb=short", "-p", "no:cacheprovider", "--hypothesis-seed=0")
        command = [sys.executable, "-m", "pytest", *options, *_NO_SHRINKING, *more, *tests]
        begin = time.monotonic()
        with self._started(command, copy) as process:
            try:
                output = process.communicate(timeout=limit)[0]
                code = process.returncode
            except subprocess.TimeoutExpired:
                code, output = None, ""
        return Run(code, output, time.monotonic() - begin)

    def durations(self, copy: Path, tests: Sequence[str]) -> dict[str, float]:
        """Run tests that must pass; return the seconds of each, by their names in `tests`.

        Raises:
            HeepstorError: one fails, or is skipped; then its mutants would prove nothing.
        """
        results = copy / "build" / "baseline.xml"
        done = self.run(copy, tests, None, f"--junitxml={results}", "--maxfail=10")
        if done.code != _PASSED:
            raise HeepstorError(
                f"Tests of the mutants fail without any mutant:\n{done.output[-4000:]}"
            )
        cases = list(ElementTree.parse(results).iter("testcase"))
        skipped = [case.get("name") for case in cases if case.find("skipped") is not None]
        if skipped:
            raise HeepstorError(f"Tests of the mutants are skipped here: {', '.join(skipped)}.")
        return {test: sum(map(_seconds, filter(_belongs_to(test), cases))) for test in tests}

    def check_imports(self, copy: Path) -> None:
        """Make sure that tests in a copy import the copy's packages, not those installed.

        Raises:
            HeepstorError: they do not.
        """
        script = "import flows, modelgen; print(flows.__file__, modelgen.__file__, sep='\\n')"
        command = [sys.executable, "-c", script]
        done = subprocess.run(
            command, cwd=copy, env=_environment(copy), capture_output=True, text=True
        )
        files = done.stdout.splitlines()
        if len(files) != 2 or not all(Path(file).is_relative_to(copy) for file in files):
            raise HeepstorError(
                f"Tests in {copy} import other packages:\n{done.stdout}{done.stderr}\n"
                "This is a bug in HEEPstor; please report it."
            )

    def stop(self) -> None:
        """End all tests, and start no more."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                _end(process)

    @contextlib.contextmanager
    def _started(self, command: list[str], copy: Path) -> Iterator[subprocess.Popen]:
        with self._lock:
            if self._stopped:
                raise KeyboardInterrupt
            process = subprocess.Popen(
                command,
                cwd=copy,
                env=_environment(copy),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                # A group of its own, to end simulators and compilers with it.
                start_new_session=True,
            )
            self._running.add(process)
        try:
            yield process
        finally:
            with self._lock:
                self._running.discard(process)
            _end(process)
            if self._stopped:
                raise KeyboardInterrupt


def _end(process: subprocess.Popen) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _environment(copy: Path) -> dict[str, str]:
    """The copy's packages come before the installed ones, and leave no compiled modules behind."""
    programs = str(Path(sys.executable).parent)
    return {
        **os.environ,
        "PATH": programs + os.pathsep + os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(copy),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _belongs_to(test: str):
    """Whether a case of JUnit's XML is one of a test, which may be a whole file or function."""
    file, _, name = test.partition("::")
    module = file.removesuffix(".py").replace("/", ".")

    def belongs(case: ElementTree.Element) -> bool:
        found = case.get("name", "")
        same = not name or found == name or found.partition("[")[0] == name
        return case.get("classname", "") == module and same

    return belongs


def _seconds(case: ElementTree.Element) -> float:
    return float(case.get("time", 0.0))
