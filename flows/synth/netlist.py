"""Mapped netlists: a module's primitives and how they are connected, as Yosys writes them to JSON.

Nets are numbered from 0 within each module; a constant, or nothing, is CONSTANT.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property

CONSTANT = -1
"""In place of a net: a pin that is tied to a constant, or open."""

Pins = dict[str, list[int]]
"""The nets at each port of a cell, the lowest bit first."""

_GENERATED = re.compile(r"^\$.*")
"""Names that Yosys made up: of registers that it made itself, for the states of a machine."""


@dataclass(frozen=True)
class Primitive:
    """One primitive of the device: its type, its parameters, and the nets at its pins.

    `name` is the register's or memory's name in the source, if the primitive is of one.
    """

    name: str
    type: str
    parameters: dict[str, str]
    pins: Pins

    @property
    def known_name(self) -> str:
        """Its name; "(unnamed)" for one that Yosys made up."""
        return _GENERATED.sub("(unnamed)", self.name.removeprefix("\\"))


@dataclass(frozen=True)
class Netlist:
    """A mapped module. `boxes` are its submodules by instance name, with the nets at their ports;
    `ports` are its own, and `inputs` the names of those that are inputs. `wires` are the nets with
    names in the source, if the recipe keeps them: each name with its bits, the lowest first."""

    nets: int
    ports: Pins
    inputs: frozenset[str]
    primitives: tuple[Primitive, ...]
    boxes: dict[str, Pins]
    wires: Pins = field(default_factory=dict)

    @cached_property
    def cells(self) -> Counter[str]:
        """Number of primitives by type."""
        return Counter(primitive.type for primitive in self.primitives)

    def as_json(self) -> dict:
        """Return what `from_json` reads."""
        return {
            "nets": self.nets,
            "ports": self.ports,
            "inputs": sorted(self.inputs),
            "primitives": [list(asdict(primitive).values()) for primitive in self.primitives],
            "boxes": self.boxes,
            "wires": self.wires,
        }


def from_json(written: dict) -> Netlist:
    """Read what `Netlist.as_json` returned."""
    return Netlist(
        nets=written["nets"],
        ports=written["ports"],
        inputs=frozenset(written["inputs"]),
        primitives=tuple(Primitive(*fields) for fields in written["primitives"]),
        boxes=written["boxes"],
        wires=written["wires"],
    )


def from_yosys(module: Mapping, is_box, keeps_wires: bool = False) -> Netlist:
    """Read a module from the output of Yosys's write_json; `is_box` tells submodules by type."""
    numbers: dict[int | str, int] = {}

    def net(bit: int | str) -> int:
        if isinstance(bit, str):
            return CONSTANT
        return numbers.setdefault(bit, len(numbers))

    def pins(connections: Mapping) -> Pins:
        return {port: [net(bit) for bit in bits] for port, bits in connections.items()}

    ports = {name: [net(bit) for bit in port["bits"]] for name, port in module["ports"].items()}
    primitives, boxes = [], {}
    for name, cell in module["cells"].items():
        if is_box(cell["type"]):
            boxes[name] = pins(cell["connections"])
        elif cell["type"] != "$scopeinfo":
            named = _register(cell["attributes"].get("src", "")) or name
            parameters = _small(cell["parameters"])
            primitives.append(Primitive(named, cell["type"], parameters, pins(cell["connections"])))
    named = module["netnames"].items() if keeps_wires else ()
    wires = {name: [net(bit) for bit in one["bits"]] for name, one in named if not one["hide_name"]}
    return Netlist(
        nets=len(numbers),
        ports=ports,
        inputs=frozenset(n for n, port in module["ports"].items() if port["direction"] == "input"),
        primitives=tuple(primitives),
        boxes=boxes,
        wires=wires,
    )


def _small(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters without contents: those of look-up tables and memories."""
    return {name: value for name, value in parameters.items() if not name.startswith("INIT")}


def _register(sources: str) -> str:
    """Return the register's name in the attribute ``src``, without positions in Yosys's files."""
    return next((one for one in sources.split("|") if ":" not in one), "")
