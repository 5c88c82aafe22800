"""Programs behind the debugger: when they fail, and when they end."""

import sys
import time

import pytest

from flows.debug import background
from flows.errors import HeepstorError


def test_a_program_that_fails_is_shown_with_its_last_lines(tmp_path):
    script = "import sys; print('no device found'); sys.exit(1)"
    command = [sys.executable, "-c", script]
    with (
        background.running("OpenOCD", command, tmp_path / "log") as server,
        pytest.raises(HeepstorError) as error,
    ):
        server.wait_for("Listening", 60, "Is the board on?")
    assert "OpenOCD has ended" in str(error.value)
    assert "| no device found" in str(error.value)
    assert "Is the board on?" in str(error.value)


def test_a_program_that_is_never_ready(tmp_path):
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    with (
        background.running("OpenOCD", command, tmp_path / "log") as server,
        pytest.raises(HeepstorError, match=r"was not ready after 0\.2 s"),
    ):
        server.wait_for("Listening", 0.2)


def test_programs_end_with_the_debugger(tmp_path):
    alive = tmp_path / "alive"
    script = (
        "import pathlib, time\nprint('ready', flush=True)\n"
        f"while True:\n  pathlib.Path({str(alive)!r}).write_text('')\n  time.sleep(0.01)"
    )
    command = [sys.executable, "-c", script]
    with background.running("it", command, tmp_path / "log", tmp_path / "out"):
        while not alive.exists():
            time.sleep(0.01)
    alive.unlink()
    time.sleep(0.1)
    assert not alive.exists()
    assert (tmp_path / "out").read_text() == "ready\n"


def test_a_program_that_cannot_be_started(tmp_path):
    with (
        pytest.raises(HeepstorError, match="cannot be started"),
        background.running("it", [tmp_path / "nothing"], tmp_path / "log"),
    ):
        pass
