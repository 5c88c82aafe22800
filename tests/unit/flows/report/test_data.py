"""The report's figures."""

from __future__ import annotations

import json

import pytest

from tests.support.report_samples import (
    COUNTERS,
    layer,
    made,
    model,
    run,
    simulation,
)
from tests.support.shown_report import shown


def test_figures():
    found = made()
    first, softmax = found["layers"]
    assert first["share_of_peak"] == pytest.approx(64000 / 64 / 1600)
    assert first["ratio_to_limit"] == pytest.approx(1.28)
    assert found["total"]["share_of_peak"] == pytest.approx(1000 / 2100)
    assert softmax["cycles"] is None
    assert found["other_cycles"] == 2100 - 1600
    assert found["total"]["cycles"] == 2100
    assert found["total"]["ratio_to_limit"] == pytest.approx(2100 / 1100)
    assert found["total"]["ratio_to_streaming_limit"] == pytest.approx(2100 / 1250)
    assert found["total"]["seconds"] == pytest.approx(21e-6)
    assert found["predictions"]["device"] == [0, 1]
    assert found["predictions"]["equal_to_module"] == 1
    assert found["predictions"]["equal_to_labels"] == 2


def test_numbers_that_are_not_finite_are_null_in_json():
    outputs = run(2000, ["7f800000"], {"0": COUNTERS}), run(2000, ["7fc00000"], {"0": COUNTERS})
    differences = {"quantized_difference": None, "module_difference": None}
    found = made(
        simulation={**simulation(*outputs), **differences},
        module_outputs=[[float("inf")], [0.5]],
    )
    assert found["predictions"]["device"] == [None, None]
    assert found["predictions"]["module"] == [None, 0.5]
    assert found["predictions"]["equal_to_module"] == 1
    json.dumps(found, allow_nan=False)
    assert "PyTorch infinite, from the original module infinite" in shown(found)


@pytest.mark.parametrize("clock_hz", [19_000_000, 250_000_000])
def test_seconds_are_those_of_the_configured_clock(clock_hz: int):
    hardware = {**made()["hardware"], "clock_hz": clock_hz}
    found = made(hardware=hardware)
    assert found["total"]["seconds"] == pytest.approx(2100 / clock_hz)
    found["time"]["clock_hz"] = clock_hz
    assert f"{2100 / clock_hz * 1e3:.3f} ms at {clock_hz / 1e6:g} MHz" in shown(found)


def test_without_labels():
    found = made(labels=None)
    assert found["predictions"]["equal_to_labels"] is None
    text = shown(found)
    assert "of 2 correct" not in text and "unknown" in text


def test_networks_that_end_in_the_class():
    """A single output is the class, as argmax gives it."""
    runs = [run(2000, [bits], {"0": COUNTERS}) for bits in ("40400000", "40e00000")]
    found = made(simulation=simulation(*runs), module_outputs=[[3.0], [7.0]], labels=[3, 1])
    assert found["predictions"]["device"] == [3, 7]
    assert found["predictions"]["equal_to_labels"] == 1


def test_networks_with_one_output_that_is_no_class():
    """3.5 and NaN are no class 3, nor any other."""
    runs = [run(2000, [bits], {"0": COUNTERS}) for bits in ("40600000", "7fc00000")]
    found = made(simulation=simulation(*runs), module_outputs=[[3.5], [1.0]], labels=[3, 1])
    assert found["predictions"]["equal_to_labels"] == 0
    assert found["predictions"]["equal_to_module"] == 1


def test_batches():
    """One inference of two inputs has two rows of outputs."""
    runs = run(2000, ["3f800000", "00000000", "bf800000", "80000000"], {"0": COUNTERS})
    batched = model([layer(0, "fc1", ["x"], "a")], batch=2)
    found = made(model=batched, simulation=simulation(runs))
    assert found["predictions"]["device"] == [0, 1]
    assert "one inference of 2 inputs (mean of 1)" in shown(found)


def test_without_counters():
    """Layers that ran on the CPU have no counters."""
    found = made(
        simulation=simulation(run(2000, ["3f800000"], {}, {"1": 450})),
        module_outputs=[[1.0]],
        labels=[0],
    )
    assert found["layers"][1]["cycles"] == 450
    assert found["other_cycles"] == 1550
    assert found["layers"][0]["share_of_peak"] is None
    assert "2,000" in shown(found)
