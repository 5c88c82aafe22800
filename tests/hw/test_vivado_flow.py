"""The flow of the ZCU104 by a stand-in for Vivado: guarded bitstreams, and `heepstor program`."""

import shutil
from pathlib import Path

import pytest

from flows import config
from flows.config import boards
from flows.errors import HeepstorError
from flows.fpga import program, project, record, vivado
from flows.terminal.progress import Terminal
from tests.hw.vivado_project import NAME, PART, ROOT, run, run_fusesoc
from tests.vivado_stand_in import programs

pytestmark = pytest.mark.slow


def test_without_vivado_building_says_what_is_missing(made, tmp_path):
    work = tmp_path / "work"
    code, printed = run_fusesoc(work, PATH=programs.path_with(tmp_path), XILINX_VIVADO="")
    assert code != 0
    for part in ("Vivado is missing", "Vivado 2021.1 or later", "on PATH", "/tools/Xilinx/Vivado/"):
        assert part in printed, printed
    assert (work / f"{NAME}.tcl").read_text() == (made / f"{NAME}.tcl").read_text()


def test_only_a_current_bitstream_is_kept_and_programmed(tmp_path, tools):
    work, device = tmp_path / "work", tmp_path / "device"
    variables = {"PATH": tools, "STAND_IN_DEVICE": str(device)}
    changed = config.changed(config.DEFAULT_PATH, "clock_hz=80000000", tmp_path)

    code, printed = run_fusesoc(work, **variables)
    assert code == 0, printed
    first = (work / f"{NAME}.bit").read_text()
    assert record.why_stale(work) is None
    assert not device.exists(), "programs without being asked to"

    code, printed = run_fusesoc(work, "--build", **variables)
    assert code == 0 and "is up to date" in printed and "-source" not in printed, printed

    other = {**variables, "HEEPSTOR_CONFIG": str(changed)}
    code, printed = run_fusesoc(work, "--run", after=["--pgm"], **other)
    assert code != 0 and "is not programmed" in printed, printed
    assert "zcu104_clock_pkg.sv changed" in printed or "changed, and" in printed, printed
    assert not device.exists(), "a stale bitstream was programmed"

    code, printed = run_fusesoc(work, after=["--pgm"], **other)
    assert code == 0, printed
    assert device.read_text() == (work / f"{NAME}.bit").read_text() != first
    assert "to 80000000.000 Hz" in device.read_text()


def test_a_bitstream_of_unknown_origin_is_made_again(work, tools):
    (work / f"{NAME}.bit").write_text("left over")
    code, printed = run_fusesoc(work, "--build", PATH=tools)
    assert code == 0, printed
    assert (work / f"{NAME}.bit").read_text().startswith(f"part {PART}")


def test_vivado_is_found_on_path_by_its_variable_and_where_it_is_installed(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", programs.path_with(tmp_path / "none"))
    monkeypatch.delenv("XILINX_VIVADO", raising=False)
    pattern = f"{tmp_path}/Vivado/*/bin/vivado"
    monkeypatch.setattr(vivado, "_INSTALLED", (pattern,))
    assert vivado.find() is None
    for version in ("2021.2", "2023.1", "2022.2"):
        programs.install_vivado(tmp_path / "Vivado" / version / "bin")
    assert vivado.find() == tmp_path / "Vivado" / "2023.1" / "bin" / "vivado"
    monkeypatch.setenv("XILINX_VIVADO", str(tmp_path / "Vivado" / "2021.2"))
    assert vivado.find() == tmp_path / "Vivado" / "2021.2" / "bin" / "vivado"
    programs.install_vivado(tmp_path / "bin")
    monkeypatch.setenv("PATH", programs.path_with(tmp_path / "bin"))
    assert vivado.find() == tmp_path / "bin" / "vivado"
    assert vivado.version(tmp_path / "bin" / "vivado") == "2023.2"


def test_an_old_vivado_is_refused(tmp_path, monkeypatch):
    programs.install_vivado(tmp_path)
    monkeypatch.setenv("PATH", programs.path_with(tmp_path))
    monkeypatch.setenv("STAND_IN_VERSION", "2019.2")
    with pytest.raises(
        HeepstorError, match=r"Vivado 2019\.2, which is too old\. .*2021\.1 or later"
    ):
        vivado.require()


@pytest.fixture
def bench(made, tmp_path, monkeypatch):
    """A desk with a board, no program for it yet, and a place for its project."""
    work = tmp_path / "project"
    monkeypatch.setattr(project, "folder", lambda root, board, configuration: work)
    monkeypatch.setattr(vivado, "_INSTALLED", ())
    monkeypatch.setenv("PATH", programs.path_with(tmp_path / "bin"))
    monkeypatch.delenv("XILINX_VIVADO", raising=False)
    monkeypatch.setenv("STAND_IN_DEVICE", str(tmp_path / "device"))
    return tmp_path


@pytest.fixture
def with_bitstream(built, bench, monkeypatch):
    """The project on the desk is made and built; FuseSoC would make the same again."""
    shutil.copytree(built, bench / "project")
    monkeypatch.setattr(project, "set_up", lambda *arguments: None)


def program_board(board="zcu104", bitstream=None, tool="", path=config.DEFAULT_PATH):
    return program.run(ROOT, boards.find(board), path, bitstream, tool, Terminal())


def test_nothing_to_program_with(bench):
    with pytest.raises(HeepstorError) as caught:
        program_board()
    message = str(caught.value)
    assert "no tool for programming the board was found" in message
    assert "Vivado is missing" in message and "openFPGALoader is missing" in message


def test_vivado_builds_and_programs(bench, capsys):
    programs.install_vivado(bench / "bin")
    found = program_board()
    assert (found["board"], found["programmer"]) == ("zcu104", "vivado")
    assert (bench / "device").read_text() == Path(found["bitstream"]).read_text()
    assert "building the bitstream (there is none)" in capsys.readouterr().out
    (bench / "device").unlink()
    program_board()
    assert "building" not in capsys.readouterr().out
    assert (bench / "device").exists()


def test_openfpgaloader_programs_a_bitstream_made_elsewhere(built, bench):
    programs.install_openfpgaloader(bench / "bin")
    with pytest.raises(HeepstorError, match="no current bitstream") as caught:
        program_board()
    assert "--bitstream FILE" in str(caught.value)

    with pytest.raises(HeepstorError, match=r"nowhere\.bit is not a file; --bitstream takes"):
        program_board(bitstream=built / "nowhere.bit")
    elsewhere = built / f"{NAME}.bit"
    found = program_board(bitstream=elsewhere)
    assert found["programmer"] == "openfpgaloader"
    assert (bench / "device").read_text() == elsewhere.read_text()

    changed = config.changed(config.DEFAULT_PATH, "engine.array_size=12", bench)
    (bench / "device").unlink()
    with pytest.raises(HeepstorError, match="does not match these sources and this configuration"):
        program_board(bitstream=elsewhere, path=changed)
    assert not (bench / "device").exists(), "a stale bitstream was programmed"


def test_what_openfpgaloader_is_told(with_bitstream, bench, monkeypatch):
    programs.install_openfpgaloader(bench / "bin")
    monkeypatch.setenv("STAND_IN_LOADER", "fail")
    with pytest.raises(HeepstorError) as caught:
        program_board()
    message = str(caught.value)
    assert "openFPGALoader --cable ft4232 --fpga-part xczu7evffvc1156 " in message
    assert "device not found" in message and "Is the board on" in message


def test_a_board_that_does_not_answer(with_bitstream, bench, monkeypatch):
    programs.install_vivado(bench / "bin")
    monkeypatch.setenv("STAND_IN_CHAINS", "localhost:3121/xilinx_tcf/Digilent/1=xc7a35t")
    with pytest.raises(
        HeepstorError, match=r"was not programmed; vivado failed \(exit code 1\)"
    ) as caught:
        program_board()
    assert "None of the hardware targets included" in str(caught.value)
    assert "SW6 set to JTAG" in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"board": ""}, "which board"),
        ({"board": "zcu14"}, "Did you mean zcu104"),
        ({"tool": "impact"}, "Valid choices: vivado, openfpgaloader"),
        ({"tool": "vivado"}, "Vivado is missing"),
        ({"tool": "openfpgaloader"}, "openFPGALoader is missing"),
    ],
)
def test_wrong_choices(bench, arguments, complaint):
    with pytest.raises(HeepstorError, match=complaint):
        program_board(**arguments)


def test_the_task_ends_with_the_message(tools):
    code, printed = run(["invoke", "program", "--board", "nowhere"], ROOT, PATH=tools)
    assert code == 1 and "there is no board 'nowhere'. Valid choices: zcu104, ulx3s" in printed
    assert "Traceback" not in printed
