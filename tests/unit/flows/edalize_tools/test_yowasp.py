"""The tool for synthesis: the script that Yosys gets, and what follows from what."""

from __future__ import annotations

import pytest

from flows.edalize_tools.yowasp import Yowasp

EDAM = {
    "name": "soc",
    "toplevel": "top",
    "files": [
        {"name": "a_pkg.sv", "file_type": "systemVerilogSource"},
        {"name": "inc/defs.svh", "file_type": "systemVerilogSource", "is_include_file": True},
        {"name": "old.v", "file_type": "verilogSource-2005"},
        {"name": "main.cpp", "file_type": "cppSource"},
    ],
    "parameters": {
        "Size": {"default": 8, "paramtype": "vlogparam"},
        "SYNTHESIS": {"default": True, "paramtype": "vlogdefine"},
        "ASSERT": {"default": False, "paramtype": "vlogdefine"},
        "WIDTH": {"default": 32, "paramtype": "vlogdefine"},
    },
    "tool_options": {"yowasp": {"device": "xczu7ev"}},
}


def test_sources_parameters_and_macros() -> None:
    tool = Yowasp()
    tool.setup(EDAM)
    (read, keep, flatten, select, write) = tool.script.splitlines()
    assert read == (
        "read_slang -j 1 --keep-hierarchy --blackboxed-module DSP48E2 "
        "--blackboxed-module BUFGCE_DIV --top top -G Size=8 -D SYNTHESIS -D WIDTH=32 -I inc "
        "a_pkg.sv old.v"
    )
    assert keep == "setattr -mod -set keep_hierarchy 1 A:flatten %n", "all but small modules"
    assert flatten == "flatten -noscopeinfo"
    assert select == "select =A:blackbox =A:flatten %u %n", "nor are black boxes of the design"
    assert write == "write_rtlil -selected design.il"


def test_the_design_is_elaborated_anew_when_a_source_changes() -> None:
    tool = Yowasp()
    tool.setup(EDAM)
    elaborate, synthesize = tool.commands.commands
    assert elaborate.depends == ["elaborate.ys", "a_pkg.sv", "old.v"]
    assert synthesize.commands[0][1:] == ["-m", "flows.synth", "design.il", "xczu7ev"]
    assert synthesize.depends == elaborate.targets == ["design.il"]
    assert tool.commands.default_target == "utilization.json"


def test_a_device_is_needed() -> None:
    with pytest.raises(RuntimeError, match="'device'"):
        Yowasp().setup({**EDAM, "tool_options": {}})


def test_standard_cells_have_another_result() -> None:
    tool = Yowasp()
    tool.setup({**EDAM, "tool_options": {"yowasp": {"device": "osu018"}}})
    assert tool.commands.commands[1].commands[0][3:] == ["design.il", "osu018"]
    assert tool.commands.default_target == "silicon.json"
