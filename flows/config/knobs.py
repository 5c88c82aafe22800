"""Everything there is to know about a knob, and the knobs that a dataclass declares.

A section of the configuration is a dataclass, and the annotation of each field holds a knob with
all its properties. Checks, generated files and the documentation's table all come from these.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, get_origin, get_type_hints

from modelgen.ranges import Range, is_integer

ADDRESS_SPACE = 1 << 32


class Kind(Enum):
    """How a knob's value is written; the enumeration's value says so in words."""

    NUMBER = "a whole number"
    NUMBER_OR_AUTO = 'a whole number or "auto"'
    ADDRESS = 'a hexadecimal string such as "0x10000000"'
    FLAG = "true or false"

    def read(self, value: Any) -> int | None:
        """Return the written value as a number, or None for "auto". Raises ValueError.

        True and False are the numbers 1 and 0 in Python.
        """
        if self is Kind.NUMBER_OR_AUTO and value == "auto":
            return None
        if self is Kind.ADDRESS and isinstance(value, str):
            return int(value, 16)
        if self is Kind.FLAG and isinstance(value, bool):
            return value
        if self is Kind.FLAG or not is_integer(value):
            raise ValueError
        return value

    def show(self, value: int | None) -> str:
        """Return a value as it is written in a configuration file."""
        if value is None:
            return "auto"
        if self is Kind.FLAG:
            return "true" if value else "false"
        return f"0x{value:08x}" if self is Kind.ADDRESS else str(value)


@dataclass(frozen=True)
class Aligned:
    """Addresses that are multiples of `alignment`."""

    alignment: int

    def __contains__(self, value: object) -> bool:
        if not is_integer(value):
            return False
        return 0 <= value <= ADDRESS_SPACE - self.alignment and value % self.alignment == 0

    def __str__(self) -> str:
        return f"a multiple of {self.alignment:#x} within 32 bits"


@dataclass(frozen=True)
class Knob:
    """Everything about a knob except its name and its value."""

    meaning: str
    allowed: Range | Aligned
    unit: str = ""
    relation: str = ""
    """The relation to other knobs that must hold; `flows.config.rules` checks it."""
    constant: str = ""
    """Its name in generated files: `ArraySize` in SystemVerilog, `kArraySize` in C++."""
    is_hardware: bool = True
    """Whether it is part of the hardware's identity; otherwise only software depends on it."""
    kind: Kind = Kind.NUMBER


Schema = dict[str, "Knob | Schema"]
"""The knobs of a section, and the sections in it, by name."""


def schema(section: type) -> Schema:
    """Return the knobs that a section's dataclass declares."""
    hints = get_type_hints(section, include_extras=True)
    return {
        name: hint.__metadata__[0] if get_origin(hint) is Annotated else schema(hint)
        for name, hint in hints.items()
    }


def flat(section: Schema, prefix: str = "") -> Iterator[tuple[str, Knob]]:
    """Yield every knob of a section with its full name, such as "engine.array_size"."""
    for name, knob_or_section in section.items():
        if isinstance(knob_or_section, Knob):
            yield prefix + name, knob_or_section
        else:
            yield from flat(knob_or_section, f"{prefix}{name}.")


def leaf(values: dict[str, Any], name: str) -> Any:
    """Return the value of a knob, given by its full name, in nested dictionaries."""
    for part in name.split("."):
        values = values[part]
    return values
