"""`invoke debug` before GDB's prompt: tools, ports, and programs behind it that fail."""

import sys
import time

import pytest

from flows.debug import background, session, tools
from flows.errors import HeepstorError
from flows.stages.options import Options
from flows.terminal.progress import Terminal
from flows.toolchain import riscv


def install(folder, *names):
    """Programs with these names, on PATH."""
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)


def test_missing_tools_are_named_with_their_packages(tmp_path, monkeypatch):
    install(tmp_path, "apt-get")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HeepstorError) as error:
        tools.find()
    assert "OpenOCD is missing" in str(error.value)
    assert "GDB for RISC-V is missing" in str(error.value)
    assert "apt-get install openocd gdb-multiarch" in str(error.value)


def test_a_gdb_that_does_not_know_riscv_is_not_enough(tmp_path, monkeypatch):
    install(tmp_path, "apt-get", "openocd", "gdb")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HeepstorError) as error:
        tools.find()
    assert "OpenOCD is missing" not in str(error.value)
    assert "apt-get install gdb-multiarch" in str(error.value)


def test_fedoras_gdb_knows_riscv(tmp_path, monkeypatch):
    install(tmp_path, "dnf", "openocd", "gdb")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert tools.find() == tools.Tools(str(tmp_path / "openocd"), str(tmp_path / "gdb"))


@pytest.mark.parametrize(
    ("port", "commands", "message"),
    [
        ("/dev/nowhere", "", "--port is '/dev/nowhere': it can be sim"),
        ("sim", "nowhere.gdb", "there is no file"),
    ],
)
def test_wrong_arguments_end_before_anything_is_built(port, commands, message):
    options = Options.from_command_line(riscv.ROOT, project="mnist")
    with pytest.raises(HeepstorError, match=message):
        session.run(riscv.ROOT, options, port, commands, Terminal(sys.stderr))


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
