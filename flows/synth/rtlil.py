"""The elaborated design as written by Yosys (RTLIL): its modules, and which of them are equal.

Every instance is a module of its own there, named ``kind$path.of.the.instance``. Instances of a
kind with the same parameters differ only in names and source positions. With names numbered from
zero, equal content becomes equal text, so that equal modules are mapped only once.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

# Source position and original name; other attributes affect the mapping.
_POSITIONS = ("attribute \\src ", "attribute \\hdlname ")
_SOURCE = re.compile(r'attribute \\src "(?P<file>[^"|:]*):(?P<line>\d+)')
_NAMED = re.compile(r"(?:wire|memory|cell) .*\\(?P<name>\S+)$")
_GENERATED = re.compile(r'\$[^\s"]+')
_PORT = re.compile(r"^  wire (?P<shape>.*?)(?:input|output|inout) \d+ ")
_REGISTER = re.compile(
    r"^  cell \$\w*(dff|latch)\w* (\$flatten)?(?P<scope>(\\[^\s.]+\.)*)\$driver\$(?P<name>\S+)$"
)
_MEMORY = re.compile(r"^  memory width (?P<width>\d+) .*?size (?P<size>\d+) .*$", re.MULTILINE)
_CELL = re.compile(r"^  cell (?P<type>\S+) (?P<name>\S+)$")


@dataclass(frozen=True)
class Module:
    """One module: an instance of the design."""

    name: str
    lines: tuple[str, ...]
    """Everything between its first and last line."""
    sources: Mapping[str, tuple[str, int]]
    """File and line of its wires, memories and cells, by their names in the source."""

    @property
    def kind(self) -> str:
        """The module's name in the source."""
        return self.name.split("$")[0]

    @property
    def path(self) -> str:
        """The instance path from the top, separated by dots; empty for the top itself."""
        return self.name.partition("$")[2].partition(".")[2]

    def source(self, name: str) -> tuple[str, int]:
        """Return file and line of a register, or of an element of one; "" and 0 if unknown."""
        while name and name not in self.sources:
            name = name[: max(name.rfind("."), name.rfind("["), 0)]
        return self.sources.get(name, ("", 0))

    def cells(self) -> Iterator[tuple[str, str]]:
        """Yield type and name of every cell, without the backslash of names from the source."""
        for line in self.lines:
            if line.startswith("  cell ") and (cell := _CELL.match(line)):
                yield cell["type"].removeprefix("\\"), cell["name"].removeprefix("\\")


def _named(register: re.Match[str]) -> str:
    """Return a register's name, behind those of flattened instances that it is in."""
    return register["scope"].replace("\\", "") + register["name"]


def read(path: Path) -> dict[str, Module]:
    """Read the modules in a file written by `write_rtlil`, by name."""
    modules = {}
    name = ""
    lines: list[str] = []
    sources: dict[str, tuple[str, int]] = {}
    source = None
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.startswith("module "):
                name, lines, sources = line.split()[1].removeprefix("\\"), [], {}
            elif line == "end\n":
                modules[name] = Module(name, tuple(lines), sources)
            elif not (inner := line.lstrip()).startswith(_POSITIONS):
                lines.append(line.rstrip("\n"))
                if source and (named := _NAMED.match(inner)):
                    sources[named["name"]] = source
                if not inner.startswith("attribute "):
                    source = None
            elif position := _SOURCE.match(inner):
                source = position["file"], int(position["line"])
    return modules


@dataclass(frozen=True)
class Content:
    """A module's content, independent of its name and its instances' names."""

    body: str
    """Its lines, with generated names numbered and submodules named after their ports."""
    ports: str
    """Its ports, as the lines of a black box."""
    submodules: frozenset[str]
    """Its submodules' interfaces: keys of the mapping from `interface` to `ports`."""

    @property
    def hash(self) -> str:
        """Identify the content; the same for equal modules."""
        return hashlib.sha256(self.body.encode()).hexdigest()[:24]

    @property
    def interface(self) -> str:
        """Identify the ports; the same for modules with equal ports."""
        return "ports_" + hashlib.sha256(self.ports.encode()).hexdigest()[:24]


def contents(modules: Mapping[str, Module]) -> dict[str, Content]:
    """Return the content of every module, by the module's name."""
    ports = {name: _ports(module) for name, module in modules.items()}
    return {name: _content(module, ports) for name, module in modules.items()}


def _ports(module: Module) -> str:
    return "\n".join(sorted(line for line in module.lines if _PORT.match(line)))


def _content(module: Module, ports: Mapping[str, str]) -> Content:
    numbers: dict[str, str] = {}
    submodules = set()

    def counted(match: re.Match[str]) -> str:
        # In a string (the memory of a port), each backslash is written twice.
        name = match[0].replace("\\\\", "\\")
        return numbers.setdefault(name, f"$n{len(numbers)}")

    def written(line: str) -> str:
        cell = _CELL.match(line)
        if cell is None:
            return _GENERATED.sub(counted, line)
        register = _REGISTER.match(line)
        # Yosys keeps this attribute of registers, but not their names.
        name = f'  attribute \\src "{_named(register)}"\n' if register else ""
        kind = cell["type"]
        if (inner := kind.removeprefix("\\")) in ports:
            kind = "\\" + Content("", ports[inner], frozenset()).interface
            submodules.add(kind[1:])
        return f"{name}  cell {kind} {_GENERATED.sub(counted, cell['name'])}"

    body = "\n".join(written(line) for line in module.lines)
    return Content(body, ports[module.name], frozenset(submodules))


def marked(body: str, largest: int | None) -> str:
    """Return a body where memories of more than `largest` bits have the attribute `black_box`."""
    if largest is None:
        return body

    def with_mark(memory: re.Match[str]) -> str:
        bits = int(memory["width"]) * int(memory["size"])
        return f"  attribute \\black_box 1\n{memory[0]}" if bits > largest else memory[0]

    return _MEMORY.sub(with_mark, body)
