"""Who may import whom: no circle of files, and no import against the order of the packages.

Imports inside functions and those for type checkers count: they tie files together just as much.
"""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.repository import ROOT

# Each line may import the lines above it, never one below. A name is a package, or a module of its
# own; names on one line do not import each other.
ORDER = {
    "modelgen": (
        # What all other packages build on.
        ("errors", "ranges", "progress", "threads", "strict_json", "agreement", "samples"),
        ("arithmetic",),
        ("hardware", "memory", "cpp"),
        # An operator knows its arithmetic; a graph is made of operators.
        ("operators",),
        ("ir",),
        # What changes graphs, and what makes them.
        ("passes", "quantize", "frontends"),
        # What a user brings is a project, whose model becomes a graph.
        ("workload",),
        # What computes a layer; a plan asks every target, and knows the insides of none.
        ("targets",),
        ("plan",),
        # The C++ of a plan; what compares plan, reference and PyTorch.
        ("emit",),
        ("verify",),
        # The stages that flows runs use all of it.
        ("stages",),
    ),
    "flows": (
        # What every task needs: messages, processes and files, the terminal, the repository.
        ("errors", "units"),
        ("system",),
        ("terminal",),
        ("repository",),
        # One configuration feeds hardware and software alike.
        ("config",),
        # What hardware, software and compiler agree on, made from SystemRDL.
        ("contract",),
        ("fusesoc", "toolchain"),
        # Hardware that runs programs, and the report of such a run.
        ("simulate",),
        ("report",),
        # Hardware as netlists and bitstreams; FuseSoC's flows call these.
        ("synth",),
        ("fpga", "edalize_tools"),
        ("edalize_flows",),
        # The order of a project's stages uses all of the above, and hands the report plain data.
        ("stages",),
        # What people call on top of the stages.
        ("debug", "serial", "fuzz", "bench", "testing"),
        ("cli",),
    ),
}
PACKAGES = sorted(ORDER)


def modules(root: Path) -> dict[str, Path]:
    """The modules of the packages in a folder, by name."""
    files = [path for package in PACKAGES for path in root.joinpath(package).rglob("*.py")]
    names = {".".join(path.relative_to(root).with_suffix("").parts): path for path in files}
    return {name.removesuffix(".__init__"): path for name, path in names.items()}


def imports(root: Path) -> dict[str, set[str]]:
    """The modules that each module imports, among those of the packages."""
    found = modules(root)
    return {
        name: {_file_of(imported, found) for imported in _imported(name, path)} & found.keys()
        for name, path in found.items()
    }


def _imported(module: str, path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = module if path.name == "__init__.py" else module.rpartition(".")[0]
            above = package.split(".")[: package.count(".") + 2 - node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _file_of(name: str, found: dict[str, Path]) -> str:
    """The module that an import reads: the name itself, or what it stands in."""
    return name if name in found else name.rpartition(".")[0]


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Modules that import each other in a circle; empty if there is none."""
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return []


def against_the_order(graph: dict[str, set[str]]) -> list[str]:
    """Imports of a line from one above it, or from another package on the same line."""
    floors = {
        f"{package}.{name}": number
        for package, lines in ORDER.items()
        for number, line in enumerate(lines)
        for name in line
    }

    def is_allowed(importer: str, imported: str) -> bool:
        if room(importer) == room(imported) or importer in PACKAGES:
            return True
        if importer.split(".")[0] != imported.split(".")[0]:
            return importer.startswith("flows.")
        return floors[room(importer)] > floors[room(imported)]

    return [
        f"{importer} -> {imported}"
        for importer, all_imported in sorted(graph.items())
        for imported in sorted(all_imported - set(PACKAGES))
        if not is_allowed(importer, imported)
    ]


def room(module: str) -> str:
    """The package below `flows` or `modelgen` that a module belongs to."""
    return ".".join(module.split(".")[:2])


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    return imports(ROOT)


def test_no_files_import_each_other_in_a_circle(graph: dict[str, set[str]]) -> None:
    assert circle(graph) == []


def test_every_package_has_its_place(graph: dict[str, set[str]]) -> None:
    placed = {
        f"{package}.{name}" for package, lines in ORDER.items() for line in lines for name in line
    }
    assert {room(module) for module in graph} - set(PACKAGES) == placed


def test_no_import_against_the_order(graph: dict[str, set[str]]) -> None:
    assert against_the_order(graph) == []


@pytest.mark.parametrize(
    "text",
    [
        "from flows.config import Config\n",
        "import flows.config\n",
        "from . import Config\n",
        "def work():\n    from flows import config\n",
        "if TYPE_CHECKING:\n    from flows.config import Config\n",
    ],
)
def test_circles_are_found_whatever_form_the_import_has(tmp_path: Path, text: str) -> None:
    package = tmp_path / "flows" / "config"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from flows.config.writers import write\n")
    (package / "writers.py").write_text(text)
    assert set(circle(imports(tmp_path))) == {"flows.config", "flows.config.writers"}


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("flows.config", "flows.stages.options"),
        ("flows.report.data", "flows.stages.pipeline"),
        ("flows.bench", "flows.fuzz"),
        ("modelgen.ir.graph", "flows.errors"),
        ("modelgen.operators.base", "modelgen.ir.graph"),
    ],
)
def test_imports_against_the_order_are_named(importer: str, imported: str) -> None:
    graph = {importer: {imported}, imported: set()}
    assert against_the_order(graph) == [f"{importer} -> {imported}"]
