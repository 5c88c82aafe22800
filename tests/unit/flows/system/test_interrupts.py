"""Signals that end a task."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

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
