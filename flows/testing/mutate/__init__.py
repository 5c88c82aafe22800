"""`heepstor mutate`: apply small wrong edits to a copy, one by one; the tests must notice each.

Each result is saved at once, so that an interrupted run resumes where it stopped.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Sequence
from concurrent.futures import as_completed
from pathlib import Path

from flows.errors import HeepstorError
from flows.system import files
from flows.system.locks import file_lock
from flows.system.processes import worker_threads
from flows.terminal.progress import Progress, Terminal
from flows.testing.mutate import copies, mutants, runs
from flows.testing.mutate.copies import Copy
from flows.testing.mutate.mutants import Mutant
from flows.testing.mutate.runs import INVALID, KILLED, SURVIVED, TIMED_OUT

FOLDER = Path("build") / "mutate"
_START_S = 3.0
"""Seconds that pytest and its imports take."""
_LIMIT = 10
"""Time limit of a mutant: this factor times its tests' duration without it, ..."""
_SPARE_S = 60.0
"""... plus this many seconds."""


def main(root: Path, only: str, jobs: int, again: bool, terminal: Terminal) -> int:
    """Try the mutants; return 0 if each is killed, or explained and survives.

    Args:
        root: of the repository.
        only: words in the names or files of mutants to try, separated by commas; empty for all.
        jobs: how many to try at a time.
        again: also try those with a known result from an earlier run on the same sources.
        terminal: where to print.
    """
    chosen = mutants.choose(mutants.read(root), only)
    _check_fit(root, chosen)

    def say_waiting(holder: str) -> None:
        terminal.note(f"Waiting for {holder}, which is trying mutants.")

    with file_lock(root / FOLDER / ".lock", say_waiting):
        return _try_unknown(root, chosen, jobs, again, terminal)


def _try_unknown(
    root: Path, chosen: Sequence[Mutant], jobs: int, again: bool, terminal: Terminal
) -> int:
    """Try the mutants without a known result; return the exit code for all of them."""
    results = Results(root, again)
    waiting = [mutant for mutant in chosen if results.of(mutant) is None]
    terminal.note(f"{len(chosen)} mutants, {len(chosen) - len(waiting)} with a known result")
    if waiting:
        _try_all(root, waiting, min(jobs, len(waiting)), results, terminal)
    return _summarize(chosen, results, terminal)


class Results:
    """Verdicts on mutants of one state of the sources, on disk."""

    def __init__(self, root: Path, again: bool) -> None:
        self._path = root / FOLDER / "results.json"
        self._sources = copies.fingerprint(root)
        self._verdicts: dict[str, str] = {} if again else self._read()

    def of(self, mutant: Mutant) -> str | None:
        """Return the verdict on a mutant, or None."""
        return self._verdicts.get(mutant.digest)

    def add(self, mutant: Mutant, verdict: str) -> None:
        """Keep a verdict."""
        self._verdicts[mutant.digest] = verdict
        document = {"sources": self._sources, "verdicts": self._verdicts}
        files.write_whole(self._path, json.dumps(document, indent=1) + "\n")

    def _read(self) -> dict[str, str]:
        document = files.read_json(self._path)
        try:
            return dict(document["verdicts"]) if document["sources"] == self._sources else {}
        except (ValueError, KeyError, TypeError):
            return {}


def _check_fit(root: Path, chosen: Sequence[Mutant]) -> None:
    """Refuse a list that no longer fits the sources.

    Raises:
        HeepstorError: with what is wrong with each mutant.
    """
    stale = [f"{m.name}: {problem}" for m in chosen if (problem := m.problem(root))]
    if stale:
        lines = "\n  ".join(stale)
        raise HeepstorError(
            f"Mutants that do not fit the sources; change them in {mutants.FOLDER}/:\n  {lines}"
        )


def _try_all(
    root: Path, waiting: Sequence[Mutant], jobs: int, results: Results, terminal: Terminal
) -> None:
    """Try mutants, several at a time, each in a copy of its own."""
    free: queue.SimpleQueue[Copy] = queue.SimpleQueue()
    with terminal.progress("mutate") as progress, worker_threads(jobs) as pool:
        expected = _prepare(root, waiting, jobs, free, progress)
        board = _Board(progress, waiting, expected, jobs)
        tasks = [
            pool.submit(_try_one, free, mutant, expected[mutant.name], board) for mutant in waiting
        ]
        for task in as_completed(tasks):
            results.add(*task.result())


def _prepare(
    root: Path,
    waiting: Sequence[Mutant],
    jobs: int,
    free: queue.SimpleQueue[Copy],
    progress: Progress,
) -> dict[str, float]:
    """Make the copies, and run all tests without mutants; return each mutant's expected seconds."""
    made = [Copy(root / FOLDER / f"copy{number}") for number in range(jobs)]
    for copy in made:
        copy.bring_up_to_date(root)
        runs.check_imports(copy.root)
        free.put(copy)
    tests = sorted({test for mutant in waiting for test in mutant.tests})
    progress.note(f"{len(tests)} tests of the mutants, which must pass without any")
    # In every copy: a mutant's time limit leaves no time to build what its tests share.
    with worker_threads(jobs) as pool:
        found = list(pool.map(lambda copy: runs.durations(copy.root, tests), made))
    durations = {test: max(each[test] for each in found) for test in tests}
    return {m.name: _START_S + sum(durations[test] for test in m.tests) for m in waiting}


def _try_one(
    free: queue.SimpleQueue[Copy], mutant: Mutant, expected: float, board: _Board
) -> tuple[Mutant, str]:
    """Return a mutant and the verdict on it."""
    copy = free.get()
    try:
        board.start(mutant)
        with copy.applied(mutant):
            run = runs.run(copy.root, mutant.tests, _SPARE_S + _LIMIT * expected, "-x")
        board.finish(mutant, run.verdict)
        return mutant, run.verdict
    finally:
        free.put(copy)


class _Board:
    """The progress display: mutants done, mutants being tried, and the time left."""

    def __init__(
        self, progress: Progress, waiting: Sequence[Mutant], expected: dict[str, float], jobs: int
    ) -> None:
        self._progress = progress
        self._left = {mutant.name: expected[mutant.name] for mutant in waiting}
        self._total = len(waiting)
        self._jobs = jobs
        self._running: dict[str, float] = {}
        self._lock = threading.Lock()

    def start(self, mutant: Mutant) -> None:
        with self._lock:
            self._running[mutant.name] = time.monotonic()
            self._show()

    def finish(self, mutant: Mutant, verdict: str) -> None:
        shown = f"{verdict} (explained)" if verdict == SURVIVED and mutant.explained else verdict
        with self._lock:
            seconds = time.monotonic() - self._running.pop(mutant.name)
            del self._left[mutant.name]
            self._progress.note(f"{mutant.name}: {shown}, {seconds:.0f} s")
            self._show()

    def _show(self) -> None:
        left = int(sum(self._left.values()) / self._jobs)
        names = ", ".join(self._running)
        text = f"about {left // 60}:{left % 60:02} left: {names}"
        self._progress.count(self._total - len(self._left), self._total, text)


def _summarize(chosen: Sequence[Mutant], results: Results, terminal: Terminal) -> int:
    """Print the mutants' results; return the exit code."""
    explained = [m for m in chosen if m.explained and results.of(m) == SURVIVED]
    survivors = [m for m in chosen if not m.explained and results.of(m) == SURVIVED]
    refuted = [m for m in chosen if m.explained and results.of(m) in (KILLED, TIMED_OUT)]
    invalid = [m for m in chosen if results.of(m) == INVALID]
    for mutant in survivors:
        terminal.note(f"survived: {mutant.name} ({mutant.file}): {mutant.meaning}")
    for mutant in refuted:
        terminal.note(f"explained, but killed: {mutant.name}: remove its explanation")
    for mutant in invalid:
        terminal.note(f"invalid: {mutant.name}: the edit does not build, or its tests do not run")
    wrong = len(survivors) + len(refuted) + len(invalid)
    killed = len(chosen) - wrong - len(explained)
    terminal.note(
        f"{len(chosen)} mutants: {killed} killed, {len(explained)} explained, {wrong} not"
    )
    return 1 if wrong else 0
