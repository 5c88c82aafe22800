"""What the stages of a project depend on."""

from __future__ import annotations

import ast
import importlib.metadata
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.options import Options
from flows.pipeline import PREREQUISITES, Pipeline
from flows.progress import Progress
from flows.sources import PACKAGES
from flows.stage import Stage

ROOT = Path(__file__).resolve().parents[2]
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
