"""Random modules at the front door, as projects: `check` and `build` say the same of each.

What is refused is refused by `check`, with the same messages; what `check` lets pass is built, and
gives the module's own results. Neither ends in a traceback.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from flows.terminal.progress import Progress
from modelgen import stages
from modelgen.agreement import agrees
from modelgen.errors import ModelError
from modelgen.hardware import Hardware
from modelgen.verify.random_modules import draw, text
from modelgen.verify.trial import INFERENCES

pytestmark = pytest.mark.slow

MODULES = 12
NIGHTLY_MODULES = 300
FIRST_NIGHTLY = 10_000
PROJECT = """
from modelgen.verify import random_modules
from modelgen.workload.data import Data

module = random_modules.draw({seed})
settings = {{"batch": module.batch, "scale": module.scale, "inputs": {inferences} * module.batch}}


def model():
    made = random_modules.make_class(module)()
    random_modules.fill(made, module.seed, module.weights)
    return made


def data(folder):
    return Data("random", random_modules.draw_inputs(module, {inferences}))
"""
HARDWARE = Hardware()


def complaints_of_check(project: Path, folder: Path) -> list[str]:
    """What `check` finds wrong."""
    traced = folder / "trace"
    traced.mkdir()
    try:
        stages.trace(project, traced, folder, {})
        stages.check(traced, folder, HARDWARE, {})
    except ModelError as error:
        return str(error).splitlines()
    document = json.loads((folder / "check.json").read_text(encoding="utf-8"))
    return [problem["message"] for problem in document["problems"]]


def complaints_of_build(project: Path, folder: Path) -> list[str]:
    """What the other stages find wrong."""
    exported, quantized, result = (folder / name for name in ("export", "quantize", "generate"))
    for stage in (exported, quantized, result):
        stage.mkdir()
    try:
        stages.export(project, exported, folder, Progress())
        stages.quantize(exported, quantized, {}, Progress(), project, folder)
        stages.generate(quantized, result, HARDWARE, {})
    except ModelError as error:
        return str(error).splitlines()
    return []


def check_result(folder: Path) -> None:
    """Compare the device's outputs with those of the quantized graph in PyTorch."""
    golden = folder / "generate" / "golden"
    got, wanted, allowed = (
        np.load(golden / f"{name}.npy") for name in ("outputs", "quantized", "tolerance")
    )
    assert agrees(got, wanted.reshape(got.shape), allowed.reshape(got.shape)).all()


def try_module(seed: int, folder: Path) -> bool:
    """Check and build a module; return whether it can be built."""
    project = folder / "random"
    project.mkdir(parents=True)
    written = PROJECT.format(seed=seed, inferences=INFERENCES)
    (project / "project.py").write_text(written, encoding="utf-8")
    found = complaints_of_check(project, folder)
    assert complaints_of_build(project, folder) == found
    if not found:
        check_result(folder)
    return not found


def try_modules(first: int, count: int, folder: Path) -> None:
    built = 0
    for seed in range(first, first + count):
        try:
            built += try_module(seed, folder / str(seed))
        except Exception as error:
            error.add_note(f"seed {seed}:\n{text(draw(seed))}")
            raise
    assert built > count // 2


def test_random_modules(tmp_path: Path) -> None:
    try_modules(0, MODULES, tmp_path)


@pytest.mark.nightly
def test_hundreds_of_random_modules(tmp_path: Path) -> None:
    try_modules(FIRST_NIGHTLY, NIGHTLY_MODULES, tmp_path)
