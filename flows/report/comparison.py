"""Comparing two builds, on a terminal and as a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.errors import HeepstorError
from flows.report import data
from flows.report.causes import CAUSES, WAITS
from flows.report.charts import pairs
from flows.report.page import template
from flows.repository import COMMAND, build_folder, projects, shown
from flows.system.files import read_json
from flows.terminal.arguments import check_choice, user_path, whole_number
from flows.units import UNITS, Unit, count, megahertz, percent, ratio, size

if TYPE_CHECKING:
    from flows.terminal.progress import Terminal

FOLDER = "compare"
NONE = "-"


@dataclass(frozen=True)
class Row:
    """A figure of both builds, as text; `factor` is B / A, or None if that is meaningless."""

    name: str
    a: str
    b: str
    factor: float | None = None
    less_is_better: bool | None = True
    """Whether less is better; None if neither is."""

    @property
    def change(self) -> str:
        """The change from A to B."""
        if self.factor is None:
            return ""
        return f"x {self.factor:.3g}" if self.factor != 1 else "="

    @property
    def judgement(self) -> str:
        """`better` or `worse`; empty if they are equal."""
        if self.factor in (None, 1) or self.less_is_better is None:
            return ""
        return "better" if (self.factor < 1) == self.less_is_better else "worse"


def run(root: Path, a: str, b: str, unit: str, clock_hz: str, terminal: Terminal) -> dict:
    """Compare two projects' reports, or two report.json files; return the result for JSON.

    Raises HeepstorError if one of them is neither, or if the unit or the clock is invalid.
    """
    check_choice("unit", unit, UNITS)
    typed_clock_hz = whole_number("clock-hz", clock_hz, 1)
    reports = load(root, a), load(root, b)
    chosen = Unit(unit, typed_clock_hz or reports[0]["hardware"]["clock_hz"])
    labels = label(*reports)
    rows = summary(*reports, chosen)
    layers = layer_rows(*reports, chosen)
    _show(labels, rows, layers, terminal)
    page = build_folder(root) / FOLDER / f"{_file_name(a)}-{_file_name(b)}.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(render(reports, labels, rows, layers, chosen), encoding="utf-8")
    print(f"Page  {shown(root, page)}", file=terminal.stream, flush=True)
    return {
        "builds": labels,
        "figures": [_as_json(row) for row in rows],
        "layers": [_as_json(row) for row in layers],
        "page": str(shown(root, page)),
    }


def load(root: Path, name: str) -> dict:
    """Read the report of a project or in a file."""
    if project := projects.lookup(root, name):
        path = project.results / "report" / data.REPORT
        hint = f"create it with {COMMAND} build --project {project.typed}"
    else:
        path = user_path(name)
        known = ", ".join(projects.names(root))
        hint = f"expected a project ({known}), the folder of another one, or a {data.REPORT}"
    if not path.is_file():
        raise HeepstorError(f"there is no report {path}; {hint}.")
    report = read_json(path)
    if not _is_whole(report):
        raise HeepstorError(f"{path} is not a report of this version; {hint}.")
    return report


def _is_whole(report: Any) -> bool:
    """Return whether a report has everything that a comparison shows, by trying with itself."""
    from jinja2 import UndefinedError

    try:
        both = report, report
        unit = Unit("us", report["hardware"]["clock_hz"])
        rows = summary(*both, unit), layer_rows(*both, unit)
        return bool(render(both, label(*both), *rows, unit))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, UndefinedError):
        return False


def label(a: dict, b: dict) -> list[str]:
    """Return names that distinguish the two, by differences in project, array or operators."""

    def parts(report: dict) -> list[str]:
        engine = report["hardware"]["engine"]
        return [
            report["project"],
            f"S = {engine['array_size']}",
            f"P = {engine['port_words']}",
            f"{report['operators']} operators",
            f"configuration {report['origin']['config_hash']}",
        ]

    both = list(zip(parts(a), parts(b), strict=True))
    differing = [number for number, (left, right) in enumerate(both) if left != right]
    if not differing:
        return [f"A: {both[0][0]}", f"B: {both[0][1]}"]
    # Always the project's name, then the first other difference.
    kept = [0, *(number for number in differing if number)][:2]
    return [
        f"{letter}: {', '.join(both[number][side] for number in kept)}"
        for side, letter in enumerate("AB")
    ]


def summary(a: dict, b: dict, unit: Unit) -> list[Row]:
    """Return the figures of the builds as a whole."""

    def both(name: str, value, shown, less_is_better: bool | None = True) -> Row:
        left, right = value(a), value(b)
        known = left not in (None, 0) and right is not None
        factor = right / left if known else None
        return Row(name, _or_none(shown, left), _or_none(shown, right), factor, less_is_better)

    def plain(name: str, value) -> Row:
        return Row(name, str(value(a)), str(value(b)))

    return [
        plain("project", lambda r: r["project"]),
        plain("array", lambda r: "{0} x {0}".format(r["hardware"]["engine"]["array_size"])),
        plain("words per cycle", lambda r: r["hardware"]["engine"]["port_words"]),
        plain("operators", lambda r: r["operators"]),
        plain("clock", lambda r: megahertz(r["hardware"]["clock_hz"])),
        both("MACs", lambda r: r["total"]["macs"], count, None),
        both(unit.name, lambda r: r["total"]["cycles"], unit.text),
        both("limit", lambda r: r["total"]["limit_cycles"], unit.text, None),
        both("ratio to the limit", lambda r: r["total"]["ratio_to_limit"], ratio),
        both("ratio, all maps moved", lambda r: r["total"]["ratio_to_streaming_limit"], ratio),
        both("of the array's peak", lambda r: r["total"]["share_of_peak"], percent, False),
        both("accuracy, float", lambda r: r["accuracy"]["float"], percent, False),
        both("accuracy, quantized", lambda r: r["accuracy"]["quantized"], percent, False),
        *_metric_rows(a, b),
        *(
            both(f"memory: {part}", lambda r, part=part: r["memory"][part], size)
            for part in ("code", "data", "weights", "arena", "total")
        ),
        both("memory: stack used", lambda r: r["memory"]["stack_used"], size),
    ]


def _metric_rows(a: dict, b: dict) -> list[Row]:
    """Return the projects' own metric, if both have the same; which value is better is unknown."""
    left, right = (report["accuracy"]["metric"] for report in (a, b))
    if not (left and right and left["name"] == right["name"]):
        return []
    return [
        Row(f"{left['name']}, {model}", f"{left[model]:.4g}", f"{right[model]:.4g}")
        for model in ("float", "quantized")
    ]


def layer_rows(a: dict, b: dict, unit: Unit) -> list[Row]:
    """Return cycles layer by layer, matched by name, in the order of A, then of B."""
    left = {layer["name"]: layer["cycles"] for layer in a["layers"]}
    right = {layer["name"]: layer["cycles"] for layer in b["layers"]}
    left["the rest"], right["the rest"] = a["other_cycles"], b["other_cycles"]
    names = list(dict.fromkeys([*left, *right]))
    if "the rest" in names:
        names.append(names.pop(names.index("the rest")))
    return [_layer_row(name, left.get(name), right.get(name), unit) for name in names]


def _layer_row(name: str, left: float | None, right: float | None, unit: Unit) -> Row:
    factor = right / left if left and right is not None else None
    return Row(name, _or_none(unit.text, left), _or_none(unit.text, right), factor)


def _or_none(shown, value) -> str:
    return NONE if value is None else shown(value)


def _show(labels: list[str], rows: list[Row], layers: list[Row], terminal: Terminal) -> None:
    from rich.table import Table

    from flows.terminal.tables import console

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("")
    for heading in (*labels, "B / A"):
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(row.name, row.a, row.b, row.change)
    table.add_section()
    table.add_row("layers:", "", "", "")
    for row in layers:
        table.add_row(f"  {row.name}", row.a, row.b, row.change)
    console(None, terminal.stream).print(table)


def render(
    reports: Sequence[dict], labels: list[str], rows: list[Row], layers: list[Row], unit: Unit
) -> str:
    """Return the page."""
    return template(
        "compare.html.j2",
        reports=reports,
        labels=labels,
        rows=rows,
        layers=layers,
        unit=unit,
        causes=CAUSES,
        waits=WAITS,
        chart=pairs.draw(reports, labels, unit),
    )


def _as_json(row: Row) -> dict:
    return {"name": row.name, "a": row.a, "b": row.b, "factor": row.factor}


def _file_name(name: str) -> str:
    """Return a project's name, or a file's path as one word."""
    words = [part for part in Path(name).with_suffix("").parts if part not in ("/", ".", "..")]
    return "-".join(words[-3:])
