"""The report: its figures, and that its table can be read in 100 columns."""

from __future__ import annotations

import io

import pytest

from flows import report
from flows.progress import Terminal

COUNTERS = {
    "cycles": 1600.0,
    "busy": 1000.0,
    "wait_descriptor": 50.0,
    "wait_activations": 100.0,
    "wait_weights": 400.0,
    "wait_accumulator": 0.0,
    "wait_store": 50.0,
    "bus_stalls": 10.0,
}
LAYER = {
    "index": 0,
    "name": "fc1",
    "place": "engine",
    "op": "linear",
    "shape": "1 x 784 -> 128",
    "macs": 64000,
    "limit_cycles": 1250,
}
SOFTMAX = {
    "index": 1,
    "name": "softmax",
    "place": "cpu",
    "op": "softmax",
    "shape": "1 x 10",
    "macs": 0,
    "limit_cycles": 0,
}


def one_run(cycles: int, outputs: list[str], counters: dict[str, float]) -> dict:
    """An inference whose layer 0 ran on the engine."""
    return {"cycles": cycles, "outputs": outputs, "layers": {"0": counters}, "cpu": {}}


def made(**changes) -> dict:
    arguments = {
        "model": {"layers": [LAYER, SOFTMAX], "tolerance": {}, "inputs": 2, "batch": 1},
        "simulation": {
            "inputs": [
                {
                    "cycles": 2000,
                    "outputs": ["3f800000", "00000000"],
                    "layers": {"0": COUNTERS},
                    "cpu": {},
                },
                {
                    "cycles": 2200,
                    "outputs": ["bf800000", "80000000"],
                    "layers": {"0": COUNTERS},
                    "cpu": {},
                },
            ],
            "stack_bytes": 640,
            "torch_difference": 1.5e-7,
        },
        "statistics": {"cycles": 123456},
        "size": {
            "code": 10240,
            "data": 2048,
            "weights": 102400,
            "arena": 1024,
            "stack": 8192,
            "total": 123904,
            "free": 400384,
        },
        "accuracy": {
            "float": 0.981,
            "quantized": 0.9805,
            "samples": 10000,
            "data": "MNIST test set",
        },
        "torch_outputs": [[0.9, 0.1], [0.9, 0.1]],
        "labels": [0, 1],
        "hardware": {"engine": {"array_size": 8, "port_words": 4}, "clock_hz": 100_000_000},
    }
    result = report.make(**{**arguments, **changes})
    return {**result, "project": "mnist", "operators": "engine"}


def shown(found: dict, width: int = 100) -> str:
    stream = io.StringIO()
    report.show(found, Terminal(stream), width)
    return stream.getvalue()


def test_figures():
    found = made()
    layer, softmax = found["layers"]
    assert layer["share_of_peak"] == pytest.approx(64000 / 64 / 1600)
    assert layer["ratio_to_limit"] == pytest.approx(1.28)
    assert softmax["cycles"] is None
    assert found["other_cycles"] == 2100 - 1600
    assert found["total"]["cycles"] == 2100
    assert found["total"]["ratio_to_limit"] == pytest.approx(2100 / 1250)
    assert found["total"]["seconds"] == pytest.approx(21e-6)
    assert found["predictions"]["device"] == [0, 1]
    assert found["predictions"]["equal_to_torch"] == 1
    assert found["predictions"]["equal_to_labels"] == 2


def test_table_names_everything_within_100_columns():
    text = shown(made())
    assert max(map(len, text.splitlines())) <= 100
    for word in ("fc1", "engine", "1 x 784 -> 128", "64,000", "1,600", "1.28", "62.5 %", "400"):
        assert word in text, word
    for word in ("softmax", "cpu", "500", "2 of 2 right", "1 of 2 the same as PyTorch's"):
        assert word in text, word
    for word in ("98.1 %", "weights 100.0 KiB", "640 of 8192 bytes", "391.0 KiB free", "0.021 ms"):
        assert word in text, word
    assert "…" not in text, "nothing is cut off"


def test_without_labels():
    found = made(labels=None)
    assert found["predictions"]["equal_to_labels"] is None
    assert "right" not in shown(found)


def test_batches():
    """One inference of two inputs has two rows of outputs."""
    runs = [one_run(2000, ["3f800000", "00000000", "bf800000", "80000000"], COUNTERS)]
    simulation = {"inputs": runs, "stack_bytes": 0, "torch_difference": 0.0}
    model = {"layers": [LAYER], "tolerance": {}, "inputs": 2, "batch": 2}
    found = made(model=model, simulation=simulation)
    assert found["predictions"]["device"] == [0, 1]
    assert "one inference of 2 inputs (mean of 1)" in shown(found)


def test_without_counters():
    """Layers that ran on the CPU have no cycles of their own."""
    runs = [{"cycles": 2000, "outputs": ["3f800000"], "layers": {}, "cpu": {"1": 450}}]
    simulation = {"inputs": runs, "stack_bytes": 0, "torch_difference": 0.0}
    found = made(simulation=simulation, torch_outputs=[[1.0]], labels=[0])
    assert found["layers"][1]["cycles"] == 450
    assert found["other_cycles"] == 1550
    assert found["layers"][0]["share_of_peak"] is None
    assert "2,000" in shown(found)


def test_large_networks_fit_as_well():
    big = {**LAYER, "name": "features.conv12", "shape": "256 x 1,024 -> 1,024", "macs": 268_435_456}
    counters = {name: 1_234_567.0 for name in COUNTERS}
    runs = [one_run(9_876_543, ["3f800000"], counters)]
    simulation = {"inputs": runs, "stack_bytes": 0, "torch_difference": 0.0}
    model = {"layers": [big], "tolerance": {}, "inputs": 1, "batch": 1}
    found = made(model=model, simulation=simulation, torch_outputs=[[1.0]], labels=[0])
    text = shown(found, 140)
    assert "268,435,456" in text and "1,234,567" in text
