"""The contract as a Python module, which is checked in: the compiler runs without SystemRDL."""

from __future__ import annotations

from collections.abc import Iterator

from flows.contract.description import Contract, Enumeration
from flows.contract.text import camel_case, comment
from flows.repository import ROOT

MODULE = ROOT / "modelgen" / "targets" / "systolic" / "abi.py"


def module(contract: Contract) -> str:
    """Return the module's source: version and enumerations."""
    lines = [
        '"""What the engine and its software agree on.',
        "",
        "Generated from cores/engine/descriptor.rdl and engine.rdl: do not edit.",
        '"""',
        "",
        "from __future__ import annotations",
        "",
        "from enum import IntEnum",
        "",
        f"VERSION = {contract.version}",
        '"""Version of registers and descriptors."""',
    ]
    for enumeration in contract.enumerations:
        lines += ["", "", *_enumeration(enumeration)]
    return "\n".join([*lines, ""])


def _enumeration(enumeration: Enumeration) -> Iterator[str]:
    yield f"class {camel_case(enumeration.name)}(IntEnum):"
    yield from docstring(enumeration.meaning)
    yield ""
    for member in enumeration.members:
        yield f"    {member.name.upper()} = {member.value}"
        yield from docstring(member.meaning)


def docstring(text: str) -> Iterator[str]:
    """Return a text as the docstring of a class, or of one of its attributes."""
    lines = comment(f'"""{text}"""', "    ")
    if len(lines) == 1:
        yield from lines
        return
    yield from comment(f'"""{text}', "    ")
    yield '    """'
