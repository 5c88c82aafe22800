"""The cores as a library of somebody else's: `fusesoc library add`, and a core that needs one."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from flows import fusesoc
from flows.repository import ROOT

CORE = """\
CAPI=2:
name: example:ip:accelerator:1.0.0

filesets:
  rtl:
    depend: ["heepstor:ip:engine"]
    files: [accelerator.sv: {file_type: systemVerilogSource}]

targets:
  lint:
    filesets: [rtl]
    flow: lint
    flow_options: {tool: verilator}
    toplevel: accelerator
"""


@pytest.mark.slow
def test_a_core_elsewhere_takes_the_engine_alone(tmp_path: Path) -> None:
    library, work = tmp_path / "library", tmp_path / "work"
    for name in ("cores", "flows"):
        shutil.copytree(ROOT / name, library / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("heepstor.core", "heepstor_cfg.hjson"):
        shutil.copy(ROOT / name, library)
    # Generators take the sources that they lie beside, whatever else is installed.
    with (library / "flows/fusesoc/generator.py").open("a") as file:
        file.write('\nPath("of_the_library").touch()\n')
    work.mkdir()
    (work / "accelerator.core").write_text(CORE)
    (work / "accelerator.sv").write_text("module accelerator; endmodule\n")
    (work / "fusesoc.conf").touch()

    run(work, "library", "add", "heepstor", str(library))
    run(work, "--cores-root", ".", "run", "--setup", "--target=lint", "example:ip:accelerator")

    made = {path.name for path in (work / "build").rglob("*")}
    assert {"engine.sv", "engine_descriptor_pkg.sv", "fifo_v3.sv", "accelerator.sv"} <= made
    assert "heepstor_soc.sv" not in made
    assert any(tmp_path.rglob("of_the_library"))


def test_settings_of_a_package_hold_any_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FuseSoC reads them with Python's parser, to which `%` means something."""
    folder = tmp_path / "100%(x)s \u00fc"
    folder.mkdir()
    shutil.copy(ROOT / "fusesoc.conf", folder)
    monkeypatch.setenv("HEEPSTOR_CWD", str(folder))
    monkeypatch.setattr("flows.repository.is_installed", lambda root: True)
    monkeypatch.setattr(fusesoc, "is_installed", lambda root: True)
    parser = configparser.ConfigParser(default_section="main")
    parser.read(fusesoc.settings(folder))
    assert parser["library.heepstor"]["location"] == str(folder)
    assert parser["main"]["build_root"] == str(folder / "build/fusesoc")


def run(folder: Path, *arguments: str) -> None:
    program = Path(fusesoc.command())
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    # Where FuseSoC keeps its cache: not the user's.
    variables = {**os.environ, "PATH": path, "XDG_CACHE_HOME": str(folder / "cache")}
    done = subprocess.run(
        [program, *arguments], cwd=folder, env=variables, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
