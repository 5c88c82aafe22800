"""Programs that tasks run: none outlives its task, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flows.errors import HeepstorError
from flows.repository import ROOT
from flows.system import processes
from flows.system.locks import file_lock

TREE = """
import os, signal, sys, time
def start(prepare):
    if os.fork() == 0:
        prepare()
        with open("pids", "a") as file:
            file.write(f"{os.getpid()}\\n")
        time.sleep(600)
start(lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN))
start(os.setsid)
start(lambda: os.fork() == 0 or os._exit(0))
while not os.path.exists("pids") or len(open("pids").readlines()) < 3:
    time.sleep(0.01)
print("started", os.getpid(), flush=True)
"""
"""Processes that are deaf to SIGTERM, left the group, and lost their parent; then it goes on."""

TASK = """
import sys
from pathlib import Path
from flows.system import interrupts, processes
from flows.system.locks import file_lock
try:
    with interrupts.as_exceptions(), file_lock(Path("lock"), print):
        processes.{function}([sys.executable, "tree.py"]{arguments})
except interrupts.Interrupted as error:
    print(error, file=sys.stderr)
    sys.exit(error.code)
"""
WITH_LINES = {"function": "run_lines", "arguments": ", lambda line: print(line, flush=True)"}
IN_FOREGROUND = {"function": "run_foreground", "arguments": ""}


@pytest.fixture
def tree(tmp_path: Path, monkeypatch) -> Iterator[Callable[[], list[int]]]:
    """Puts tree.py into the working folder; gives what tells which of its processes live."""
    monkeypatch.chdir(tmp_path)
    Path("tree.py").write_text(TREE + "time.sleep(600)\n")

    def living() -> list[int]:
        pids = [int(line) for line in Path("pids").read_text().split()]
        return [pid for pid in pids if Path(f"/proc/{pid}").exists()]

    yield living
    for pid in living() if Path("pids").exists() else []:
        os.kill(pid, signal.SIGKILL)


def start_task(**words: str) -> tuple[subprocess.Popen, int]:
    """Starts a task that holds ./lock and runs tree.py; also gives the number of that process."""
    process = subprocess.Popen(
        [sys.executable, "-c", TASK.format(**words)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    words = process.stdout.readline().split()
    assert words[:1] == ["started"], process.communicate()
    return process, int(words[1])


@pytest.mark.parametrize("words", [WITH_LINES, IN_FOREGROUND], ids=["lines", "foreground"])
@pytest.mark.parametrize(
    ("number", "whole_group"),
    [(signal.SIGKILL, False), (signal.SIGKILL, True), (signal.SIGTERM, False)],
)
def test_what_a_task_runs_ends_with_it(tree, words, number, whole_group) -> None:
    """The lock of a task that was killed is held until the last of its programs is gone."""
    task, program = start_task(**words)
    waited: list[str] = []
    with pytest.raises(BlockingIOError), file_lock(Path("lock"), interrupt_wait):
        pass
    (os.killpg if whole_group else os.kill)(task.pid, number)
    with file_lock(Path("lock"), waited.append):
        assert tree() == [] and not Path(f"/proc/{program}").exists()
    out, err = task.communicate(timeout=60)
    if number == signal.SIGTERM:
        assert (task.returncode, err) == (143, "Terminated. Completed work is kept.\n")
        assert "Traceback" not in out


def interrupt_wait(holder: str) -> None:
    raise BlockingIOError(holder)


@pytest.mark.parametrize("words", [WITH_LINES, IN_FOREGROUND], ids=["lines", "foreground"])
def test_ctrl_c(tree, words) -> None:
    """The terminal sends it to the whole process group of the task."""
    task, _ = start_task(**words)
    os.killpg(task.pid, signal.SIGINT)
    _, err = task.communicate(timeout=60)
    assert task.returncode == 130
    assert err.endswith("Interrupted. Completed work is kept.\n")
    assert tree() == []


def test_what_a_shell_started_in_the_background_does_not_see_ctrl_c(tree) -> None:
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        task, _ = start_task(**WITH_LINES)
    finally:
        signal.signal(signal.SIGINT, previous)
    os.killpg(task.pid, signal.SIGINT)
    os.kill(task.pid, signal.SIGTERM)
    task.communicate(timeout=60)
    assert task.returncode == 143
    assert tree() == []


def test_nothing_is_left_of_a_program_that_ends_by_itself(tree) -> None:
    Path("tree.py").write_text(TREE + "os._exit(7)\n")
    lines: list[str] = []
    assert processes.run_lines([sys.executable, "tree.py"], lines.append) == 7
    assert len(lines) == 1 and tree() == []


def test_what_is_left_early_is_ended(tree) -> None:
    def stop(line: str) -> None:
        raise ValueError(line)

    with pytest.raises(ValueError, match="started"):
        processes.run_lines([sys.executable, "tree.py"], stop)
    assert tree() == []


def test_programs_of_other_threads_are_ended(tree) -> None:
    """What waits for its turn is not started any more."""
    printed: list[str] = []
    has_started = threading.Event()

    def take(line: str) -> None:
        printed.append(line)
        has_started.set()

    with pytest.raises(HeepstorError, match="first"), processes.worker_threads(1) as pool:
        for _ in range(3):
            pool.submit(processes.run_lines, [sys.executable, "tree.py"], take)
        assert has_started.wait(60)
        raise HeepstorError("the first failed")
    assert len(printed) == 1 and tree() == []


@pytest.mark.parametrize(
    ("script", "code"), [("exit 3", 3), ("kill -9 $$", 137), ("kill -TERM $$", 143)]
)
def test_exit_codes_are_those_of_a_shell(script: str, code: int) -> None:
    assert processes.run_lines(["sh", "-c", script], print) == code
    assert processes.run_foreground(["sh", "-c", script]) == code
    captured = processes.run_captured(["sh", "-c", f"echo a; echo b >&2; {script}"], ROOT, {})
    assert captured == (code, "a\n", "b\n")


def test_programs_do_not_read_what_is_typed(capfd) -> None:
    assert processes.run_lines(["cat"], print) == 0


def test_what_cannot_be_started(tmp_path: Path) -> None:
    program = tmp_path / "program"
    with pytest.raises(HeepstorError, match="program cannot be started: No such file"):
        processes.run_lines([str(program)], print)
    program.write_text("#!/bin/sh\n")
    with pytest.raises(HeepstorError, match=r"cannot be started: Permission denied .*chmod \+x"):
        processes.run_lines([str(program)], print)
    with pytest.raises(HeepstorError, match=r"sh cannot be started: No such file .*nowhere"):
        processes.run_lines(["sh"], print, cwd=tmp_path / "nowhere")
