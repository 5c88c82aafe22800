"""The FuseSoC flow that builds simulators, with a real Verilator and a small design."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from flows import fusesoc
from flows.config import DEFAULT_PATH
from flows.repository import ROOT

pytestmark = pytest.mark.slow

CORE = """CAPI=2:
name: heepstor:test:inverter:1.0.0
filesets:
  rtl: {files: [inverter.sv: {file_type: systemVerilogSource}]}
  program: {files: [main.cpp: {file_type: cppSource}]}
targets:
  default: &default {filesets: [rtl]}
  sim:
    <<: *default
    filesets: [rtl, program]
    toplevel: inverter
    flow: simulation
    flow_options:
      tool: verilator
      verilator_options: [-Wall]
      make_options: [CFG_CXXFLAGS_PCH_I=-include, CFG_CXXFLAGS_STD=-std=gnu++17, LDLIBS=-pthread]
"""
GOOD = """module inverter (
    input  logic [3:0] a_i,
    output logic [3:0] b_o
);
  assign b_o = ~a_i;
endmodule
"""
# Verilator warns of the width, and ends, after it has written everything.
REFUSED = GOOD.replace("~a_i", "{1'b0, a_i}")
MAIN = """#include "Vinverter.h"
int main() {
  Vinverter top;
  top.a_i = 5;
  top.eval();
  return top.b_o == 10 ? 0 : 3;
}
"""


def run(folder: Path) -> tuple[int, str]:
    command = [fusesoc.command(), "--cores-root", str(folder), "run", "--target=sim"]
    done = subprocess.run(
        [*command, f"--work-root={folder / 'work'}", "heepstor:test:inverter"],
        cwd=folder,
        env=fusesoc.environment(ROOT, DEFAULT_PATH),
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


def test_what_was_refused_is_never_run_and_half_an_object_never_linked(tmp_path: Path) -> None:
    (tmp_path / "inverter.core").write_text(CORE)
    (tmp_path / "main.cpp").write_text(MAIN)
    (tmp_path / "inverter.sv").write_text(REFUSED)
    for _ in range(2):
        code, printed = run(tmp_path)
        assert code != 0 and "WIDTHTRUNC" in printed, printed
        assert (tmp_path / "work" / "Vinverter.mk").exists()
    (tmp_path / "inverter.sv").write_text(GOOD)
    code, printed = run(tmp_path)
    assert code == 0, printed
    # What a killed compiler leaves: make takes it for current.
    (tmp_path / "work" / "Vinverter").unlink()
    (tmp_path / "work" / "main.o").write_bytes(b"")
    (tmp_path / "work" / "unfinished").touch()
    code, printed = run(tmp_path)
    assert code == 0, printed
