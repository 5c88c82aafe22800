"""The Vivado project of the ZCU104, once for all tests that look at it."""

import shutil
from pathlib import Path

import pytest

from flows.fpga import record
from tests.hw.vivado_project import run, run_fusesoc
from tests.vivado_stand_in import programs


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """A project made where there is no Vivado."""
    work = tmp_path_factory.mktemp("made") / "work"
    nothing = tmp_path_factory.mktemp("nothing")
    code, printed = run_fusesoc(work, "--setup", PATH=programs.path_with(nothing))
    assert code == 0, printed
    return work


@pytest.fixture(scope="session")
def tools(tmp_path_factory):
    """PATH with the stand-in for Vivado."""
    folder = tmp_path_factory.mktemp("tools")
    programs.install_vivado(folder)
    return programs.path_with(folder)


@pytest.fixture(scope="session")
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
