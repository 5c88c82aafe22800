"""Tasks on a board."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.errors import HeepstorError
from flows.repository import ROOT
from flows.serial import board
from flows.stages.options import Options
from flows.terminal.progress import Terminal


def test_nothing_is_built_for_a_port_that_is_missing(tmp_path: Path) -> None:
    options = Options.from_command_line(ROOT, "mnist")
    for name, message in (
        ("", r"no port is given\. Use --port"),
        ("/dev/none", "there is no port"),
    ):
        with pytest.raises(HeepstorError, match=message):
            board.flash(tmp_path, options, name, Terminal())
        with pytest.raises(HeepstorError, match=message):
            board.infer(tmp_path, options, name, "", False, Terminal())
