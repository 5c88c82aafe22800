"""The contract as a SystemVerilog package."""

from __future__ import annotations

from collections.abc import Iterator

from flows.contract.description import Contract, Enumeration, Word
from flows.contract.text import camel_case, comment


def package(contract: Contract, name: str) -> str:
    """Return the package: constants, enumerations and the packed structure `descriptor_t`.

    Bit 32 * i + b of the structure is bit b of word i, so the last word's highest field comes
    first.
    """
    lines = [
        "/// What the engine and its software agree on: constants, operations, fences, errors and",
        "/// the descriptor as it lies in memory.",
        f"package {name};",
    ]
    for constant in contract.constants:
        lines += comment(constant.meaning, "  /// ")
        lines.append(f"  localparam int unsigned {camel_case(constant.name)} = {constant.value};")
    for enumeration in contract.enumerations:
        lines += ["", *_enumeration(enumeration)]
    lines += ["", *_structure(contract.words), "", "endpackage", ""]
    return "\n".join(lines)


def _enumeration(enumeration: Enumeration) -> Iterator[str]:
    prefix = camel_case(enumeration.name)
    yield from comment(enumeration.meaning, "  /// ")
    yield f"  typedef enum logic [{enumeration.width - 1}:0] {{"
    for member in enumeration.members:
        separator = "" if member is enumeration.members[-1] else ","
        yield from comment(member.meaning, "    // ")
        value = f"{enumeration.width}'d{member.value}"
        yield f"    {prefix}{camel_case(member.name)} = {value}{separator}"
    yield f"  }} {enumeration.name}_e;"


def _structure(words: tuple[Word, ...]) -> Iterator[str]:
    yield "  typedef struct packed {"
    for word in reversed(words):
        for field in reversed(word.fields):
            yield f"    logic [{field.width - 1}:0] {field.name};"
    yield "  } descriptor_t;"
