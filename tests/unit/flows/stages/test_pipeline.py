"""What the stages of a project depend on."""

from __future__ import annotations

import ast
import importlib.metadata
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from flows import config
from flows.repository import ROOT
from flows.repository.sources import PACKAGES, import_closure
from flows.stages.options import Options
from flows.stages.pipeline import PREREQUISITES, Pipeline
from flows.stages.stage import Stage, describe_changes
from flows.terminal.progress import Progress

# They only read or show what counts by itself: nothing that is written depends on their version.
READERS = {"hjson", "pyelftools", "pyyaml", "rich"}


def imported(path: Path) -> Iterator[str]:
    """Top-level names of the installed packages that a source imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        modules = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            modules = [node.module]
        for name in {module.partition(".")[0] for module in modules}:
            if name not in sys.stdlib_module_names and name not in PACKAGES:
                yield name


def packages(stage: Stage) -> set[str]:
    """The installed packages that a stage's sources import, by their names on PyPI."""
    distributions = importlib.metadata.packages_distributions()
    # Flows of ours stand in a folder of the namespace package edalize.
    distributions["edalize"] = ["edalize"]
    names = {name for path in stage.files if path.suffix == ".py" for name in imported(path)}
    return {distributions[name][0].lower() for name in names}


@pytest.mark.parametrize("name", [name for name in PREREQUISITES if name != "report"])
def test_versions_of_the_packages_that_a_stage_uses_count(name: str) -> None:
    options = Options("mnist", ROOT / "heepstor_cfg.hjson")
    stage = Pipeline(ROOT, options, Progress).stage(name)
    counted = {value.removeprefix("version of ") for value in stage.values}
    # peakrdl-regblock writes RTL, which programs have no part of.
    needed = (
        packages(stage)
        - READERS
        - ({"peakrdl-regblock"} if name in ("firmware", "server") else set())
    )
    assert needed <= counted


def pipeline() -> Pipeline:
    return Pipeline(ROOT, Options("mnist", ROOT / "heepstor_cfg.hjson"), Progress)


@pytest.mark.parametrize(
    ("name", "overrides", "expected"),
    [
        ("firmware", "engine.array_size=16", "option engine.array_size: 8 -> 16"),
        ("firmware", "arena_kib=64", "option arena_kib: auto -> 64"),
        ("report", "uart.fifo_depth=32", "option uart.fifo_depth: 16 -> 32"),
        ("generate", "engine.array_size=16", "option hardware.array_size: 8 -> 16"),
        ("generate", "arena_kib=64", "option hardware.arena_bytes: auto -> 65536"),
        ("generate", "uart.fifo_depth=32", None),
        (
            "firmware",
            "memory.banks=16,memory.bank_kib=64",
            "option memory.banks: 8 -> 16, option memory.bank_kib: 128 -> 64",
        ),
        (
            "firmware",
            "clock_hz=50000000,stack_kib=9,arena_kib=1,uart.baud=1000000",
            "option clock_hz: 100000000 -> 50000000, option stack_kib: 8 -> 9, "
            "option arena_kib: auto -> 1 (and 1 more)",
        ),
        (
            "report",
            "address.timer=0x20002000",
            "option address.timer: 0x10002000 -> 0x20002000",
        ),
    ],
)
def test_a_changed_knob_is_told_with_both_values(
    tmp_path: Path, name: str, overrides: str, expected: str | None
) -> None:
    changed = config.changed(config.DEFAULT_PATH, overrides, tmp_path)
    options = Options("mnist", changed)
    after = Pipeline(ROOT, options, Progress).stage(name).values
    assert describe_changes(pipeline().stage(name).values, after) == expected


def modules_of(script: Path) -> set[str]:
    """Names of the modules, and of what might be modules, that a program imports."""
    found = set()
    for node in ast.walk(ast.parse(script.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize("name", ["hardware", "synth"])
def test_what_the_generators_of_rtl_import_counts(name: str) -> None:
    """FuseSoC runs them as programs: nothing follows their imports by itself."""
    files = set(pipeline().stage(name).files)
    generators = [path for path in files if path.name.endswith("_generator.py")]
    assert {path.parent.name for path in generators} >= {"boot_rom", "config", "registers"}
    for generator in generators:
        assert set(import_closure(ROOT, modules_of(generator))) <= files


@pytest.mark.parametrize(("name", "target"), [("hardware", "sim"), ("synth", "synth")])
def test_the_flow_of_a_target_counts(name: str, target: str) -> None:
    targets = yaml.safe_load((ROOT / "heepstor.core").read_text())["targets"]
    flow = ROOT / "flows" / "edalize_flows" / f"{targets[target]['flow']}.py"
    module = f"flows.edalize_flows.{flow.stem}"
    assert set(import_closure(ROOT, [module])) <= set(pipeline().stage(name).files)
