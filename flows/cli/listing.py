"""`invoke list`: the projects, FuseSoC's targets, and what is built."""

from __future__ import annotations

from pathlib import Path

from flows.fusesoc.core_library import Library
from flows.repository import projects
from flows.stages.stage import read_manifest
from flows.terminal.tables import console

STAGES = ("export", "quantize", "generate", "firmware", "simulate", "report")


def collect(root: Path) -> dict:
    """Everything that is listed, for a program to read."""
    return {
        "projects": [_project(root, name) for name in projects.names(root)],
        "simulators": simulators(root),
        "cores": cores(root),
    }


def _project(root: Path, name: str) -> dict:
    folder = projects.results(root, name)
    built = [stage for stage in STAGES if read_manifest(folder / stage)]
    text = (root / "projects" / name / "project.py").read_text(encoding="utf-8")
    return {"name": name, "description": _first_line(text), "built": built}


def _first_line(source: str) -> str:
    """The first line of a file's docstring."""
    text = source.lstrip()
    return text.strip("\"'").splitlines()[0].strip("\"' ") if text[:3] in ('"""', "'''") else ""


def simulators(root: Path) -> list[dict]:
    """The hardware configurations whose simulators are built."""
    folders = sorted((root / "build" / "hardware").glob("*/simulator"))
    return [
        {"configuration": path.parent.name, "path": str(path.relative_to(root))}
        for path in folders
        if read_manifest(path)
    ]


def cores(root: Path) -> list[dict]:
    """The FuseSoC cores with their targets: the system first."""
    return [
        {
            "name": core.name,
            "file": str(core.path.relative_to(root)),
            "description": core.content.get("description", ""),
            "targets": core.targets,
        }
        for core in Library(root).cores
    ]


def print_listing(found: dict) -> None:
    """Prints what `collect` found."""
    from rich.table import Table

    out = console()
    table = Table(box=None, pad_edge=False, title_justify="left", title="Projects")
    for heading in ("project", "", "built"):
        table.add_column(heading)
    for project in found["projects"]:
        built = ", ".join(project["built"]) or "nothing yet"
        table.add_row(project["name"], project["description"], built)
    out.print(table)

    out.print("\nSimulators built: ", end="")
    out.print(", ".join(one["configuration"] for one in found["simulators"]) or "none yet")

    table = Table(
        box=None,
        pad_edge=False,
        title_justify="left",
        title="\nTargets: fusesoc run --target <target> <core>",
    )
    for heading in ("core", "target", ""):
        table.add_column(heading)
    for core in found["cores"]:
        name = core["name"]
        for target, description in core["targets"].items():
            if target != "default":
                table.add_row(name, target, description or core["description"])
                name = ""
    out.print(table)
