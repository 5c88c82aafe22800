"""The worst paths by OpenSTA, for which a stand-in is used here."""

from dataclasses import replace

import pytest

from flows.errors import HeepstorError
from flows.synth.silicon import sta
from flows.system import tools
from tests.support.small_cells import technology
from tests.unit.flows.synth.silicon.test_verilog import MODULES

PATH = """\
Startpoint: i0/c0 (rising edge-triggered flip-flop clocked by p0_0)
Endpoint: i1/c0 (rising edge-triggered flip-flop clocked by p0_0)
Path Group: p0_0
Path Type: max

  Delay    Time   Description
-----------------------------------------------------------
  0.000   0.000 ^ i0/c0/CLK (DFF)
  0.300   0.300 ^ i0/c0/Q (DFF)
  0.200   0.500 v i1/c1/Y (INV)
  0.000   0.500 v i1/c0/D (DFF)
          0.500   data arrival time
  0.000 100.000 ^ i1/c0/CLK (DFF)
-----------------------------------------------------------
                    {slack}   slack (MET)
"""
RESET = PATH.replace("Path Group: p0_0", "Path Group: **async_default**")


def test_paths_that_were_printed():
    (report,) = sta.parse([*PATH.format(slack="99.250").splitlines(), *RESET.splitlines()])
    assert (report.start, report.end, report.slack) == ("i0/c0", "i1/c0", 99.25)
    assert report.gates == 1, "registers do not count"


@pytest.fixture
def opensta(tmp_path, monkeypatch):
    """Makes a stand-in for OpenSTA that prints a text and ends with an exit code."""

    def make(text, code=0):
        (tmp_path / "text").write_text(text)
        program = tmp_path / "sta"
        program.write_text(f"#!/bin/sh\ncat {tmp_path}/text\nexit {code}\n")
        program.chmod(0o755)
        monkeypatch.setattr(tools, "OPENSTA", replace(tools.OPENSTA, commands=(str(program),)))

    return make


def test_ends_are_places_of_the_design(tmp_path, opensta):
    opensta(PATH.format(slack="99.250") + PATH.format(slack="99.500"))
    (path,) = sta.slowest(MODULES, "top", technology(tmp_path), tmp_path / "work")
    assert path.nanoseconds == pytest.approx(0.75), "the slower of two between the same registers"
    assert (path.start.instance, path.start.name) == ("u_a", "value_q")
    assert (path.end.instance, path.end.module) == ("u_b", "leaf$top.u_b")
    assert "module top" in (tmp_path / "work" / "netlist.v").read_text()


@pytest.mark.parametrize(("text", "code"), [("Error: no such cell", 0), ("crashed", 139)])
def test_a_failure_is_shown(tmp_path, opensta, text, code):
    opensta(text, code)
    with pytest.raises(HeepstorError, match=rf"exit code {code}(.|\n)*{text}(.|\n)*work"):
        sta.slowest(MODULES, "top", technology(tmp_path), tmp_path / "work")


def test_each_clock_is_by_itself(tmp_path):
    script = sta.script(tmp_path / "cells.lib", ["p0_0", "p3_0"])
    assert script.count("create_clock") == 2
    assert "set_clock_groups -asynchronous -group p0_0 -group p3_0" in script
    assert "set_clock_groups" not in sta.script(tmp_path / "cells.lib", ["p0_0"])
