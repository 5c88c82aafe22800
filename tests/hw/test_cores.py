"""The FuseSoC library: every core is read, lists the files that are there, and lints."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from flows.repository import ROOT

FOLDERS = ("cores", "boards")
CORE_FILES = sorted(
    [*ROOT.glob("*.core"), *(path for name in FOLDERS for path in (ROOT / name).rglob("*.core"))]
)
RTL_SUFFIXES = {".sv", ".svh", ".v", ".vh", ".cpp", ".hpp", ".h", ".vlt"}


def read(path):
    text = path.read_text()
    assert text.startswith("CAPI=2:"), f"{path} does not start with CAPI=2:"
    return yaml.safe_load(text.split("\n", 1)[1])


CORES = {path: read(path) for path in CORE_FILES}
LINTED = [core["name"] for core in CORES.values() if "lint" in core.get("targets", {})]


def fusesoc(*arguments):
    """Runs FuseSoC as a user does; returns its exit code and all that it printed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["fusesoc", "--config", "fusesoc.conf", *arguments],
        cwd=ROOT,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.returncode, done.stdout


def listed_files(core):
    """Paths that a core names: in its file sets, and as inputs of generators."""
    names = set()
    for fileset in core.get("filesets", {}).values():
        for entry in fileset.get("files", []):
            names.update([entry] if isinstance(entry, str) else entry)
    for generate in core.get("generate", {}).values():
        parameters = generate.get("parameters", {})
        names.update(
            str(parameters[key]) for key in ("rdl", "source", "waivers") if key in parameters
        )
    for generator in core.get("generators", {}).values():
        names.add(generator["command"])
    return names


def missing_files(core, folder):
    """Files that are listed but not there."""
    return [name for name in listed_files(core) if not (folder / name).is_file()]


def forgotten_files(cores, folder):
    """Sources in a folder that none of its cores lists."""
    listed = set().union(*map(listed_files, cores))
    sources = (path for path in folder.rglob("*") if path.suffix in RTL_SUFFIXES)
    return sorted({path.relative_to(folder).as_posix() for path in sources} - listed)


def test_fusesoc_finds_every_core():
    code, printed = fusesoc("core", "list")
    assert code == 0, printed
    missing = [core["name"] for core in CORES.values() if core["name"] not in printed]
    assert not missing, f"FuseSoC dropped {missing}:\n{printed}"


def test_names_are_unique():
    names = [core["name"] for core in CORES.values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("path", CORE_FILES, ids=lambda path: path.stem)
def test_core_file(path):
    core = CORES[path]
    assert core["name"].startswith("heepstor:"), "vendor is heepstor"
    assert core.get("description"), "a core has a description"
    assert core.get("license"), "a core has a license"
    for name, target in core.get("targets", {}).items():
        assert target.get("description"), f"target {name} has a description"
    assert (path.parent / "README.md").exists(), f"{path.parent.name} has a README.md"
    assert not missing_files(core, path.parent)


@pytest.mark.parametrize(
    "folder", sorted({path.parent for path in CORE_FILES} - {ROOT}), ids=lambda path: path.name
)
def test_no_source_is_forgotten(folder):
    assert not forgotten_files([CORES[path] for path in folder.glob("*.core")], folder)


def test_every_core_with_rtl_has_a_lint_target():
    for path, core in CORES.items():
        has_rtl = any(Path(name).suffix in {".sv", ".v"} for name in listed_files(core))
        assert not has_rtl or core["name"] in LINTED, f"{path.name} has no target lint"


@pytest.mark.parametrize("name", LINTED, ids=lambda name: name.split(":")[2])
def test_lint(name, tmp_path):
    code, printed = fusesoc("run", "--target", "lint", "--work-root", str(tmp_path), name)
    assert code == 0, printed
    assert "%Warning" not in printed and "WARNING" not in printed, printed


def test_wrong_file_lists_are_noticed(tmp_path):
    (tmp_path / "rtl").mkdir()
    (tmp_path / "rtl" / "forgotten.sv").touch()
    core = {"filesets": {"rtl": {"files": ["rtl/nowhere.sv"]}}}
    assert missing_files(core, tmp_path) == ["rtl/nowhere.sv"]
    assert forgotten_files([core], tmp_path) == ["rtl/forgotten.sv"]
