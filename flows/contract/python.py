"""The contract as a Python module, checked in so that the compiler runs without SystemRDL."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator

from flows.contract.description import Contract, Enumeration, Field
from flows.contract.text import camel_case, comment
from flows.repository import ROOT

MODULE = ROOT / "modelgen" / "targets" / "systolic" / "abi.py"


def module(contract: Contract) -> str:
    """Return the module's source: version, constants, enumerations, layout and fields."""
    lines = [
        '"""What the engine and its software agree on.',
        "",
        "Generated from cores/engine/descriptor.rdl and engine.rdl: do not edit.",
        '"""',
        "",
        "from __future__ import annotations",
        "",
        "import math",
        "from dataclasses import dataclass",
        "from enum import IntEnum",
        "",
        f"VERSION = {contract.version}",
        '"""Version of registers and descriptors."""',
        "",
        f"DESCRIPTOR_WORDS = {len(contract.words)}",
        "",
        f"DESCRIPTOR_ALIGNMENT = {contract.alignment}",
        '"""Addresses of descriptors are multiples of so many bytes."""',
    ]
    for constant in contract.constants:
        lines += ["", f"{constant.name.upper()} = {constant.value}", f'"""{constant.meaning}"""']
    for enumeration in contract.enumerations:
        lines += ["", "", *_enumeration(enumeration)]
    fields = [
        (index, field)
        for index, word in enumerate(contract.words)
        for field in word.fields
        if not field.is_reserved
    ]
    lines += ["", "", "LAYOUT: dict[str, tuple[int, int, int]] = {"]
    lines += [f'    "{field.name}": ({i}, {field.low}, {field.width}),' for i, field in fields]
    lines += ["}", '"""Of each field: word, lowest bit, bits."""']
    floats = ", ".join(f'"{field.name}"' for _, field in fields if field.is_float)
    lines += ["", f"FLOATS = frozenset({{{floats}}})"]
    lines += ['"""Fields whose bits are an FP32 number."""']
    integers = ", ".join(f'"{field.name}"' for _, field in fields if field.is_signed)
    lines += [
        "",
        f"SIGNED = frozenset({{{integers}}})" if integers else "SIGNED = frozenset[str]()",
    ]
    lines += ['"""Fields whose bits are an integer in two\'s complement."""']
    lines += ["", "", "@dataclass(frozen=True)", "class Fields:"]
    lines += ['    """The fields of a descriptor, without those that must be zero."""', ""]
    for _, field in fields:
        lines.append(f"    {field.name}: {_type(field)} = {_default(field, contract)}")
        lines += docstring(field.meaning)
    return "\n".join([*lines, ""])


def _type(field: Field) -> str:
    return "float" if field.is_float else "bool" if field.width == 1 else "int"


def _default(field: Field, contract: Contract) -> str:
    for enumeration in contract.enumerations:
        for member in enumeration.members:
            if enumeration.name == field.enumeration and member.value == field.default:
                return f"{camel_case(enumeration.name)}.{member.name.upper()}"
    if field.is_float:
        number = struct.unpack("<f", struct.pack("<I", field.default))[0]
        return f"{'-' if number < 0 else ''}math.inf" if math.isinf(number) else repr(number)
    return repr(bool(field.default) if field.width == 1 else field.default_value)


def _enumeration(enumeration: Enumeration) -> Iterator[str]:
    yield f"class {camel_case(enumeration.name)}(IntEnum):"
    yield from docstring(enumeration.meaning)
    yield ""
    for member in enumeration.members:
        yield f"    {member.name.upper()} = {member.value}"
        yield from docstring(member.meaning)


def docstring(text: str) -> Iterator[str]:
    """Return a text as the docstring of a class or of one of its attributes."""
    lines = comment(f'"""{text}"""', "    ")
    if len(lines) == 1:
        yield from lines
        return
    yield from comment(f'"""{text}', "    ")
    yield '    """'
