"""`heepstor list`: the projects, FuseSoC's targets, and what has been built."""

from __future__ import annotations

from pathlib import Path

from flows.fusesoc.core_library import Library
from flows.repository import build_folder, projects, shown
from flows.repository.projects import Project
from flows.stages.stage import read_manifest
from flows.terminal.tables import console

STAGES = ("export", "quantize", "generate", "firmware", "simulate", "report")


def collect(root: Path) -> dict:
    """Return everything the task lists, in a form for JSON."""
    return {
        "projects": [_project(project) for project in projects.listed(root)],
        "simulators": simulators(root),
        "cores": cores(root),
    }


def _project(project: Project) -> dict:
    built = [stage for stage in STAGES if read_manifest(project.results / stage)]
    text = project.file.read_text(encoding="utf-8", errors="replace")
    return {
        "name": project.name,
        "folder": str(project.folder),
        "description": _first_line(text),
        "built": built,
    }


def _first_line(source: str) -> str:
    """Return the first line of a file's docstring."""
    text = source.lstrip()
    return text.strip("\"'").splitlines()[0].strip("\"' ") if text[:3] in ('"""', "'''") else ""


def simulators(root: Path) -> list[dict]:
    """Return the hardware configurations whose simulators have been built."""
    folders = sorted((build_folder(root) / "hardware").glob("*/simulator"))
    return [
        {"configuration": path.parent.name, "path": str(shown(root, path))}
        for path in folders
        if read_manifest(path)
    ]


def cores(root: Path) -> list[dict]:
    """Return the FuseSoC cores with their targets, the system first."""
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
    """Print what `collect` found."""
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
