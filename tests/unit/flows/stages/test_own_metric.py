"""A project with a training and a metric of its own: an autoencoder's reconstruction error."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from flows.report import accuracy, comparison, page
from flows.repository import ROOT
from flows.stages.options import Options
from flows.stages.run import run
from flows.terminal.progress import Terminal
from modelgen.errors import ModelError
from modelgen.workload.project import load_project
from tests.support.report_samples import made

PROJECT = """\
import numpy as np
import torch
from torch import nn
from modelgen.workload.data import Data

settings = {"metric": "reconstruction error", "inputs": 2}

def model():
    return nn.Sequential(nn.Conv2d(2, 3, 1), nn.Conv2d(3, 2, 1))

def data(folder):
    values = np.random.default_rng(0).standard_normal((40, 2, 3, 4), np.float32)
    return Data("noise", values[:8], train_inputs=values[8:])

def train(model, data):
    inputs = torch.from_numpy(data.train_inputs)
    optimizer = torch.optim.Adam(model.parameters(), 0.05)
    for _ in range(60):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(inputs), inputs).backward()
        optimizer.step()

def metric(outputs, data):
    # Like the inputs in shape and order, or the difference would be large.
    assert outputs.shape == data.test_inputs.shape
    return SCALE * ((outputs - data.test_inputs) ** 2).mean()

SCALE = 1
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "project.py").write_text(PROJECT)
    return tmp_path / "mine"


def quantize(folder: Path, **typed: object) -> tuple[dict, list[str], str]:
    """The metric, the stages that ran, what was printed."""
    terminal = Terminal(io.StringIO())
    done = run(ROOT, Options.from_command_line(ROOT, str(folder), **typed), "quantize", terminal)
    ran = [stage["name"] for stage in done["stages"] if stage["ran"]]
    return done["accuracy"], ran, terminal.stream.getvalue()


def test_an_autoencoder_is_trained_and_measured(folder: Path) -> None:
    found, ran, printed = quantize(folder)
    metric = found["metric"]
    assert metric["name"] == "reconstruction error"
    assert ran == ["trace", "check", "export", "quantize"]
    assert metric["float"] < 0.1, "trained, and compared in the right order of the values"
    assert metric["float"] != metric["quantized"] == pytest.approx(metric["float"], abs=0.05)
    assert found["float"] is None and found["same_prediction"] is None
    assert "reconstruction error" in printed and f"{metric['quantized']:.4g}" in printed
    assert "prediction:" not in printed
    description = json.loads((folder / "build/export/project.json").read_text())
    assert description["weights"] == "trained by the project's train()"


def test_a_change_of_the_metric_counts(folder: Path) -> None:
    found, _, _ = quantize(folder, random_weights=True)
    assert quantize(folder, random_weights=True)[1] == []
    (folder / "project.py").write_text(PROJECT.replace("SCALE = 1", "SCALE = 3"))
    again, ran, _ = quantize(folder, random_weights=True)
    assert ran == ["trace", "export", "quantize"], "the model is the same"
    assert again["metric"]["float"] == pytest.approx(3 * found["metric"]["float"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("SCALE = 1", "SCALE = float('nan')", "returned nan; expected a finite number"),
        ("return SCALE", "return unknown", r"metric\(\) of .*project.py:\d+ failed: NameError"),
        (
            "optimizer.step()",
            "model[0].bias.data += 1e39",
            r"After train\(\), some parameters are NaN",
        ),
        ("range(60)", "range(None)", r"train\(\) of .*project.py:\d+ failed: TypeError"),
        ("return SCALE", "return None; SCALE", "returned a NoneType; expected a number"),
        (".mean()", ".mean() > 0", "returned a bool; expected a number"),
        ("SCALE = 1", "SCALE = np.ones(3)", "returned a ndarray; expected a number"),
        ("return SCALE", "return 10**400 or SCALE", "returned inf; expected a finite number"),
        ("(outputs, data)", "(outputs)", r"metric\(\) of .* takes 1 positional argument but 2"),
        ("(model, data)", "(model)", r"train\(\) of .* takes 1 positional argument but 2"),
        (
            "        optimizer.step()",
            "    return nn.Linear(1, 1)",
            "returned a Linear; expected None",
        ),
        (
            "optimizer.step()",
            "optimizer.step() if _ < 59 else model.to('meta')",
            "'0.weight' is a meta or sparse tensor",
        ),
    ],
)
def test_what_fails_is_named(folder: Path, old: str, new: str, message: str) -> None:
    (folder / "project.py").write_text(PROJECT.replace(old, new))
    with pytest.raises(ModelError, match=message):
        quantize(folder)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("settings['training'] = {}", "defines train.*the setting 'training'"),
        ("settings['softmax'] = True", "defines metric.*the setting 'softmax'"),
        ("metric = 3", "'metric' in .* is a int; expected a function"),
        ("settings['metric'] = ''", "Setting 'metric'"),
        ("del metric", "the setting 'metric' names .*there is no such function"),
    ],
)
def test_what_contradicts_itself_is_refused(folder: Path, more: str, message: str) -> None:
    (folder / "project.py").write_text(PROJECT + more)
    with pytest.raises(ModelError, match=message):
        load_project(folder)


def test_report_and_comparison_show_the_metric() -> None:
    report = made()
    measured = {"name": "reconstruction error", "float": 0.0123456, "quantized": 0.0234567}
    report["accuracy"] |= dict.fromkeys(("float", "quantized", "same_prediction"))
    report["accuracy"]["metric"], report["predictions"] = measured, None
    assert accuracy.heading(report["accuracy"]) == "reconstruction error"
    assert [row[-1] for row in accuracy.rows(report["accuracy"], report)] == ["0.01235", "0.02346"]
    shown = page.render(report)
    assert "reconstruction error" in shown and "0.02346" in shown and "predictions" not in shown
    names = [row.name for row in comparison._metric_rows(report, report)]
    assert names == ["reconstruction error, float", "reconstruction error, quantized"]
    assert comparison._metric_rows(report, made()) == []


def test_what_the_metric_writes_changes_nothing_else(folder: Path) -> None:
    project = replace(load_project(folder), metric=lambda outputs, data: outputs.fill(7) or 0.5)
    outputs = np.zeros(3, np.float32)
    assert project.measure([outputs], project.data(folder)) == 0.5 and not outputs.any()


@pytest.mark.parametrize(
    "written",
    [
        "if True:\n    def metric(o, d): return 0.5",
        "metric: object = lambda o, d: 0.5",
        "metric, other = (lambda o, d: 0.5), 1",
        "import beside\nmetric = beside.half",
        "from beside import half as metric",
    ],
)
def test_a_metric_is_found_however_it_is_defined(folder: Path, written: str) -> None:
    (folder / "beside.py").write_text("def half(outputs, data):\n    return 0.5\n")
    text = PROJECT.replace("def metric", "def unused")
    (folder / "project.py").write_text(f"{text}\n{written}\n")
    assert quantize(folder, random_weights=True)[0]["metric"]["float"] == 0.5
