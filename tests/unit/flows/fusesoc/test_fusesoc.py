"""Running FuseSoC: its settings and variables, and what is shown of a build that fails."""

import os
import sys
from pathlib import Path

import pytest

from flows import fusesoc
from flows.errors import HeepstorError
from flows.repository import ROOT

FOLDERS = {"heepstor_ip_engine_1.0.0": "cores/engine", "heepstor_systems_heepstor_1.0.0": "."}


@pytest.mark.parametrize(
    ("line", "original"),
    [
        (
            "%Error: src/heepstor_ip_engine_1.0.0/rtl/fifo.sv:12:3: syntax",
            "%Error: cores/engine/rtl/fifo.sv:12:3: syntax",
        ),
        (
            "at /home/me/build/sim/src/heepstor_ip_engine_1.0.0/rtl/a.sv, and",
            "at cores/engine/rtl/a.sv, and",
        ),
        ("src/heepstor_systems_heepstor_1.0.0/top.sv", "top.sv"),
        (
            "src/pulp_common_cells_1.2/fifo.sv: unknown",
            "src/pulp_common_cells_1.2/fifo.sv: unknown",
        ),
    ],
)
def test_messages_point_to_the_original_files(line, original):
    assert fusesoc.original_paths(line, FOLDERS) == original


def test_every_core_of_the_repository_can_be_mapped_back():
    folders = fusesoc.core_folders(ROOT)
    line = "%Warning-WIDTH: src/heepstor_ip_engine_1.0.0/rtl/engine.sv:10:3: x"
    assert "cores/engine/rtl/engine.sv:10:3" in fusesoc.original_paths(line, folders)
    assert fusesoc.original_paths("src/other_1.0/a.sv: x", folders) == "src/other_1.0/a.sv: x"


def test_what_is_shown_begins_with_the_first_error():
    printed = [f"compiling {n}" for n in range(50)]
    printed[20] = "WARNING: [Synth 8-1] hundreds of these"
    printed[30] = "%Error: src/heepstor_ip_engine_1.0.0/rtl/a.sv: syntax"
    shown = fusesoc.worth_showing(printed, FOLDERS)
    assert shown[0] == "%Error: cores/engine/rtl/a.sv: syntax"
    assert shown[-1] == "compiling 49" and len(shown) == 20


def test_what_is_shown_of_a_failed_build_begins_with_the_reason():
    warnings = ["CRITICAL WARNING: [Common 17-1] x", *["WARNING: [Synth 8-1] x"] * 100]
    error = "ERROR: [Synth 8-439] module 'nowhere' not found"
    assert fusesoc.worth_showing([*warnings, error, "exit"], {}) == [error, "exit"]
    dropped = "WARNING: Parse error. Ignoring file engine.core"
    assert fusesoc.worth_showing(["INFO: a", dropped, error], {}) == [dropped, error]


def test_without_an_error_the_end_is_shown():
    shown = fusesoc.worth_showing([f"step {n}" for n in range(50)], {})
    assert shown == [f"step {n}" for n in range(25, 50)]


def test_this_python_and_these_sources_come_first(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    variables = fusesoc.environment(tmp_path, tmp_path / "own.hjson")
    assert variables["PYTHONPATH"].split(os.pathsep) == [str(tmp_path), "/elsewhere"]
    assert variables["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)
    assert variables["HEEPSTOR_CONFIG"] == str(tmp_path / "own.hjson")
    monkeypatch.setenv("PYTHONPATH", "near")
    found = fusesoc.environment(tmp_path, tmp_path)["PYTHONPATH"]
    assert found.endswith(f"{os.pathsep}{Path.cwd() / 'near'}"), "generators run elsewhere"
    monkeypatch.delenv("PYTHONPATH")
    assert fusesoc.environment(tmp_path, tmp_path)["PYTHONPATH"] == str(tmp_path)


def test_an_installed_library_is_built_where_one_works(tmp_path, monkeypatch):
    installed = tmp_path / "site-packages/heepstor"
    installed.mkdir(parents=True)
    (tmp_path / "site-packages/heepstor-1.0.dist-info").mkdir()
    (installed / "fusesoc.conf").write_text((ROOT / "fusesoc.conf").read_text())
    monkeypatch.setenv("HEEPSTOR_CWD", str(tmp_path / "mine"))
    written = fusesoc.settings(installed)
    assert written == tmp_path / "mine/build/fusesoc.conf"
    text = written.read_text()
    assert f"build_root = {tmp_path}/mine/build" in text
    assert f"location = {installed}" in text and "ignored_dirs" not in text
    assert fusesoc.settings(ROOT) == ROOT / "fusesoc.conf"


def test_a_failed_program_is_logged_and_shown(tmp_path):
    script = "print('all is well'); print('ERROR: no such module'); raise SystemExit(3)"
    command, log, lines = [sys.executable, "-c", script], tmp_path / "deep" / "log", []
    with pytest.raises(HeepstorError) as caught:
        fusesoc.run_logged(ROOT, command, dict(os.environ), log, lines.append)
    assert "failed (exit code 3):\n  | ERROR: no such module\n" in str(caught.value)
    assert str(caught.value).endswith(f": {log}")
    assert lines == ["all is well", "ERROR: no such module"]
    assert log.read_text().endswith("all is well\nERROR: no such module\n")


def test_programs_beside_an_installed_library_come_first(tmp_path, monkeypatch):
    """As `pip install --target` puts them: those of another version may lie beside Python."""
    installed = tmp_path / "site/heepstor"
    for folder in (installed, tmp_path / "site/heepstor-1.0.dist-info", tmp_path / "site/bin"):
        folder.mkdir(parents=True)
    monkeypatch.setenv("HEEPSTOR_CWD", str(tmp_path / "mine"))
    variables = fusesoc.environment(installed, tmp_path)
    own, python, *_ = variables["PATH"].split(os.pathsep)
    assert (own, python) == (str(tmp_path / "site/bin"), str(Path(sys.executable).parent))
    assert variables["HEEPSTOR_CWD"] == str(tmp_path / "mine"), "where generators keep objects"
    assert fusesoc.environment(ROOT, tmp_path)["PATH"].startswith(python)
