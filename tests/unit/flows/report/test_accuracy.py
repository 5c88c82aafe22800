"""The accuracy table."""

from __future__ import annotations

from flows.report.accuracy import compared, precisions
from flows.report.page import render
from tests.support.report_samples import COMPARISON, made
from tests.support.shown_report import shown


def test_accuracy_of_random_weights_means_nothing():
    assert "random" not in shown(made())
    found = made()
    found["origin"]["weights"] = "random"
    assert "The weights are random, so the accuracy is meaningless." in shown(found)


def test_accuracy_table_has_the_three_models():
    lines = [line.split() for line in shown(made()).splitlines()]
    shares = {line[0]: line[-2] for line in lines if line and line[0] in _MODELS}
    assert shares == {"float": "98.1", "quantized": "98.0", "simulated": "100.0"}


def test_precisions_are_side_by_side():
    assert precisions(made()["accuracy"]) == []
    found = made()
    found["accuracy"]["comparison"] = COMPARISON
    rows = [
        ("FP32", "FP32", "98.1 %", "100.0 %", ""),
        ("FP32", "INT8", "98.0 %", "99.9 %", "45.2 dB"),
        ("INT8", "INT4", "unknown", "unknown", "17.0 dB"),
        ("as compiled", "", "98.0 %", "99.9 %", ""),
    ]
    assert precisions(found["accuracy"]) == rows
    simulated = "simulated (RTL)", "2 inputs", "100.0 %", "50.0 %", ""
    assert precisions(found["accuracy"], found) == [*rows, simulated]
    assert "17.0 dB" in shown(found)
    assert "Precisions side by side" in render(found)
    assert "Sensitivity of each layer" in render(found)
    assert "Precisions side by side" not in render(made())


def test_outputs_in_arithmetic_of_our_own():
    found = made() | {"contract": "exact", "quantized_difference": None, "module_difference": 0.25}
    assert compared(found).endswith("largest difference from the original 0.25")
    integers = found | {"element": "int8"}
    assert compared(integers).endswith("largest difference from the original 0.25 steps")
    assert "arithmetic of HEEPstor's own: contract <code>exact</code>" in render(found)


_MODELS = ("float", "quantized", "simulated")
