"""Tables of the suite of MLPerf Tiny."""

from __future__ import annotations

import io

from rich.console import Console

from flows.bench import mlperf, mlperf_tables
from flows.bench.runner import measurement
from tests.support.measured import MODEL, RUN, SIZE, STATISTICS

ACCURACY = {"quantized": 0.88, "samples": 200, "rtl": {"samples": 20, "right": 17}}
SIZES = {**SIZE, "code": 109_000, "weights": 478_000, "arena": 104_096}


def row(name: str, accuracy: dict | None) -> dict:
    measured = measurement(16, RUN, MODEL, SIZES, STATISTICS)
    return mlperf.row(mlperf.BY_NAME[name], (16, 4), measured, accuracy)


def printed(monkeypatch, figures: dict) -> str:
    output = io.StringIO()
    console = Console(file=output, width=100)
    monkeypatch.setattr(mlperf_tables, "console", lambda: console)
    mlperf.show(figures)
    return output.getvalue()


def test_tables_fit_a_terminal_of_100_columns(monkeypatch):
    together = {"array_size": 16, "port_words": 4, "cycles": 443_200, "goal": 80_000}
    rows = [row("mlperf-vww", ACCURACY), row("mobilenetv2", None)]
    figures = {"networks": rows, "together": [{**together, "published": 885_000}], "skipped": {}}
    text = printed(monkeypatch, figures)
    assert "…" not in text
    lines = [line.split() for line in text.splitlines()]
    integers, floats = (
        [line for line in lines if line[:1] == [name]] for name in ("mlperf-vww", "mobilenetv2")
    )
    assert integers[0] == [
        *("mlperf-vww", "INT8", "16", "4", "12,501,632", "52,600", "44,000", "405,000", "7.7"),
        *("237.7", "92.8%", "+1.7%"),
    ]
    assert floats[0][6:9] == ["-", "-", "-"]
    assert integers[1][4:] == ["109,000", "478,000", "104,096", "200", "88.0%", "20", "17"]
    assert floats[1][7:] == ["-"] * 4
    assert ["all", "four", "INT8", "16", "4", "443,200", "80,000", "885,000", "2.0"] in lines


def test_samples_without_labels(monkeypatch):
    unknown = {"quantized": None, "samples": 26, "rtl": {"samples": 20, "right": None}}
    figures = {"networks": [row("mlperf-ad", unknown)], "together": [], "skipped": {}}
    (line,) = (line for line in printed(monkeypatch, figures).splitlines() if "26" in line)
    assert line.split()[-4:] == ["26", "-", "20", "-"]


def test_what_was_skipped_is_said(monkeypatch):
    figures = {"networks": [], "together": [], "skipped": {"mlperf-ic": "No model file."}}
    assert printed(monkeypatch, figures) == "Skipped: mlperf-ic. No model file.\n"
