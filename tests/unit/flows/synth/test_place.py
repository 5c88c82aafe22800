"""Placing and routing for the ECP5: nextpnr by a stand-in that prints what nextpnr prints."""

import json
import re
import sys
from pathlib import Path

import pytest

from flows.errors import HeepstorError
from flows.synth import place
from flows.terminal.tables import console
from tests.support.placed import REPORT

FITS = """\
Info: Packing constants..
Info: Device utilisation:
Info: \t          TRELLIS_COMB: 60000/83640    71%
Info: \t              DP16KD:    90/  208    43%
Info: Creating initial analytic placement for 50000 cells
Info: Max frequency for clock '$glbnet$clk': 10.00 MHz (FAIL at 12.50 MHz)
Info: Routing..
Info: Max frequency for clock '$glbnet$clk': {mhz} MHz ({verdict} at 12.50 MHz)
"""


@pytest.fixture
def nextpnr(tmp_path, monkeypatch):
    """Makes a stand-in that prints a text and ends with a code."""
    monkeypatch.chdir(tmp_path)

    def make(text, code=0):
        program = tmp_path / "nextpnr.py"
        program.write_text(f"import sys\nprint({text!r}, end='')\nsys.exit({code})\n")
        return (sys.executable, str(program))

    return make


def test_the_routed_clock_counts_not_the_estimate(nextpnr, capsys):
    follower = place.place(["--85k"], nextpnr(FITS.format(mhz="14.25", verdict="PASS")))
    assert follower.clocks == {"$glbnet$clk": (14.25, 12.5)}
    assert follower.used["TRELLIS_COMB"] == (60000, 83640)
    phases = re.findall(r"nextpnr: (\w+), \d+ s", capsys.readouterr().out)
    assert phases == ["packing", "placing", "routing"]
    assert "Device utilisation" in Path(place.LOG).read_text()


def test_too_slow_a_clock_is_an_error_that_says_by_how_much(nextpnr):
    program = nextpnr(FITS.format(mhz="11.80", verdict="FAIL"), code=1)
    with pytest.raises(HeepstorError, match=r"11\.8 MHz of 12\.5 MHz(.|\n)*slower hardware"):
        place.place([], program)


def test_too_large_a_design_says_what_by_how_much(nextpnr):
    text = FITS.replace("60000/83640", "90000/83640").split("Info: Creating")[0]
    text += "ERROR: Unable to place cell 'u_x', no BELs remaining\n"
    with pytest.raises(
        HeepstorError, match=r"does not fit(.|\n)*LUT4: 90,000 of 83,640, 6,360 too"
    ) as raised:
        place.place([], nextpnr(text, code=255))
    assert raised.value.code == 255


def test_other_errors_are_shown_as_they_are(nextpnr):
    with pytest.raises(HeepstorError, match="no pin A99"):
        place.place([], nextpnr("ERROR: no pin A99\n", code=1))


def test_an_estimate_of_the_clock_is_not_why_routing_ended(nextpnr):
    text = FITS.split("Routing..")[0] + "Routing..\nERROR: Failed to route arc 7\n"
    with pytest.raises(HeepstorError, match="Failed to route arc 7") as raised:
        place.place([], nextpnr(text, code=255))
    assert "MHz of" not in str(raised.value)


def test_a_program_that_was_killed_is_said_to_be(nextpnr):
    with pytest.raises(HeepstorError, match=r"ended by a signal \(SIGKILL\).* memory"):
        place.place([], nextpnr(FITS.split("Routing..")[0], code=137))


def test_summary_has_clock_and_shares(capsys):
    console(100).print(place.summary(json.loads(json.dumps(REPORT))))
    printed = capsys.readouterr().out
    assert "71.7 %" in printed and "43.3 %" in printed
    assert "14.25 MHz" in printed and "12.50 MHz requested" in printed
    assert "DCCA" not in printed and "multiplier" not in printed
