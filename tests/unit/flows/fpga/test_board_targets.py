"""The FuseSoC targets of boards: the configuration that each builds, and what cannot fit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from flows import config, fusesoc
from flows.cli import __main__ as cli
from flows.config import boards
from flows.errors import HeepstorError
from flows.fpga import fit, program, record
from flows.fpga.guarded import Guarded
from flows.fusesoc import generator
from flows.system.processes import run_lines

ROOT = config.DEFAULT_PATH.parent
ULX3S = ROOT / boards.ULX3S.configuration
# A configuration that the estimate was not made from.
OTHER = (
    "engine.port_words=2,memory.banks=8,memory.bank_kib=16,engine.buffer_words=16384,"
    "engine.accumulator_depth=256"
)


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


class Tools:
    """Edalize, whose programs make a bitstream of anything."""

    def build(self) -> None:
        record.bitstream_file(Path(self.work_root)).write_text("bits")


class Flow(Guarded, Tools):
    """The flow of a board's target, on a work folder that has nothing but the configuration."""

    def __init__(self, board: str, configuration: Path, work: Path) -> None:
        system = (ROOT / "heepstor.core").read_text(encoding="utf-8").removeprefix("CAPI=2:")
        options = yaml.safe_load(system)["targets"][board]["flow_options"]
        self._device = options.get("part") or options["device"]
        self.work_root = str(work)
        config.write_json(config.load(configuration), work / "heepstor_config.json")
        files = [{"name": "heepstor_config.json", "file_type": "user"}]
        (work / "project.eda.yml").write_text(yaml.safe_dump({"files": files}))

    def device(self) -> str:
        return self._device

    def programs(self) -> str:
        return "no program"

    def products(self, project: str) -> tuple[str, ...]:
        return ()


@pytest.mark.parametrize("board", boards.BOARDS)
def test_every_boards_flow_refuses_what_cannot_fit(board: str, tmp_path: Path) -> None:
    """Before any program is run; what fits is built."""
    own = ROOT / boards.BOARDS[board].configuration
    too_large = config.changed(own, "memory.bank_kib=512", tmp_path)
    with pytest.raises(RuntimeError, match="does not fit the"):
        Flow(board, too_large, tmp_path).build()
    assert not (tmp_path / "project.bit").exists()
    Flow(board, own, tmp_path).build()
    assert (tmp_path / "project.bit").exists()


@pytest.mark.slow
def test_what_cannot_fit_is_refused_before_synthesis(tmp_path: Path) -> None:
    code, printed = run("ulx3s", tmp_path / "work", "--build", config.DEFAULT_PATH)
    assert code != 0
    assert "multiplier 18 x 18: 193 needed, 156 available; lower engine.array_size (8)" in printed
    assert "block RAM 18 Kibit: 658 needed, 208 available; lower memory.banks (8)" in printed
    assert "Traceback" not in printed and not (tmp_path / "work" / "yosys.log").exists()


@pytest.mark.parametrize(
    ("device", "path", "overrides", "measured"),
    [
        ("85k", ULX3S, "", (51_884, 69, 82)),
        ("85k", ULX3S, "engine.array_size=8", (64_251, 169, 82)),
        ("85k", config.DEFAULT_PATH, "", (81_137, 193, 658)),
        ("85k", ULX3S, OTHER, (57_078, 77, 106)),
        ("xczu7ev", config.DEFAULT_PATH, "", (61_986, 112, 9, 40)),
    ],
)
def test_the_estimate_is_what_was_measured(device, path, overrides, measured, tmp_path) -> None:
    """By Yosys and nextpnr's packer on 2026-11-21."""
    chosen = config.load(config.changed(path, overrides, tmp_path))
    luts, *others = fit.find(device).estimate(chosen).values()
    assert luts == pytest.approx(measured[0], rel=0.01)
    assert others == list(measured[1:])


@pytest.mark.parametrize(
    ("size", "measured"), [(16, 84_007), (32, 145_879)], ids=["16 x 16", "32 x 32"]
)
def test_the_estimate_of_larger_arrays(size: int, measured: int, tmp_path: Path) -> None:
    path = config.changed(config.DEFAULT_PATH, f"engine.array_size={size}", tmp_path)
    found = fit.find("xczu7ev").estimate(config.load(path))
    assert found["LUT"] == pytest.approx(measured, rel=0.01)
    assert found["DSP"] == pytest.approx(size**2 + 49, abs=1)


@pytest.mark.parametrize("board", boards.BOARDS)
def test_the_boards_configurations_fit(board: str) -> None:
    device = {"ulx3s": "85k", "zcu104": "xczu7ev"}[board]
    fit.check(config.load(ROOT / boards.BOARDS[board].configuration), fit.find(device))


@pytest.mark.parametrize(
    ("device", "path", "overrides", "message"),
    [
        ("85k", ULX3S, "memory.bank_kib=128", r"block RAM 18 Kibit: 274 needed, 208 available"),
        ("85k", ULX3S, "engine.array_size=8", r"multiplier 18 x 18: 169 needed"),
        ("85k", ULX3S, "engine.array_size=20", r"LUT4: 113,290 needed, 83,640 available"),
        ("xczu7ev", config.DEFAULT_PATH, "memory.bank_kib=512", r"UltraRAM: 136 needed, 96 avail"),
    ],
)
def test_what_is_too_large(device, path, overrides, message, tmp_path) -> None:
    chosen = config.load(config.changed(path, overrides, tmp_path))
    with pytest.raises(HeepstorError, match=f"{message}(.|\n)*the board's own configuration"):
        fit.check(chosen, fit.find(device))


def test_the_largest_array_fits_the_xczu7ev(tmp_path: Path) -> None:
    path = config.changed(config.DEFAULT_PATH, "engine.array_size=32", tmp_path)
    fit.check(config.load(path), fit.find("xczu7ev"))
