"""The FuseSoC targets of boards: the configuration that each builds, and what cannot fit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows import config, fusesoc
from flows.config import boards
from flows.system.processes import run_lines

ROOT = config.DEFAULT_PATH.parent


def run(board: str, work: Path, stage: str, chosen: Path | None) -> tuple[int, str]:
    """What a user types, with or without HEEPSTOR_CONFIG."""
    command = [fusesoc.command(), "--config", str(ROOT / "fusesoc.conf"), "run"]
    command += [f"--target={board}", stage, f"--work-root={work}", "heepstor"]
    variables = fusesoc.environment(ROOT, chosen or config.DEFAULT_PATH)
    if chosen is None:
        del variables["HEEPSTOR_CONFIG"]
    printed: list[str] = []
    return run_lines(command, printed.append, cwd=ROOT, environment=variables), "\n".join(printed)


def sources(work: Path) -> dict[str, bytes]:
    """All that the project is made of."""
    files = [path for path in (work / "src").rglob("*") if path.is_file()]
    return {str(path.relative_to(work)): path.read_bytes() for path in files}


@pytest.mark.slow
@pytest.mark.parametrize("board", boards.BOARDS)
def test_a_boards_target_builds_the_boards_configuration(board: str, tmp_path: Path) -> None:
    """In every part, the boot ROM's program included; $HEEPSTOR_CONFIG overrides it."""
    own = ROOT / boards.BOARDS[board].configuration
    changed = config.changed(own, "engine.accumulator_depth=16", tmp_path)
    made = {}
    for name, chosen in (("without", None), ("own", own), ("other", changed)):
        code, printed = run(board, tmp_path / name, "--setup", chosen)
        assert code == 0, printed
        made[name] = sources(tmp_path / name)
    assert made["without"] == made["own"] != made["other"]
    (description,) = (tmp_path / "without").rglob("src/*/heepstor_config.json")
    assert json.loads(description.read_text())["hash"] == config.load(own).hash


@pytest.mark.slow
def test_what_cannot_fit_is_refused_before_synthesis(tmp_path: Path) -> None:
    code, printed = run("ulx3s", tmp_path / "work", "--build", config.DEFAULT_PATH)
    assert code != 0
    assert "multiplier 18 x 18: 205 needed, 156 available; lower engine.array_size (8), " in printed
    assert "block RAM 18 Kibit: 666 needed, 208 available; lower memory.banks (8)" in printed
    assert "Traceback" not in printed and not (tmp_path / "work" / "yosys.log").exists()
