"""The suite of MLPerf Tiny: what it measures, what it skips, its goals."""

from __future__ import annotations

import json

import numpy as np
import pytest

from flows.bench import ROOT, mlperf, published
from flows.bench.runner import measurement
from flows.errors import HeepstorError
from modelgen.errors import ModelError
from modelgen.workload.settings import Settings
from tests.support.measured import MODEL, RUN, SIZE, STATISTICS

ACCURACY = {"metric": None, "float": 0.88, "quantized": 0.88, "samples": 200, "runtime": "LiteRT"}


class Terminal:
    """Collects lines."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def line(self, label: str, text: str) -> None:
        self.lines.append((label, text))


class Bench:
    """Returns the same figures for every network; outputs of the RTL are in a folder."""

    root = ROOT

    def __init__(self, folder) -> None:
        self.folder = folder
        self.terminal = Terminal()
        self.calls: list[tuple] = []
        self.settings: dict[str, Settings] = {}
        self._array = (0, 0)

    def with_array(self, array_size, port_words):
        self._array = (array_size, port_words)
        return self

    def with_banks(self, bank_kib):
        return self

    def network(self, project, array_size, *, random_weights=True, inputs=1):
        assert array_size == self._array[0]
        self.settings[project.name] = project.settings
        self.calls.append((project.name, *self._array, inputs, random_weights))
        return measurement(array_size, RUN, MODEL, SIZE, STATISTICS)

    def accuracy(self, project):
        return dict(ACCURACY)

    def program(self, name, array_size):
        return self.folder


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """A bench for which all models are there; of three samples two are right."""
    monkeypatch.setattr("modelgen.workload.project.Project.model_file", lambda self, folder: None)
    golden = tmp_path / "golden"
    golden.mkdir()
    np.save(golden / "labels.npy", np.array([0, 1, 1]))
    np.save(golden / "outputs.npy", np.array([[5, 1], [-3, 2], [7, 6]], np.int8))
    return Bench(tmp_path)


def test_every_network_runs_on_every_array(bench):
    figures = mlperf.run(bench)
    arrays = [(8, 4), (16, 4), (16, 8)]
    integers = ("mlperf-ic", "mlperf-kws", "mlperf-vww", "mlperf-ad")
    expected = [(name, *array, 20, False) for name in integers for array in arrays]
    floats = ("resnet8", "dscnn", "vgg6", "mobilenetv2")
    expected += [(name, *array, 1, True) for name in floats for array in arrays]
    own = (*(f"{name}-int8" for name in floats), "vgg6-int4", "mobilenetv2-int4")
    expected += [(name, *array, 1, True) for name in own for array in arrays]
    assert bench.calls == expected
    assert figures["skipped"] == {}
    assert [row["cycles"] for row in figures["together"]] == [4 * RUN.cycles] * 3
    json.dumps(figures)


def test_figures_of_a_network(bench):
    (row,) = mlperf.run(bench, [16], ["mlperf-ic"], [8])["networks"]
    assert (row["array_size"], row["port_words"], row["values"]) == (16, 8, "INT8")
    assert row["macs_a_cycle"] == row["macs"] / RUN.cycles
    assert row["share_of_peak"] == MODEL["array_limit_cycles"] / RUN.cycles
    assert (row["goal"], row["published"]) == (27_500, 228_000)
    assert row["times_fewer"] == 228_000 / RUN.cycles
    assert row["accuracy"] == {**ACCURACY, "rtl": {"samples": 3, "right": 2}}


@pytest.mark.parametrize("weights", ["int8", "int4"])
def test_projects_in_integers(bench, weights):
    name = f"vgg6-{weights}"
    (row,) = mlperf.run(bench, [16], [name], [4])["networks"]
    settings = bench.settings[name]
    precision = (settings.activations, settings.interface, settings.weights)
    assert precision == ("int8", "int8", weights)
    assert row["name"] == name and row["accuracy"] is None
    assert row["values"] == ("INT8" if weights == "int8" else "INT8, INT4 weights")
    assert (row["goal"], row["published"]) == (95_000, published.DEEPSOCFLOW.cycles)
    slow = {**row, "cycles": 95_001, "prediction_error": 0.0}
    lines = mlperf.missed({"networks": [slow], "together": []})
    assert lines == [f"{name} at S = 16, P = 4: 95,001 cycles, at most 95,000"]


def test_projects_in_fp32_keep_their_settings(bench):
    (row,) = mlperf.run(bench, [16], ["vgg6"], [4])["networks"]
    settings = bench.settings["vgg6"]
    assert (settings.activations, settings.interface) == ("fp32", "fp32")
    assert (row["values"], row["goal"], row["published"]) == ("FP32", None, None)


def test_samples_without_labels_have_no_accuracy(bench):
    (bench.folder / "golden" / "labels.npy").unlink()
    (row,) = mlperf.run(bench, [16], ["mlperf-ad"], [4])["networks"]
    assert row["accuracy"]["rtl"] == {"samples": 20, "right": None}


def test_networks_without_a_model_are_skipped_and_said(bench, monkeypatch):
    def missing(project, folder):
        raise ModelError(f"No model file for {project.name}.")

    monkeypatch.setattr("modelgen.workload.project.Project.model_file", missing)
    figures = mlperf.run(bench, [16], ["mlperf-kws", "resnet8"], [4])
    assert figures["skipped"] == {"mlperf-kws": "No model file for mlperf-kws."}
    assert bench.terminal.lines == [("skipped", "mlperf-kws: No model file for mlperf-kws.")]
    assert [row["name"] for row in figures["networks"]] == ["resnet8"]
    assert figures["together"] == [] and mlperf.missed(figures) == []


def test_sizes_that_fit_no_port_are_refused(bench):
    with pytest.raises(HeepstorError, match=r"--sizes and --ports.*16, 24 or 32"):
        mlperf.run(bench, [8], ["resnet8"], [8])
    with pytest.raises(HeepstorError, match=r"no network 'alexnet'.*mlperf-ic"):
        mlperf.run(bench, only=["alexnet"])


def test_goals_are_those_stated():
    arrays = (8, 4), (16, 4), (16, 8)
    goals = {each.name: [each.cycles[array] for array in arrays] for each in mlperf.INT8}
    assert goals == {
        "mlperf-ic": [105_000, 29_000, 27_500],
        "mlperf-kws": [42_000, 12_500, 10_500],
        "mlperf-vww": [112_000, 44_000, 31_000],
        "mlperf-ad": [18_500, 18_500, 10_000],
    }
    best = {name: system.cycles for name, system in published.MLPERF_TINY.items()}
    assert list(best.values()) == [228_000, 146_000, 405_000, 65_000] and list(best) == list(goals)


def test_each_goal_can_be_missed(bench):
    figures = mlperf.run(bench, [16], ["mlperf-vww"], [4])
    (row,) = figures["networks"]
    fine = {**row, "cycles": 44_000, "prediction_error": 0.05}
    assert mlperf.missed({**figures, "networks": [fine]}) == []
    slow, wrong = {**fine, "cycles": 44_001}, {**fine, "prediction_error": -0.051}
    assert mlperf.missed({**figures, "networks": [slow, wrong]}) == [
        "mlperf-vww at S = 16, P = 4: 44,001 cycles, at most 44,000",
        "mlperf-vww at S = 16, P = 4: the cost model is -5.1% off the engine's cycles; at most 5% "
        "is allowed",
    ]
    together = {"array_size": 16, "port_words": 8, "cycles": 80_001, "goal": 80_000}
    assert mlperf.missed({"networks": [], "together": [together]}) == [
        "all four together at S = 16, P = 8: 80,001 cycles, at most 80,000"
    ]


def test_all_four_together_have_a_goal_on_one_array(bench):
    only = [network.name for network in mlperf.INT8]
    found = mlperf.run(bench, [16], only)["together"]
    assert [row["goal"] for row in found] == [None, 80_000]
    assert mlperf.run(bench, [16], only[1:])["together"] == []
