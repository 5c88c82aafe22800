"""Stages that run the user's project run again when something changes that it reads."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from flows.repository import ROOT
from flows.stages.hashing import FileHashes
from flows.stages.options import Options
from flows.stages.pipeline import Pipeline
from flows.stages.run import run as run_stages
from flows.stages.stage import Runner
from flows.terminal.progress import Progress, Terminal
from modelgen.workload.checkpoint import save_checkpoint
from modelgen.workload.data import Data

PROJECT = """
import importlib

import numpy as np
from torch import nn

from modelgen.workload.data import Data
from modelgen.workload.data.folders import data_set_folder

settings = {"checkpoint": "../../elsewhere/weights.pt"}
helper = importlib.import_module("projects" + ".shared_parts")


def model():
    return nn.Sequential(nn.Linear(4, 2))


def data(folder):
    inputs = np.load(folder / "inputs.npy")
    extra = sorted(data_set_folder(folder, "set").glob("*/*.npy"))
    return Data("mine", np.concatenate([inputs, *map(np.load, extra)]))
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Path:
    """A repository with the sources that `export` is made from, a project, weights and data."""
    root = tmp_path_factory.mktemp("repository")
    for name in ("modelgen", "flows"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "heepstor_cfg.hjson", root)
    (root / "projects" / "mine").mkdir(parents=True)
    (root / "projects" / "mine" / "project.py").write_text(PROJECT)
    (root / "projects" / "shared_parts.py").write_text("")
    real = root / "kept_apart"
    for folder in (root / "elsewhere", root / "data" / "set", root / "data" / "other", real):
        folder.mkdir(parents=True)
    save_checkpoint(torch.nn.Sequential(torch.nn.Linear(4, 2)), real / "weights.pt")
    (root / "elsewhere" / "weights.pt").symlink_to(real / "weights.pt")
    np.save(root / "data" / "inputs.npy", np.zeros((2, 4)))
    (real / "part").mkdir()
    np.save(real / "part" / "more.npy", np.zeros((2, 4)))
    (root / "data" / "set" / "part").symlink_to(real / "part")
    return root


@contextlib.contextmanager
def imports_from(root: Path) -> Iterator[None]:
    """Finds modules of the copy's projects, not of the repository's."""
    sys.path.insert(0, str(root))
    sys.modules.pop("projects", None)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(root))
        sys.modules.pop("projects", None)


def run_stage(root: Path, name: str = "export") -> str | None:
    """Run a stage alone; return why it ran."""
    stage = Pipeline(root, Options("mine", root / "heepstor_cfg.hjson"), Progress).stage(name)
    with imports_from(root):
        return Runner(root, FileHashes()).run(stage, lambda *_: None).reason


def test_export_tracks_whatever_the_project_reads(workspace, monkeypatch):
    root = workspace
    monkeypatch.delenv("HEEPSTOR_DATA", raising=False)
    assert run_stage(root) == "first run"
    assert run_stage(root) is None
    np.save(root / "data" / "other" / "unrelated.npy", np.zeros(1))
    assert run_stage(root) is None, "a new file in another data set"

    save_checkpoint(torch.nn.Sequential(torch.nn.Linear(4, 2)), root / "kept_apart" / "weights.pt")
    assert run_stage(root) == "projects/mine/../../elsewhere/weights.pt changed"
    np.save(root / "data" / "inputs.npy", np.ones((2, 4)))
    assert run_stage(root) == "data/inputs.npy changed"
    np.save(root / "kept_apart" / "part" / "more.npy", np.ones((2, 4)))
    assert run_stage(root) == "data/set/part/more.npy changed"
    np.save(root / "kept_apart" / "part" / "second.npy", np.ones((2, 4)))
    assert run_stage(root) == "the list of files in data/set/part changed"
    (root / "projects" / "shared_parts.py").write_text("x = 1")
    assert run_stage(root) == "projects/shared_parts.py changed"
    assert run_stage(root) is None

    shutil.copytree(root / "data", root / "data2")
    monkeypatch.setenv("HEEPSTOR_DATA", str(root / "data2"))
    assert run_stage(root) == "environment variable HEEPSTOR_DATA is new"


def test_trace_tracks_it_too(workspace, monkeypatch):
    monkeypatch.delenv("HEEPSTOR_DATA", raising=False)
    np.save(workspace / "data" / "inputs.npy", np.zeros((3, 4)))
    assert run_stage(workspace, "trace") == "first run"
    assert run_stage(workspace, "trace") is None
    np.save(workspace / "data" / "inputs.npy", np.ones((3, 4)))
    assert run_stage(workspace, "trace") == "data/inputs.npy changed"


def test_the_user_is_told_why_export_runs_each_time(workspace):
    text = PROJECT.replace("import importlib\n", "import importlib\nimport subprocess\n")
    text = text.replace("    return nn.Seq", '    subprocess.run(["true"])\n    return nn.Seq')
    (workspace / "projects" / "mine" / "project.py").write_text(text)
    options = Options("mine", workspace / "heepstor_cfg.hjson")
    for reason in ("done in", "it started a program (true), which cannot be tracked"):
        terminal = Terminal(io.StringIO())
        with imports_from(workspace):
            run_stages(workspace, options, "export", terminal)
        printed = " ".join(terminal.stream.getvalue().split())
        assert reason in printed
        assert (
            "export runs each time: it started a program (true), which cannot be tracked."
            in printed
        )


def test_projects_in_one_process_have_modules_of_their_own(workspace):
    (workspace / "projects" / "mine" / "project.py").write_text(
        PROJECT + "from modelgen.workload.data import cifar10"
    )
    before = set(sys.modules)
    assert run_stage(workspace)
    assert sys.modules["modelgen.workload.data"].Data is Data
    new = sys.modules.keys() - before
    assert not {name for name in new if name.startswith(("projects.", "modelgen.workload.data."))}
