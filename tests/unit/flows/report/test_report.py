"""The report: its figures, and that its tables can be read in 100 columns."""

from __future__ import annotations

import io
import json

import pytest

from flows.report import memory_map, terminal
from flows.report.causes import parts
from flows.terminal.progress import Terminal
from flows.units import Unit, size
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


def shown(found: dict, width: int = 100) -> str:
    stream = io.StringIO()
    terminal.show(found, Terminal(stream), width)
    return stream.getvalue()


def test_figures():
    found = made()
    first, softmax = found["layers"]
    assert first["share_of_peak"] == pytest.approx(64000 / 64 / 1600)
    assert first["ratio_to_limit"] == pytest.approx(1.28)
    assert softmax["cycles"] is None
    assert found["other_cycles"] == 2100 - 1600
    assert found["total"]["cycles"] == 2100
    assert found["total"]["ratio_to_limit"] == pytest.approx(2100 / 1250)
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
    assert "PyTorch infinite, from the module itself infinite" in shown(found)


@pytest.mark.parametrize("clock_hz", [19_000_000, 250_000_000])
def test_seconds_are_those_of_the_configured_clock(clock_hz: int):
    hardware = {**made()["hardware"], "clock_hz": clock_hz}
    found = made(hardware=hardware)
    assert found["total"]["seconds"] == pytest.approx(2100 / clock_hz)
    found["time"]["clock_hz"] = clock_hz
    assert f"{2100 / clock_hz * 1e3:.3f} ms at {clock_hz / 1e6:g} MHz" in shown(found)


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
        "1 of 2 the same as the PyTorch module's",
    ):
        assert word in text, word
    for word in ("98.1 %", "weights 100.0 KiB", "640 of 8192 bytes", "391.0 KiB free", "0.021 ms"):
        assert word in text, word
    assert "…" not in text, "nothing is cut off"


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


def test_pooling_has_no_array_to_fill():
    pool = layer(0, "pool", ["x"], "a", macs=0, limit_cycles=900.0)
    assert parts(made(model=model([pool]))["layers"][0], 8)["underutilized"] == 0


def test_cycles_of_software_in_the_engine_s_place_are_the_cpu_s():
    counters = {name: 0.0 for name in COUNTERS} | {"cycles": 5000.0}
    found = made(simulation=simulation(run(6000, ["3f800000"] * 4, {"0": counters})))
    causes = parts(found["layers"][0], 8)
    assert causes["cpu"] == sum(causes.values()) == 5000


def test_layers_on_the_cpu_say_why():
    assert "softmax runs on the CPU: exponentials and a division." in shown(made())


def test_accuracy_of_random_weights_means_nothing():
    assert "random" not in shown(made())
    found = made()
    found["origin"]["weights"] = "random"
    assert "The weights are random, so the accuracy is meaningless." in shown(found)


def test_accuracy_table_has_the_three_models():
    lines = [line.split() for line in shown(made()).splitlines()]
    shares = {line[0]: line[-2] for line in lines if line and line[0] in _MODELS}
    assert shares == {"float": "98.1", "quantized": "98.0", "simulated": "100.0"}


_MODELS = ("float", "quantized", "simulated")


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


@pytest.mark.parametrize("width", [100, 140])
def test_large_networks_fit_as_well(width: int):
    """Where one table is too wide there are two; no number is cut off."""
    big = {"shape": "64 x 64 x 256 -> 64 x 64 x 256", "macs": 268_435_456, "limit_cycles": 4e6}
    counters = {name: 8_234_567.0 for name in COUNTERS}
    found = made(
        model=model([layer(0, "features.conv12", ["x"], "a", **big)], inputs=1),
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


def test_units():
    assert Unit("cycles", 1e8).full(1234.4) == "1,234 cycles"
    assert Unit("us", 1e8).full(1234) == "12.34 µs"
    assert Unit("ms", 1e6).full(1234) == "1.234 ms"
    assert Unit("ms", 1e6).text(None) == ""
    assert [size(n) for n in (1023, 2048, 3 << 20)] == ["1023 B", "2.0 KiB", "3.00 MiB"]


def test_memory_as_text():
    regions = [
        {"tensor": "a", "offset": 0, "bytes": 64, "first": 0, "last": 1, "over": None},
        {"tensor": "b", "offset": 64, "bytes": 64, "first": 1, "last": 2, "over": "a"},
    ]
    lines = memory_map.draw(memory_map.boxes(regions, "bytes"), 3)
    assert [line.strip() for line in lines] == _DRAWN


_DRAWN = ["0 |AAAA..|", "32 |AAAA..|", "64 |..BBBB|", "96 |..BBBB|", "A a: 64, B b: 64 over a"]


def test_a_fixed_arena_is_named():
    found = made()
    assert "128 B; no allocation" in shown(found)
    found["hardware"]["arena_kib"] = 64
    assert "128 B of 64 KiB; no allocation" in shown(found)


def test_memory_is_drawn_for_a_network_with_branches():
    text = shown(branched())
    assert "Arena" in text and "612 of 1,024 words" in text
