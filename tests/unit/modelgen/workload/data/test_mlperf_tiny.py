"""The published models of MLPerf Tiny: found, downloaded, or said to be missing; their samples."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from flows.repository import ROOT
from flows.terminal.progress import Progress
from modelgen.errors import ModelError
from modelgen.ir.execute_exact import run_graph
from modelgen.ir.packing import pack_inputs
from modelgen.passes.simplify import simplify
from modelgen.workload.data import mlperf_tiny
from modelgen.workload.data.download import DownloadError
from modelgen.workload.data.mlperf_tiny import Published
from modelgen.workload.project import load_project

AT_HAND = os.environ.get("HEEPSTOR_DATA", "")
"""Where the published files are, if they are on this machine."""
CONTENT = b"a model"
MODEL = Published("net.tflite", "some/net.tflite", hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture(autouse=True)
def no_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEEPSTOR_DATA", raising=False)

    def refused(*_: object) -> None:
        raise DownloadError("net.tflite (no network in tests)")

    monkeypatch.setattr(mlperf_tiny, "download", refused)


def put(folder: Path, name: str) -> Path:
    path = folder / "mlperf_tiny" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(CONTENT)
    return path


def test_a_file_beside_the_data_sets_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = put(tmp_path / "data", "net.tflite")
    assert MODEL.find(tmp_path / "data") == expected
    own = put(tmp_path / "mine", "net.tflite")
    monkeypatch.setenv("HEEPSTOR_DATA", str(tmp_path / "mine"))
    assert MODEL.find(tmp_path / "data") == own
    own.unlink()
    assert MODEL.find(tmp_path / "data") == expected


def test_other_content_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "net.tflite").write_bytes(b"another")
    with pytest.raises(ModelError, match=r"is not the published model.*--model"):
        MODEL.find(tmp_path)


def test_a_missing_file_is_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def download(name: str, sha256: str, mirrors: list[str], target: Path) -> None:
        asked.append((f"{mirrors[0]}/{name}", sha256))
        put(tmp_path, "net.tflite")

    monkeypatch.setattr(mlperf_tiny, "download", download)
    assert MODEL.find(tmp_path).read_bytes() == CONTENT
    assert asked == [(f"{mlperf_tiny.MIRROR}/some/net.tflite", MODEL.sha256)]


def test_what_cannot_be_obtained_is_said(tmp_path: Path) -> None:
    message = (
        r"There is no .*net\.tflite, and it cannot be downloaded.*Copy the file https://.*there"
    )
    with pytest.raises(ModelError, match=message):
        MODEL.find(tmp_path)


def test_samples_of_images(tmp_path: Path) -> None:
    (tmp_path / "mlperf_tiny").mkdir()
    images = np.array([0, 128, 255], np.uint8).reshape(3, 1, 1, 1) * np.ones((32, 32, 3), np.uint8)
    path = tmp_path / "mlperf_tiny" / "cifar10_test_first200.npz"
    np.savez(path, images=images, labels=[1, 2, 3])
    data = mlperf_tiny.images(tmp_path)
    assert [array.max() for array in data.test_arrays[0]] == [-128, 0, 127]
    assert data.test_labels is not None and not data.note
    path.write_bytes(b"PK damaged")
    with pytest.raises(ModelError, match="is not an archive with 'images' and 'labels'"):
        mlperf_tiny.images(tmp_path)


@pytest.mark.parametrize("load", [mlperf_tiny.images, mlperf_tiny.keywords])
def test_without_samples_inputs_are_random(load: object, tmp_path: Path) -> None:
    data = load(tmp_path)
    assert data.test_labels is None and "random inputs replace" in data.note


def test_random_inputs_have_structured_ones_among_them() -> None:
    (inputs,) = mlperf_tiny.random_inputs((6, 5)).test_arrays
    assert inputs.dtype == np.int8 and inputs.shape[1:] == (6, 5)
    constant = [values.min() for values in inputs if values.min() == values.max()]
    assert constant == [-128, 0, 127]
    assert not mlperf_tiny.random_inputs((3,)).note


@pytest.mark.parametrize(
    ("name", "shape", "has_labels"),
    [
        ("ad", (640,), False),
        ("ic", (32, 32, 3), True),
        ("kws", (49, 10, 1), True),
        ("vww", (96, 96, 3), False),
    ],
)
def test_projects_are_equal_to_the_runtime(
    name: str, shape: tuple[int, ...], has_labels: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the published files at hand: the first samples, in every bit."""
    if not (Path(AT_HAND) / "mlperf_tiny").is_dir():
        pytest.skip("$HEEPSTOR_DATA has no models of MLPerf Tiny")
    monkeypatch.setenv("HEEPSTOR_DATA", AT_HAND)
    project = load_project(ROOT / "projects" / f"mlperf-{name}")
    file = project.model_file(ROOT / "data")
    assert file is not None
    data = file.typed(project.data(ROOT / "data"))
    assert data.test_arrays[0].shape[1:] == shape
    assert (data.test_labels is not None) == has_labels
    samples = [array[:2] for array in data.test_arrays]
    wanted, _ = file.run(samples, Progress())
    graph = simplify(file.graph)
    np.testing.assert_array_equal(run_graph(graph, pack_inputs(graph, samples), 8), wanted)
