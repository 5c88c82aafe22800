"""The doctor's findings, on this machine and on one without tools."""

from __future__ import annotations

import json
import re

import pytest

from flows.cli import doctor
from flows.errors import HeepstorError
from flows.repository import ROOT


def test_everything_needed_is_found_here():
    findings = doctor.examine(ROOT)
    assert doctor.problems(findings) == []
    versions = {finding.name: finding.version for finding in findings}
    assert re.match(r"\d+\.\d+", versions["C++17 compiler"])
    assert re.match(r"\d+\.\d+", versions["perl"])
    assert all(finding.purpose for finding in findings)


def test_every_direct_dependency_has_a_purpose_or_belongs_to_one_that_has():
    text = (ROOT / "pyproject.toml").read_text()
    block = text.split("dependencies = [", 1)[1].split("]", 1)[0]
    names = set(re.findall(r'"([\w-]+)"', block))
    parts_of_others = {"jinja2", "pytest-xdist", "pyyaml"}
    assert names - set(doctor.PACKAGES) - {"setuptools"} == parts_of_others
    assert set(doctor.PACKAGES) <= names


def test_missing_tools_are_problems_with_a_remedy(empty_path, capsys):
    manager = empty_path / "dnf"
    manager.write_text("")
    manager.chmod(0o755)
    assert doctor.main(ROOT) == 1
    shown = capsys.readouterr().out
    for name, package in (("make", "make"), ("perl", "perl"), ("C++17 compiler", "gcc-c++")):
        assert re.search(rf"^{re.escape(name)} +missing", shown, re.MULTILINE)
        assert f"dnf install {package}" in shown


def test_missing_package_is_a_problem(monkeypatch):
    monkeypatch.setitem(doctor.PACKAGES, "no-such-package", "nothing")
    missing = doctor.problems(doctor.examine(ROOT))
    assert [finding.name for finding in missing] == ["no-such-package"]


def test_a_compiler_that_cannot_compile_is_a_problem(empty_path):
    compiler = empty_path / "c++"
    compiler.write_text("#!/bin/sh\nexit 1\n")
    compiler.chmod(0o755)
    names = {finding.name for finding in doctor.problems(doctor.examine(ROOT))}
    assert "C++17 and its library" in names
    assert "C++17 compiler" not in names


def test_json(capsys):
    code = doctor.main(ROOT, lambda found: print(json.dumps(found)))
    found = json.loads(capsys.readouterr().out)
    assert code == 0
    assert {"name", "version", "purpose", "needed", "found", "install"} <= found[0].keys()


def test_one_command_installs_what_the_tests_lack(empty_path, monkeypatch, capsys):
    program = empty_path / "apt-get"
    program.write_text("")
    program.chmod(0o755)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    expected = "apt-get install g++ make perl openocd gdb-multiarch chromium"
    assert doctor.install_command() == expected
    for name in ("c++", "make", "openocd", "google-chrome", "perl"):
        (empty_path / name).write_text("")
        (empty_path / name).chmod(0o755)
    assert doctor.install_command() == "apt-get install gdb-multiarch"
    program.rename(empty_path / "gdb-multiarch")
    assert doctor.install_command() == ""


def test_missing_tools_without_a_package_manager_are_named(empty_path):
    with pytest.raises(HeepstorError, match=r"OpenOCD is missing[^!]*package manager"):
        doctor.install_command()


def test_a_package_that_is_missing_is_installed_by_what_installed_the_others(monkeypatch):
    assert doctor._package("no-such-package", "x").install == "./heepstor doctor"
    monkeypatch.setattr(doctor, "is_installed", lambda root: True)
    assert doctor._package("no-such-package", "x").install == "pip install no-such-package"
