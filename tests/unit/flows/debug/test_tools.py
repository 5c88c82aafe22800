"""OpenOCD and GDB: which are good enough, and how they are installed."""

import pytest

from flows.debug import tools
from flows.errors import HeepstorError


def install(folder, *names):
    """Programs with these names, on PATH."""
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)


def test_missing_tools_are_named_with_their_packages(tmp_path, monkeypatch):
    install(tmp_path, "apt-get")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HeepstorError) as error:
        tools.find()
    assert "OpenOCD is missing" in str(error.value)
    assert "GDB for RISC-V is missing" in str(error.value)
    assert "apt-get install openocd gdb-multiarch" in str(error.value)


def test_a_gdb_that_does_not_know_riscv_is_not_enough(tmp_path, monkeypatch):
    install(tmp_path, "apt-get", "openocd", "gdb")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HeepstorError) as error:
        tools.find()
    assert "OpenOCD is missing" not in str(error.value)
    assert "apt-get install gdb-multiarch" in str(error.value)


def test_fedoras_gdb_knows_riscv(tmp_path, monkeypatch):
    install(tmp_path, "dnf", "openocd", "gdb")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert tools.find() == tools.Tools(str(tmp_path / "openocd"), str(tmp_path / "gdb"))
