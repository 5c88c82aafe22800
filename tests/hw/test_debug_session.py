"""OpenOCD and GDB with the simulator, where they are installed: what a user of `debug` does."""

import subprocess

import pytest

from flows import config
from flows.debug import background, session, tools
from flows.serial import image, protocol
from flows.serial import session as serial_session
from flows.serial.link import Link
from flows.serial.port import open_port
from flows.terminal.progress import Progress
from flows.toolchain.riscv import ROOT

# The fixtures: the simulator, and firmware for it.
from tests.hw.test_debug import programs, simulator  # noqa: F401

pytestmark = [pytest.mark.slow, pytest.mark.tool(find=tools.find)]

# What each command prints is between its number and the next.
COMMANDS = {
    "breakpoint": ["hbreak tick", "continue", "continue", "print counter", "backtrace 1"],
    "registers": ["print $pc == (unsigned)&tick || $pc > (unsigned)&tick", "info registers sp"],
    "float": ["set var $ft0 = 1.5", "info registers ft0"],
    "memory": ["set var counter = 1000", "print counter", "print/x *(unsigned *)0x10000000"],
    "step": ["delete", "set $before = $pc", "stepi", "print $pc != $before"],
    "nowhere": ["print *(unsigned *)0x40000000"],
    "reset": ["monitor reset halt", "maintenance flush register-cache", "print/x $pc"],
    "load": ["load", "compare-sections .text", "set $pc = _start"],
    "software": ["break tick", "continue", "continue", "print counter"],
}


@pytest.fixture
def installed():
    return tools.find()


@pytest.mark.parametrize(
    "arguments",
    [
        ["-f", "zcu104.cfg"],
        ["-c", "adapter driver remote_bitbang", "-f", "pins.cfg"],
        ["-c", "set HEEPSTOR_JTAG_PORT 1", "-f", "simulator.cfg"],
    ],
    ids=lambda arguments: arguments[-1],
)
def test_openocd_understands_its_configuration(installed, arguments):
    """As far as that goes without hardware: OpenOCD reads the file, and ends before it connects."""
    done = subprocess.run(
        [installed.openocd, "-s", str(session.CONFIGURATIONS), *arguments, "-c", "shutdown"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "Error" not in done.stderr and "invalid" not in done.stderr, done.stderr


def test_a_session(installed, simulator, programs, tmp_path, capfd):  # noqa: F811
    script = tmp_path / "commands"
    # GDB ends a script at an error, but not one of Python's.
    lines = ["set pagination off", "python", "import gdb"]
    for name, commands in COMMANDS.items():
        lines.append(f"print('## {name}')")
        for command in commands:
            lines += ["try:", f"  gdb.execute({command!r})"]
            lines += ["except gdb.error as error:", "  print('error:', error)"]
    script.write_text("\n".join([*lines, "end", "kill"]) + "\n")
    code = session.attach(
        installed, session.SIMULATOR, simulator, programs["count"], [ROOT], script, tmp_path
    )
    printed = capfd.readouterr().out
    assert code == 0, printed
    parts = dict(part.split("\n", 1) for part in printed.split("## ")[1:])
    assert "tick ()" in parts["breakpoint"] and "= 1\n" in parts["breakpoint"]
    assert "= true" in parts["registers"] and "0x800" in parts["registers"]
    assert "1.5" in parts["float"]
    assert "= 1000" in parts["memory"] and "0x48454550" in parts["memory"]
    assert "= true" in parts["step"]
    assert "= 0" in parts["nowhere"]
    assert "Failed to read memory via system bus" in (tmp_path / "openocd.log").read_text()
    assert f"{config.load().address.boot_rom:#x}" in parts["reset"]
    assert "Transfer rate" in parts["load"] and "matched" in parts["load"]
    assert "= 1\n" in parts["software"], "loaded anew, the counter starts at zero"


def test_a_program_that_never_ends_is_ended(installed, simulator, programs, tmp_path):  # noqa: F811
    """As docs/boards.md has it: after a reset over JTAG the loader waits again."""
    name = str(tmp_path / "board")
    command = [simulator, "--boot=loader", f"--uart-pty={name}", "--jtag=0"]
    reset = [installed.openocd, "-c", "gdb_port disabled; telnet_port disabled; tcl_port disabled"]
    with background.running("the simulator", command, tmp_path / "messages") as soc:
        number = soc.wait_for(r"JTAG on port (\d+)", 60)[1]
        reset += ["-c", f"set HEEPSTOR_JTAG_PORT {number}"]
        reset += ["-f", str(session.CONFIGURATIONS / "simulator.cfg")]
        with open_port(name, 115200) as port:
            link = Link(port, "the simulator", 120)
            program = image.read(programs["count"])
            serial_session.load(link, name, config.load(), program, Progress())
            done = subprocess.run(
                [*reset, "-c", "init; reset run; shutdown"], capture_output=True, text=True
            )
            assert done.returncode == 0, done.stderr
            board = link.hello()
    assert (board.role, board.exited) == (protocol.LOADER, 0)
