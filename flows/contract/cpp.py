"""The contract as a C++ header."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flows.contract.description import Contract, Enumeration
from flows.contract.text import camel_case, comment

HEADER = "heepstor_descriptor.hpp"


def write_header(contract: Contract, folder: Path) -> None:
    """Write the header into a folder."""
    (folder / HEADER).write_text(header(contract), encoding="utf-8")


def header(contract: Contract) -> str:
    """Return the header: version and enumerations in `heepstor::engine`."""
    lines = [
        "// Generated from cores/engine/descriptor.rdl and engine.rdl: do not edit.",
        "#pragma once",
        "",
        "#include <cstdint>",
        "",
        "namespace heepstor::engine {",
        "",
        "/// Version of registers and descriptors.",
        f"inline constexpr std::uint32_t kVersion = {contract.version};",
    ]
    for enumeration in contract.enumerations:
        lines += ["", *_enumeration(enumeration)]
    lines += ["", "}  // namespace heepstor::engine", ""]
    return "\n".join(lines)


def _enumeration(enumeration: Enumeration) -> Iterator[str]:
    yield from comment(enumeration.meaning, "/// ")
    yield f"enum class {camel_case(enumeration.name)} : std::uint8_t {{"
    for member in enumeration.members:
        yield from comment(member.meaning, "  // ")
        yield f"  k{camel_case(member.name)} = {member.value},"
    yield "};"
