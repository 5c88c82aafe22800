"""The report as one self-contained HTML file: no network, no fonts, no scripts."""

from __future__ import annotations

import json
from pathlib import Path

from flows.report import accuracy, memory_map
from flows.report.causes import CAUSES, WAITS, lost, parts
from flows.report.charts import bars, memory, network, roofline, sensitivity, sizes
from flows.units import count, difference, megahertz, percent, ratio, size, unit_of
from modelgen.agreement import RUNTIMES

PAGE = "report.html"
_TEMPLATES = Path(__file__).resolve().parent / "templates"


def write(report: dict, out: Path) -> None:
    """Write report.html to the folder `out`."""
    (out / PAGE).write_text(render(report), encoding="utf-8")


def render(report: dict) -> str:
    """Return the page of one report."""
    names = [layer["label"] for layer in report["layers"]]
    charts = {
        "bars": bars.draw(report),
        "roofline": roofline.draw(report),
        "network": network.draw(report),
        "sizes": sizes.draw(report),
        "arena": _arena(report, names),
        "buffer": _buffer(report, names),
        "sensitivity": sensitivity.draw(report),
    }
    return template(
        "report.html.j2",
        report=report,
        unit=unit_of(report),
        charts=charts,
        accuracy=accuracy.rows(report["accuracy"], report),
        precisions=accuracy.precisions(report["accuracy"], report),
        precision_headings=accuracy.PRECISIONS,
        sensitivity_classes=sensitivity.CLASSES,
        measure=accuracy.heading(report["accuracy"]),
        random=accuracy.is_random(report),
        original=accuracy.original(report),
        runtimes=RUNTIMES,
        causes=_used_causes(report),
        waits=WAITS,
        losses=lost(report),
        lost_by=parts,
        buffer_marked=_is_marked(report["buffer"]),
        size_parts=sizes.PARTS,
        configuration=json.dumps(_as_written(report["hardware"]), indent=2),
    )


def template(name: str, **values: object) -> str:
    """Return a page rendered from a template, which can use the number formats."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "count": count,
        "percent": percent,
        "ratio": ratio,
        "size": size,
        "megahertz": megahertz,
        "difference": difference,
    }
    return environment.get_template(name).render(**values)


def _used_causes(report: dict) -> list:
    """Return the causes that occur in any layer, for the legend."""
    used = {key for layer in report["layers"] for key, cycles in parts(layer).items() if cycles}
    return [cause for cause in CAUSES if cause.key in used or cause.key == "cpu"]


def _arena(report: dict, names: list[str]) -> str | None:
    arena = report["arena"]
    if not arena["regions"]:
        return None
    boxes = memory_map.boxes(arena["regions"], "bytes")
    return memory.draw(boxes, names, "bytes", {"lower bound": arena["lower_bound"]})


def _buffer(report: dict, names: list[str]) -> str | None:
    buffer = report["buffer"]
    if not buffer["regions"]:
        return None
    marks = {"size of the buffer": buffer["words"]} if _is_marked(buffer) else {}
    return memory.draw(memory_map.boxes(buffer["regions"], "words"), names, "words", marks)


def _is_marked(buffer: dict) -> bool:
    """Return whether to mark the buffer's size: not if that would shrink everything else."""
    used = max((region["offset"] + region["words"] for region in buffer["regions"]), default=0)
    return 2 * used >= buffer["words"]


def _as_written(hardware: dict) -> dict:
    """Return the configuration as text for `--config`: JSON, which is also Hjson."""
    addresses = {name: f"0x{value:08x}" for name, value in hardware.get("address", {}).items()}
    arena = hardware.get("arena_kib")
    return {**hardware, "arena_kib": "auto" if arena is None else arena, "address": addresses}
