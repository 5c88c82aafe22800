"""The task `debug` before GDB's prompt."""

import sys

import pytest

from flows.debug import session
from flows.errors import HeepstorError
from flows.stages.options import Options
from flows.terminal.progress import Terminal
from flows.toolchain import riscv


@pytest.mark.parametrize(
    ("port", "commands", "message"),
    [
        ("/dev/nowhere", "", "--port is '/dev/nowhere'; expected sim"),
        ("sim", "nowhere.gdb", "nowhere.gdb is not a file; --commands takes"),
    ],
)
def test_wrong_arguments_end_before_anything_is_built(port, commands, message):
    options = Options.from_command_line(riscv.ROOT, project="mnist")
    with pytest.raises(HeepstorError, match=message):
        session.run(riscv.ROOT, options, port, commands, Terminal(sys.stderr))
