"""Signals that end a task."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from flows.repository import ROOT
from flows.system import interrupts
from tests.support.processes import run_python

RDL = ROOT / "cores" / "engine" / "engine.rdl"


def test_signals_that_come_before_they_can_be_handled_wait() -> None:
    """As the launcher hands them on."""
    interrupts.block()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.cli", "list"], cwd=ROOT, stderr=subprocess.PIPE, text=True
        )
    finally:
        interrupts.unblock()
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 143
    assert err.strip() == "Terminated. Completed work is kept."


def test_ctrl_c_while_registers_are_read(tmp_path: Path) -> None:
    """The parser's extension makes TypeErrors of what is raised in it."""
    program = f"""
        import os, random, signal, time
        from flows.system import interrupts
        from flows.contract import registers
        random.seed(0)
        started = time.monotonic()
        registers.compile_rdl({str(RDL)!r})
        duration = time.monotonic() - started
        interrupted = 0
        while interrupted < 30:
            with interrupts.as_exceptions():
                try:
                    try:
                        signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), 2))
                        signal.setitimer(signal.ITIMER_REAL, random.uniform(0.01, 0.9) * duration)
                        registers.compile_rdl({str(RDL)!r})
                    finally:
                        signal.setitimer(signal.ITIMER_REAL, 0)
                except interrupts.Interrupted:
                    interrupted += 1
    """
    done = run_python(program, tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("number", "code", "begin"),
    [
        (signal.SIGINT, 130, "Interrupted. "),
        (signal.SIGTERM, 143, "Terminated. "),
        (signal.SIGHUP, 129, "Terminated. "),
    ],
)
def test_signals_become_exceptions(number: int, code: int, begin: str) -> None:
    # What started the tests may ignore hang-ups, as `nohup` does.
    before = signal.signal(number, signal.default_int_handler)
    try:
        with pytest.raises(interrupts.Interrupted) as caught, interrupts.as_exceptions():
            os.kill(os.getpid(), number)
        assert caught.value.code == code and str(caught.value).startswith(begin)
        assert signal.getsignal(number) is signal.default_int_handler
    finally:
        signal.signal(number, before)


def test_what_the_starter_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interrupts.as_exceptions():
            os.kill(os.getpid(), signal.SIGHUP)
            assert interrupts.received() is None
    finally:
        signal.signal(signal.SIGHUP, before)


def test_deferred_signals_come_at_the_end() -> None:
    done = []
    with pytest.raises(interrupts.Terminated), interrupts.as_exceptions():
        with interrupts.deferred():
            with interrupts.deferred():
                os.kill(os.getpid(), signal.SIGTERM)
                done.append("inner")
            done.append("outer")
        done.append("never")
    assert done == ["inner", "outer"]


def test_other_threads_leave_signals_alone() -> None:
    before = signal.getsignal(signal.SIGTERM)
    found = []

    def run() -> None:
        with interrupts.as_exceptions():
            found.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert found == [before]
