"""The report's tables on a terminal: everything is named, and can be read in 100 columns."""

from __future__ import annotations

import pytest

from tests.support.report_samples import (
    COUNTERS,
    CPU,
    branched,
    layer,
    made,
    model,
    run,
    simulation,
)
from tests.support.shown_report import shown


def test_table_names_everything_within_100_columns():
    text = shown(made())
    assert max(map(len, text.splitlines())) <= 100
    for word in ("fc1", "engine", "1 x 784 -> 128", "64,000", "1,600", "1.28", "62.5 %", "400"):
        assert word in text, word
    for word in (
        "softmax",
        "cpu",
        "500",
        "2 of 2 correct",
        "1 of 2 the same as those of the PyTorch module",
    ):
        assert word in text, word
    for word in ("98.1 %", "weights 100.0 KiB", "640 of 8192 bytes", "391.0 KiB free", "0.021 ms"):
        assert word in text, word
    assert "…" not in text, "nothing is cut off"


def test_the_legend_has_every_peak_of_the_array():
    second = layer(1, "fc2", ["a"], "b", macs_per_cycle=128)
    found = made(model=model([layer(0, "fc1", ["x"], "a"), second]))
    assert "Peak of the array: 64 MACs per cycle." in shown(made())
    assert "Peak of the array: 64 or 128 MACs per cycle." in shown(found)
    assert max(map(len, shown(found).splitlines())) <= 100


def test_what_was_lost_adds_up_and_unused_causes_are_left_out():
    """A layer that fills 400 of its 1,000 cycles at work."""
    half = layer(0, "fc1", ["x"], "a", macs=400 * 64)
    report = made(model=model([half, layer(1, "softmax", ["a"], "b", **CPU)]))
    lines = [line.split() for line in shown(report).splitlines()]
    (heading,) = (line for line in lines if "underut." in line and "layer" in line)
    assert heading[-5:] == ["underut.", "weights", "activ.", "store", "descr."], "accum. is zero"
    (first,) = (line for line in lines if line[:1] == ["fc1"])
    assert first[-5:] == ["600", "400", "100", "50", "50"]
    assert 400 + sum(map(int, first[-5:])) == 1600


def test_layers_on_the_cpu_say_why():
    assert "softmax runs on the CPU: exponentials and a division." in shown(made())


@pytest.mark.parametrize("width", [100, 140])
def test_large_networks_fit_as_well(width: int):
    """Where one table is too wide there are two; no number is cut off."""
    big = {"shape": "64 x 64 x 256 -> 64 x 64 x 256", "macs": 268_435_456, "limit_cycles": 4e6}
    counters = {name: 8_234_567.0 for name in COUNTERS}
    found = made(
        model=model([layer(0, "features.conv12", ["x"], "a", **big)], inputs=1, limit_cycles=4e6),
        simulation=simulation(run(9_876_543, ["3f800000"], {"0": counters})),
        module_outputs=[[1.0]],
        labels=[0],
    )
    text = shown(found, width)
    assert max(map(len, text.splitlines())) <= width
    assert big["shape"] in text and "268,435,456" in text and "8,234,567" in text
    assert "…" not in text


def test_times_in_the_chosen_unit():
    found = {**made(), "time": {"unit": "us", "clock_hz": 50_000_000}}
    text = shown(found)
    assert "µs at 50 MHz" in text and "32.00" in text and "0.042 ms at 50 MHz" in text


def test_a_fixed_arena_is_named():
    found = made()
    assert "128 B; no allocation" in shown(found)
    found["hardware"]["arena_kib"] = 64
    assert "128 B of 64 KiB; no allocation" in shown(found)


def test_memory_is_drawn_for_a_network_with_branches():
    text = shown(branched())
    assert "Arena" in text and "612 of 1,024 words" in text
