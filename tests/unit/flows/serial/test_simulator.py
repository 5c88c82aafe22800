"""A simulator in a board's place: programs that stand in for it, and end too early."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.errors import HeepstorError
from flows.serial import simulator


def stand_in(folder: Path, script: str) -> Path:
    """A program that gets the simulator's options."""
    program = folder / "simulator"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


def test_a_simulator_that_does_not_start_is_shown(tmp_path: Path) -> None:
    program = stand_in(tmp_path, 'echo "no firmware: $1"; exit 3')
    with (
        pytest.raises(HeepstorError, match="no firmware: --boot=loader"),
        simulator.started(program),
    ):
        pass


def test_a_simulator_without_a_serial_line(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(simulator, "_START_SECONDS", 0.05)
    with (
        pytest.raises(HeepstorError, match=r"opened no serial line within 0\.05 s"),
        simulator.started(stand_in(tmp_path, "exec sleep 60")),
    ):
        pass
