"""The elaborated design as Yosys writes it (RTLIL): its modules, and which of them are the same.

Every instance is a module of its own there, named ``kind$path.of.the.instance``. Instances of a
kind with the same parameters have the same content but for names and source positions. Written
with names counted from zero, the same content gives the same text: equal modules are mapped once.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

# Where an object comes from and what it was called there; other attributes steer the mapping.
_POSITIONS = ("attribute \\src ", "attribute \\hdlname ")
_GENERATED = re.compile(r'\$[^\s"]+')
_PORT = re.compile(r"^  wire (?P<shape>.*?)(?:input|output|inout) \d+ ")
_CELL = re.compile(r"^  cell (?P<type>\S+) (?P<name>\S+)$")


@dataclass(frozen=True)
class Module:
    """One module: an instance of the design."""

    name: str
    lines: tuple[str, ...]
    """All between its first and its last line."""

    @property
    def kind(self) -> str:
        """Its name in the source."""
        return self.name.split("$")[0]

    @property
    def path(self) -> str:
        """The instances that lead to it from the top, with dots; empty for the top itself."""
        return self.name.partition("$")[2].partition(".")[2]

    def cells(self) -> Iterator[tuple[str, str]]:
        """Type and name of every cell, without the backslash of names from the source."""
        for line in self.lines:
            if line.startswith("  cell ") and (cell := _CELL.match(line)):
                yield cell["type"].removeprefix("\\"), cell["name"].removeprefix("\\")


def read(path: Path) -> dict[str, Module]:
    """The modules of a file that `write_rtlil` has written, by name."""
    modules = {}
    name = ""
    lines: list[str] = []
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.startswith("module "):
                name, lines = line.split()[1].removeprefix("\\"), []
            elif line == "end\n":
                modules[name] = Module(name, tuple(lines))
            elif not line.lstrip().startswith(_POSITIONS):
                lines.append(line.rstrip("\n"))
    return modules


@dataclass(frozen=True)
class Content:
    """What a module is made of, whatever it and its instances are called."""

    body: str
    """Its lines, with generated names counted and submodules named after their ports."""
    ports: str
    """Its ports, as the lines of a black box."""
    submodules: frozenset[str]
    """Names of its submodules' ports: keys of the mapping from `interface` to `ports`."""

    @property
    def hash(self) -> str:
        """Names the content; the same for equal modules."""
        return hashlib.sha256(self.body.encode()).hexdigest()[:24]

    @property
    def interface(self) -> str:
        """Names the ports; the same for modules with the same ports."""
        return "ports_" + hashlib.sha256(self.ports.encode()).hexdigest()[:24]


def contents(modules: Mapping[str, Module]) -> dict[str, Content]:
    """The content of every module, by the module's name."""
    ports = {name: _ports(module) for name, module in modules.items()}
    return {name: _content(module, ports) for name, module in modules.items()}


def _ports(module: Module) -> str:
    return "\n".join(sorted(line for line in module.lines if _PORT.match(line)))


def _content(module: Module, ports: Mapping[str, str]) -> Content:
    numbers: dict[str, str] = {}
    submodules = set()

    def counted(match: re.Match[str]) -> str:
        return numbers.setdefault(match[0], f"$n{len(numbers)}")

    def written(line: str) -> str:
        cell = _CELL.match(line)
        if cell is None:
            return _GENERATED.sub(counted, line)
        kind = cell["type"]
        if (inner := kind.removeprefix("\\")) in ports:
            kind = "\\" + Content("", ports[inner], frozenset()).interface
            submodules.add(kind[1:])
        return f"  cell {kind} {_GENERATED.sub(counted, cell['name'])}"

    body = "\n".join(written(line) for line in module.lines)
    return Content(body, ports[module.name], frozenset(submodules))
