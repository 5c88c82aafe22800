"""Two builds side by side: figures, judgement, what can be compared."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from flows.errors import HeepstorError
from flows.report import comparison
from flows.terminal.progress import Terminal
from flows.units import Unit
from tests.support.report_samples import branched, made

CYCLES = Unit("cycles", 100_000_000)


def faster() -> dict:
    """The sample with half the cycles."""
    report = json.loads(json.dumps(made()))
    for layer in report["layers"]:
        layer["cycles"] = layer["cycles"] and layer["cycles"] / 2
    report["total"]["cycles"] /= 2
    report["hardware"]["engine"]["array_size"] = 16
    return report


def test_figures_of_the_whole():
    rows = {row.name: row for row in comparison.summary(made(), faster(), CYCLES)}
    cycles = rows["cycles"]
    assert (cycles.a, cycles.b, cycles.change) == ("2,100", "1,050", "x 0.5")
    assert cycles.judgement == "better"
    assert rows["memory: code"].change == "=" and not rows["memory: code"].judgement
    back = {row.name: row for row in comparison.summary(faster(), made(), CYCLES)}
    assert back["cycles"].judgement == "worse"


def test_layers_stand_side_by_side_by_name():
    rows = comparison.layer_rows(made(), branched(), CYCLES)
    assert [row.name for row in rows][-1] == "the rest"
    found = {row.name: (row.a, row.b) for row in rows}
    assert found["stem"] == ("-", "1,600") and found["fc1"] == ("1,600", "-")
    assert found["softmax"] == ("-", "300")


def test_labels_say_what_differs():
    assert comparison.label(made(), made()) == ["A: mnist", "B: mnist"]
    assert comparison.label(made(), faster()) == ["A: mnist, S = 8", "B: mnist, S = 16"]


def test_reports_are_projects_or_files(tmp_path: Path):
    for name in ("one", "two"):
        (tmp_path / "projects" / name).mkdir(parents=True)
        (tmp_path / "projects" / name / "project.py").write_text("")
    folder = tmp_path / "build/projects/one/report"
    folder.mkdir(parents=True)
    (folder / "report.json").write_text(json.dumps(made()))
    kept = tmp_path / "kept.json"
    kept.write_text(json.dumps(faster()))
    stream = io.StringIO()
    found = comparison.run(tmp_path, "one", str(kept), "cycles", "", Terminal(stream))
    assert "2,100" in stream.getvalue() and "x 0.5" in stream.getvalue()
    assert (tmp_path / found["page"]).read_text().startswith("<!DOCTYPE html>")
    with pytest.raises(HeepstorError, match=r"create it with .* build --project two"):
        comparison.run(tmp_path, "one", "two", "cycles", "", Terminal(stream))
    with pytest.raises(HeepstorError, match=r"expected a project \(one, two\)"):
        comparison.load(tmp_path, "three")


DAMAGED = {**made(), "total": {}}
ODD = {**made(), "layers": [5]}


@pytest.mark.parametrize(
    "content",
    ["no JSON", "[]", '{"layers": []}', "[" * 100_000, json.dumps(DAMAGED), json.dumps(ODD)],
)
def test_other_files_are_refused(tmp_path: Path, content: str):
    (tmp_path / "report.json").write_text(content)
    with pytest.raises(HeepstorError, match="is not a report"):
        comparison.load(tmp_path, str(tmp_path / "report.json"))
