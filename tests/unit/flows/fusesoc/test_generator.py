"""What the generators take of their requests."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from flows import config
from flows.config import boards
from flows.errors import HeepstorError
from flows.fusesoc import generator

ROOT = config.DEFAULT_PATH.parent


@pytest.mark.parametrize("board", boards.BOARDS)
def test_generators_take_the_boards_configuration(board: str, tmp_path: Path, monkeypatch) -> None:
    """Unless HEEPSTOR_CONFIG names another."""
    own = ROOT / boards.BOARDS[board].configuration
    changed = config.changed(own, "engine.accumulator_depth=16", tmp_path)
    request = generator.Request("core", ROOT, {"board": board})
    monkeypatch.delenv("HEEPSTOR_CONFIG", raising=False)
    assert generator.configuration(request) == config.load(own)
    monkeypatch.setenv("HEEPSTOR_CONFIG", str(changed))
    assert generator.configuration(request) == config.load(changed)


def test_a_request_is_read(tmp_path: Path) -> None:
    path = tmp_path / "request.yml"
    path.write_text("vlnv: a:b:c:1\nfiles_root: /files\nparameters:\n")
    assert generator.read_request(path) == generator.Request("a:b:c:1", Path("/files"), {})


def test_the_core_that_is_written(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    generator.write_core(
        generator.Request("a:b:c:1.0", tmp_path, {}),
        "Registers",
        ["x_pkg.sv", "x.hpp", "waive.vlt", "table.bin"],
        depend=["a:b:d"],
        include_paths={"x.hpp": "include"},
        file_types={"waive.vlt": "user"},
    )
    text = (tmp_path / "a_b_c_1.0.core").read_text()
    core = yaml.safe_load(text.removeprefix("CAPI=2:\n"))
    assert text.startswith("CAPI=2:\n") and core["name"] == "a:b:c:1.0"
    assert core["targets"]["default"]["filesets"] == ["rtl"]
    assert core["filesets"]["rtl"]["depend"] == ["a:b:d"]
    assert core["filesets"]["rtl"]["files"] == [
        {"x_pkg.sv": {"file_type": "systemVerilogSource"}},
        {"x.hpp": {"file_type": "cppSource", "is_include_file": True, "include_path": "include"}},
        {"waive.vlt": {"file_type": "user"}},
        {"table.bin": {"file_type": "user"}},
    ]


def test_a_mistake_of_the_user_ends_without_a_traceback(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "request.yml").write_text("vlnv: a:b:c\nfiles_root: .\n")
    monkeypatch.setattr("sys.argv", ["generator", str(tmp_path / "request.yml")])

    def generate(request: generator.Request) -> None:
        raise HeepstorError(f"no {request.vlnv}")

    with pytest.raises(SystemExit, match=r"^error: no a:b:c$"):
        generator.run(generate)
