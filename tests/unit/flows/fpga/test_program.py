"""The task that programs a board."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows import config
from flows.cli import __main__ as cli
from flows.config import boards
from flows.fpga import program

ROOT = config.DEFAULT_PATH.parent


@pytest.mark.parametrize("board", boards.BOARDS)
def test_the_task_program_takes_the_boards_configuration(
    board: str, tmp_path: Path, monkeypatch
) -> None:
    """Unless --config or HEEPSTOR_CONFIG names another; --config comes first."""
    own = ROOT / boards.BOARDS[board].configuration
    variable = config.changed(own, "engine.accumulator_depth=16", tmp_path)
    option = config.changed(own, "engine.accumulator_depth=32", tmp_path)
    taken: list[Path] = []
    monkeypatch.setattr(program, "run", lambda root, board, path, *others: taken.append(path))
    monkeypatch.delenv("HEEPSTOR_CONFIG", raising=False)
    cli.main(["program", "--board", board])
    monkeypatch.setenv("HEEPSTOR_CONFIG", str(variable))
    cli.main(["program", "--board", board])
    cli.main(["program", "--board", board, "--config", str(option)])
    assert taken == [own, variable, option]
