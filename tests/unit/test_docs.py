"""The documentation against what it describes: links, paths, knobs, tasks, registers."""

from __future__ import annotations

import functools
import os
import re
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from invoke import Collection
from invoke.parser import Parser
from systemrdl.node import AddrmapNode, FieldNode, RegNode

import tasks
from flows import config
from flows.config.knobs import Kind, leaf
from flows.contract import registers
from flows.fusesoc.core_library import Library
from flows.repository import ROOT
from flows.stages import options
from modelgen.frontends.onnx import operators as onnx_operators
from modelgen.frontends.tflite import float_operators, importer
from modelgen.workload.settings import Settings, Training
from tests.unit.test_imports import ORDER

DOCS = ROOT / "docs"
PAGES = sorted(
    path
    for pattern in (
        "*.md",
        "docs/*.md",
        "boards/*/*.md",
        "cores/*/*.md",
        "sw/*.md",
        "modelgen/*.md",
    )
    for path in ROOT.glob(pattern)
)
BLOCKS = {
    "engine": "cores/engine/engine.rdl",
    "soc_ctrl": "cores/soc_ctrl/soc_ctrl.rdl",
    "uart": "cores/uart/uart.rdl",
    "timer": "cores/timer/timer.rdl",
}
DESCRIPTOR = "cores/engine/descriptor.rdl"
COLUMNS = 100
FOLDERS = "boards|cores|flows|modelgen|sw|tests|projects|docs"


def page_name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_prose_is_wrapped(page: Path) -> None:
    assert not [line for line in prose(page.read_text()) if len(line) > COLUMNS]


def test_what_counts_as_prose() -> None:
    text = "# One\n\ntext\n\n    code\n\n| a |\n- item\n```cpp\nint x;\n```\nend"
    assert [line for line in prose(text) if line] == ["# One", "text", "- item", "end"]


def prose(text: str) -> list[str]:
    """The lines of a page that are neither tables nor code."""
    without_code = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    return [line for line in without_code.split("\n") if not line.startswith(("    ", "|"))]


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())
    local = [target for target in targets if "://" not in target]
    assert not [target for target in local if not (page.parent / target).exists()]


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_links_lead_to_headings_that_exist(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", page.read_text()):
        assert anchor in anchors(page.parent / target if target else page), (target, anchor)


def anchors(page: Path) -> set[str]:
    """The names under which GitHub shows a page's headings."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_paths_exist(page: Path) -> None:
    """What stands in backquotes and begins with a folder of the repository is a path in it."""
    paths = re.findall(rf"`((?:{FOLDERS})/[\w./*-]*)`", page.read_text())
    assert not [path for path in paths if not list(ROOT.glob(path.rstrip("/")))]


@pytest.mark.parametrize(
    ("package", "page"),
    [("modelgen", "modelgen/README.md"), ("flows", "docs/developer-guide.md")],
)
def test_packages_are_listed_in_the_order_of_their_imports(package: str, page: str) -> None:
    folders = {path.parent.name for path in (ROOT / package).glob("*/*.py")}
    table = re.search(r"^\| package \|.*\n\|-.*\n((?:\|.*\n)+)", (ROOT / page).read_text(), re.M)
    listed = re.findall(r"^\| `(\w+)` \|", table[1], re.M)
    assert sorted(listed) == sorted(folders)
    floors = {name: number for number, line in enumerate(ORDER[package]) for name in line}
    assert listed == sorted(listed, key=floors.__getitem__)


def test_the_table_of_knobs_is_that_of_their_declarations() -> None:
    """Set HEEPSTOR_UPDATE_GOLDEN=1 to write the table in docs/reference.md anew."""
    path = DOCS / "reference.md"
    text = path.read_text()
    before, heading, rest = text.partition("| knob | default | unit |")
    table, _, after = rest.partition("\n\n")
    expected = "\n".join([*(heading + table).split("\n")[:2], *knob_rows()])
    if os.environ.get("HEEPSTOR_UPDATE_GOLDEN"):
        path.write_text(before + expected + "\n\n" + after)
        text = path.read_text()
    assert expected + "\n\n" in text


def knob_rows() -> Iterator[str]:
    defaults = config.load(config.DEFAULT_PATH).to_dict()
    for name, knob in config.KNOBS.items():
        default = knob.kind.show(leaf(defaults, name))
        auto = ", or auto" if knob.kind is Kind.NUMBER_OR_AUTO else ""
        relation = f"; {knob.relation}" if knob.relation else ""
        allowed = f"{knob.allowed}{auto}{relation}"
        is_hardware = "yes" if knob.is_hardware else "no"
        constant = f"`{knob.constant}`" if knob.constant else ""
        cells = [f"`{name}`", default, knob.unit, allowed, is_hardware, constant, knob.meaning]
        yield f"| {' | '.join(cells)} |".replace("  ", " ")


def test_the_configuration_says_what_is_allowed() -> None:
    """The comments above a knob and above its section name the values that the checks allow."""
    section, comment, comments = "", "", {}
    for line in map(str.strip, config.DEFAULT_PATH.read_text().splitlines()):
        name = line.partition(":")[0]
        if line.startswith("//"):
            comment += " " + line.removeprefix("//").strip()
        elif line.endswith(": {"):
            section, comments[name], comment = name, comment, ""
        elif line == "}":
            section = ""
        elif ":" in line:
            whole = f"{section}.{name}" if section else name
            comments[whole], comment = comments.get(section, "") + comment, ""
    for name, knob in config.KNOBS.items():
        said = comments[name].lower()
        assert str(knob.allowed) in said, name
        assert knob.relation.replace("`", "") in said, name


def test_every_setting_is_explained() -> None:
    text = (DOCS / "user-guide.md").read_text()
    names = [*Settings.__dataclass_fields__, *Training.__dataclass_fields__]
    assert not [name for name in names if f"`{name}`" not in text]


def test_every_task_is_explained() -> None:
    text = (DOCS / "user-guide.md").read_text()
    assert not [task for task in Collection.from_module(tasks).task_names if f"`{task}" not in text]


def test_the_table_of_options_is_the_declared_one() -> None:
    """Set HEEPSTOR_UPDATE_GOLDEN=1 to write the table in docs/user-guide.md anew."""
    page = DOCS / "user-guide.md"
    first, rows, last = re.split(
        r"(?ms)(?<=^\| `--project P` )(.*?\n)(?=\| `--json` )", page.read_text()
    )
    wanted = rows.splitlines(keepends=True)[0] + options.documentation()
    if os.environ.get("HEEPSTOR_UPDATE_GOLDEN"):
        page.write_text(first + wanted + last)
    else:
        assert rows == wanted


@pytest.mark.parametrize(
    ("title", "modules"),
    [
        ("ONNX", onnx_operators._MODULES),
        ("TFLite, FP32", float_operators._MODULES),
        ("TFLite, INT8", importer._MODULES),
    ],
)
def test_the_tables_of_operators_are_those_of_the_front_ends(
    title: str, modules: tuple[ModuleType, ...]
) -> None:
    """Set HEEPSTOR_UPDATE_GOLDEN=1 to write the tables in docs/user-guide.md anew."""
    page = DOCS / "user-guide.md"
    before, heading, rest = page.read_text().partition(
        f"| subject | operators of {title} |\n|---|---|\n"
    )
    rows, _, after = rest.partition("\n\n") if rest[0] != "\n" else ("", "", rest[1:])
    wanted = "\n".join(map(operator_row, modules))
    if os.environ.get("HEEPSTOR_UPDATE_GOLDEN"):
        page.write_text(before + heading + wanted + "\n\n" + after)
    else:
        assert rows == wanted


def operator_row(module: ModuleType) -> str:
    subject = (module.__doc__ or "").splitlines()[0].removeprefix("Import of ").rstrip(".")
    names = ", ".join(f"`{name}`" for name in sorted(module.OPERATORS))
    return f"| {subject[0].lower()}{subject[1:]} | {names} |"


def test_tasks_and_options_are_those_that_there_are() -> None:
    """What stands in the pages as a command is one that Invoke takes."""
    parser = Parser(contexts=Collection.from_module(tasks).to_contexts())
    for line in commands(r"\./heepstor|invoke"):
        words = shlex.split(line.replace("<task>", "build"))[1:]
        parser.parse_argv([word for word in words if word not in ("--list", "--help", "--version")])


def test_targets_are_those_that_there_are() -> None:
    cores = {core.name.rsplit(":", 1)[0]: core for core in Library(ROOT).cores}
    for line in commands("fusesoc run"):
        target, core = re.search(r"--target (\w+) (?:--setup )?(heepstor[\w:]*)", line).groups()
        assert target in cores[core if ":" in core else "heepstor:systems:heepstor"].targets, line


def commands(program: str) -> list[str]:
    """The commands in all pages that begin with a program: indented lines, or in backquotes."""
    shown = re.compile(rf"^ {{4}}((?:{program}) [^`\n#]+)", re.M)
    quoted = re.compile(rf"`((?:{program})\s[^`#]+)`")
    texts = [page.read_text() for page in PAGES]
    found = [line for text in texts for line in (*shown.findall(text), *quoted.findall(text))]
    return [" ".join(line.split()) for line in found]


@pytest.mark.parametrize(
    ("page", "sentence"),
    [
        ("README.md", r"(\d+) tests need OpenOCD and GDB, (\d+) Chromium, (\d+) the"),
        (
            "docs/developer-guide.md",
            r"(\d+) without OpenOCD and GDB, (\d+) without Chromium, (\d+) without",
        ),
    ],
)
def test_the_number_of_tests_that_need_a_tool(page: str, sentence: str) -> None:
    stated = re.search(sentence, " ".join((ROOT / page).read_text().split())).groups()
    assert stated == tuple(str(number) for number in users_of_tools().values())


@functools.cache
def users_of_tools() -> dict[str, int]:
    """How many tests each tool's users have, as pytest collects them."""
    users = {
        "debugger": ["tests/hw/test_debug_session.py"],
        "browser": ["tests/unit/flows/report/test_page.py"],
        "silicon": ["tests/hw/test_silicon.py"],
    }
    marked = [p for p in (ROOT / "tests").rglob("test_*.py") if "mark.tool(" in p.read_text()]
    known = {ROOT / file for files in users.values() for file in files}
    assert set(marked) - {Path(__file__)} == known
    return {tool: collected(files) for tool, files in users.items()}


def collected(files: list[str]) -> int:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", "tool", *files]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return len(re.findall(r"^tests/.*::", done.stdout, re.M))


def test_register_tables_are_those_of_the_descriptions() -> None:
    """Set HEEPSTOR_UPDATE_GOLDEN=1 to write docs/registers.md anew."""
    path = DOCS / "registers.md"
    expected = "\n".join(register_page()) + "\n"
    if os.environ.get("HEEPSTOR_UPDATE_GOLDEN"):
        path.write_text(expected)
    assert path.read_text() == expected


def register_page() -> Iterator[str]:
    yield "# Registers and descriptor"
    yield ""
    yield from textwrap.wrap(
        "Generated from the SystemRDL descriptions, which are also the source of the RTL and "
        "of the C++ constants. Offsets are in bytes from the block's address (see the "
        "[reference](reference.md)). All registers are 32 bits wide; unnamed bits read as zero.",
        COLUMNS,
    )
    for rdl in BLOCKS.values():
        top = registers.compile_rdl(ROOT / rdl)
        yield from heading(top, rdl)
        yield "| offset | register | bits | field | access | reset | meaning |"
        yield "|---|---|---|---|---|---|---|"
        for register in top.registers(unroll=True):
            yield from rows(register, f"0x{register.absolute_address:02X}", is_register=True)
        yield from enumerations(top)
    top = registers.compile_rdl(ROOT / DESCRIPTOR)
    yield from heading(top, DESCRIPTOR)
    yield "| word | name | bits | field | meaning |"
    yield "|---|---|---|---|---|"
    for register in top.registers(unroll=True):
        yield from rows(register, str(register.absolute_address // 4), is_register=False)
    yield from enumerations(top)


def heading(top: AddrmapNode, rdl: str) -> Iterator[str]:
    yield ""
    yield f"## {top.get_property('name')}"
    yield ""
    description = f"{top.get_property('desc').rstrip('.')}. Source: `{rdl}`."
    yield from textwrap.wrap(description, COLUMNS, break_on_hyphens=False)
    yield ""


def enumerations(top: AddrmapNode) -> Iterator[str]:
    """A table for each field whose values have names."""
    for register in top.registers(unroll=True):
        for field in register.fields():
            if encoding := field.get_property("encode"):
                yield from ["", f"### {encoding.type_name.capitalize()}", ""]
                yield from ["| value | name | meaning |", "|---|---|---|"]
                for member in encoding:
                    yield f"| {member.value} | `{member.name}` | {member.rdl_desc.rstrip('.')} |"


def rows(register: RegNode, place: str, is_register: bool) -> Iterator[str]:
    """A row for a register with one field; otherwise one for itself and one for each field."""
    fields = list(register.fields())
    name = register.inst_name.upper() if is_register else register.inst_name
    meaning = (register.get_property("desc") or fields[0].get_property("desc")).rstrip(".")
    if len(fields) == 1:
        extra = fields[0].get_property("desc")
        # The register's description says it all where the field has none of its own.
        meaning += f": {extra.rstrip('.')}" if extra and extra.rstrip(".") != meaning else ""
        yield row(place, name, fields[0], meaning, is_register)
        return
    yield row(place, name, None, meaning, is_register)
    for field in fields:
        meaning = (field.get_property("desc") or "").rstrip(".")
        if encoding := field.get_property("encode"):
            meaning += f" ([{encoding.type_name}](#{encoding.type_name}))"
        yield row("", "", field, meaning, is_register)


def row(place: str, name: str, field: FieldNode | None, meaning: str, is_register: bool) -> str:
    cells = [place, name, bits(field), field.inst_name if field else ""]
    if is_register:
        cells += [access(field), reset(field)]
    return "| " + " | ".join([*cells, meaning]) + " |"


def bits(field: FieldNode | None) -> str:
    if field is None:
        return ""
    return str(field.low) if field.width == 1 else f"{field.high}:{field.low}"


def access(field: FieldNode | None) -> str:
    if field is None:
        return ""
    kind = field.get_property("sw").name
    return "rw, 1 clears" if field.get_property("onwrite") else kind


def reset(field: FieldNode | None) -> str:
    value = field.get_property("reset") if field else None
    return "" if value is None else (f"0x{value:X}" if value > 9 else str(value))
