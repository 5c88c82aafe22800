"""Where Vivado is looked for, and which versions are accepted."""

import pytest

from flows.errors import HeepstorError
from flows.fpga import vivado


def install(folder, prints="vivado v2023.2 (64-bit)"):
    """A program that says its version."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "vivado"
    program.write_text(f"#!/bin/sh\necho '{prints}'\n")
    program.chmod(0o755)
    return program


@pytest.fixture(autouse=True)
def nothing_installed(tmp_path, monkeypatch):
    """No Vivado on PATH, in $XILINX_VIVADO, nor where its installer puts it."""
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.delenv("XILINX_VIVADO", raising=False)
    monkeypatch.setattr(vivado, "_INSTALLED", (f"{tmp_path}/tools/*/bin/vivado",))


def test_without_vivado_it_is_said_where_it_was_looked_for(tmp_path):
    assert vivado.find() is None
    with pytest.raises(HeepstorError, match=rf"on PATH, in \$XILINX_VIVADO/bin, {tmp_path}/tools"):
        vivado.require()


def test_the_first_place_counts(tmp_path, monkeypatch):
    usual = [install(tmp_path / f"tools/{version}/bin") for version in ("2022.2", "2024.1.1")]
    install(tmp_path / "tools/2023.1/bin")
    assert vivado.find() == usual[1], "the newest"
    named = install(tmp_path / "named/bin")
    monkeypatch.setenv("XILINX_VIVADO", str(tmp_path / "named"))
    assert vivado.find() == named
    on_path = install(tmp_path / "path")
    assert vivado.find() == on_path


def test_a_folder_without_the_program_is_passed_over(tmp_path, monkeypatch):
    usual = install(tmp_path / "tools/2023.1/bin")
    monkeypatch.setenv("XILINX_VIVADO", str(tmp_path / "named"))
    assert vivado.find() == usual


@pytest.mark.parametrize(
    ("prints", "version"),
    [
        ("vivado v2023.2 (64-bit)", "2023.2"),
        ("Vivado v2024.1.1 (64-bit)", "2024.1.1"),
        ("something else", "unknown"),
    ],
)
def test_versions(tmp_path, prints, version):
    program = install(tmp_path / "path", prints)
    assert vivado.version(program) == version
    assert vivado.require() == program


def test_an_old_version_is_refused(tmp_path):
    install(tmp_path / "path", "vivado v2020.2 (64-bit)")
    with pytest.raises(
        HeepstorError, match=r"is Vivado 2020\.2, which is too old\. Vivado 2021\.1"
    ):
        vivado.require()


def test_a_program_that_cannot_be_run(tmp_path):
    with pytest.raises(HeepstorError, match="does not print its version"):
        vivado.version(tmp_path / "none")
