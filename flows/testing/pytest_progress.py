"""A pytest plugin for `heepstor test`: running tests and time left instead of dots.

The estimate is based on the durations of earlier runs, which are saved in the build folder.
Failures are printed when they happen, and again by pytest at the end.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections import defaultdict
from collections.abc import Generator, Iterable
from pathlib import Path

import pytest

from flows.system import files
from flows.terminal.progress import Progress, Terminal

DURATIONS = Path("build") / "tests" / "durations.json"
_REFRESH_S = 1.0


class Schedule:
    """The tests of a run: those left, those running, and the time left."""

    def __init__(self, known: dict[str, float]) -> None:
        """Start without tests; `known` are durations from earlier runs in seconds, by test."""
        self.measured: dict[str, float] = defaultdict(float)
        self.workers = 1
        self.total = 0
        self._known = known
        self._left: set[str] = set()
        self._started: dict[str, float] = {}

    @property
    def done(self) -> int:
        """How many tests have ended."""
        return self.total - len(self._left)

    def collect(self, tests: Iterable[str]) -> None:
        """Set the tests that will run."""
        self._left = set(tests)
        self.total = len(self._left)

    def start(self, test: str, now: float) -> None:
        """Note that a test has begun."""
        self._started[test] = now

    def finish(self, test: str) -> None:
        """Note that a test has ended."""
        self._started.pop(test, None)
        self._left.discard(test)

    def seconds_left(self, now: float) -> float | None:
        """Return how long the rest will take, or None while no duration is known.

        A file's tests run one after another, so the longest file is a lower bound.
        """
        durations = {**self._known, **self.measured}
        if not durations:
            return None
        usual = sum(durations.values()) / len(durations)
        per_file: dict[str, float] = defaultdict(float)
        for test in self._left:
            spent = now - self._started.get(test, now)
            per_file[_file(test)] += max(self._known.get(test, usual) - spent, 0.0)
        return max([sum(per_file.values()) / self.workers, *per_file.values()])

    def describe(self, now: float) -> str:
        """Return the time left and the names of the running tests."""
        left = self.seconds_left(now)
        estimate = "" if left is None else f"about {_minutes(left)} left: "
        return estimate + ", ".join(Path(test).name for test in self._started)


class ProgressPlugin:
    """Follows a run's tests, in this process or in pytest-xdist's workers."""

    def __init__(self, config: pytest.Config) -> None:
        self._file = config.rootpath / DURATIONS
        self._schedule = Schedule(_read(self._file))
        self._verbose = config.get_verbosity() > 0
        self._running = False
        self._progress = Progress()
        self._shown = contextlib.ExitStack()
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        # pytest redirects standard output while a test runs in this process.
        self._stream = os.fdopen(os.dup(1), "w")

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._schedule.collect(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_setupnodes(self, specs: list[object]) -> None:
        self._schedule.workers = len(specs)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        # A worker that replaces a crashed one collects all tests again.
        if not self._running:
            self._schedule.collect(ids)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        if not self._running:
            self._begin()
        with self._lock:
            self._schedule.start(nodeid, time.monotonic())

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        with self._lock:
            self._schedule.measured[report.nodeid] += report.duration
        if report.failed:
            self._progress.note(_describe_failure(report))
        if report.when not in ("setup", "call", "teardown"):
            self.pytest_runtest_logfinish(report.nodeid)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        with self._lock:
            self._schedule.finish(nodeid)

    @pytest.hookimpl(wrapper=True)
    def pytest_report_teststatus(self) -> Generator[None, tuple, tuple]:
        category, letter, word = yield
        return (category, letter, word) if self._verbose else (category, "", "")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        self._stopped.set()
        self._shown.close()
        durations = {**_read(self._file), **self._schedule.measured}
        rounded = {test: round(durations[test], 3) for test in sorted(durations)}
        files.write_whole(self._file, json.dumps(rounded, indent=0))

    def _begin(self) -> None:
        self._running = True
        self._progress = self._shown.enter_context(Terminal(self._stream).progress("tests"))
        ticker = threading.Thread(target=self._tick, daemon=True)
        ticker.start()
        self._shown.callback(ticker.join)

    def _tick(self) -> None:
        """Refresh the display periodically, as a long test may be the only one for minutes."""
        while not self._stopped.wait(_REFRESH_S):
            with self._lock:
                text = self._schedule.describe(time.monotonic())
                done, total = self._schedule.done, self._schedule.total
            self._progress.count(done, total, text)


def pytest_configure(config: pytest.Config) -> None:
    """Register the plugin in the reporting process, not in pytest-xdist's workers."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(ProgressPlugin(config), "heepstor-progress")


def _file(test: str) -> str:
    return test.partition("::")[0]


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def _read(path: Path) -> dict[str, float]:
    """Return the durations of earlier runs; none if the file is missing or damaged."""
    kept = files.read_json(path)
    try:
        return {str(test): float(seconds) for test, seconds in kept.items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def _describe_failure(report: pytest.TestReport) -> str:
    captured = [f"---- {title} ----\n{text}" for title, text in report.sections]
    return "\n".join([f"FAILED {report.nodeid} ({report.when})", report.longreprtext, *captured])
