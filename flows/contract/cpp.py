"""The contract as a C++ header."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flows.contract.description import WORD_BITS, Contract, Enumeration, Word
from flows.contract.text import camel_case, comment

HEADER = "heepstor_descriptor.hpp"

_INTEGER_BITS = (8, 16, 32)


def write_header(contract: Contract, folder: Path) -> None:
    """Write the header into a folder."""
    (folder / HEADER).write_text(header(contract), encoding="utf-8")


def header(contract: Contract) -> str:
    """Return the header: version, constants, enumerations, descriptor, in `heepstor::engine`.

    A word whose fields all have the size of a C++ integer becomes one member per field. Any other
    word (the flags) becomes a single member, with constants for its bits.
    """
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
        "",
        "/// Addresses of descriptors are multiples of so many bytes.",
        f"inline constexpr std::uint32_t kDescriptorAlignment = {contract.alignment};",
    ]
    for constant in contract.constants:
        name = camel_case(constant.name)
        lines += ["", *comment(constant.meaning, "/// ")]
        lines.append(f"inline constexpr std::uint32_t k{name} = {constant.value};")
    for enumeration in contract.enumerations:
        lines += ["", *_enumeration(enumeration)]
    for word in contract.words:
        lines += [] if _is_split(word) else ["", *_bits(word)]
    lines += ["", *_structure(contract.words), "", "}  // namespace heepstor::engine", ""]
    return "\n".join(lines)


def _is_split(word: Word) -> bool:
    return all(field.width in _INTEGER_BITS for field in word.fields)


def _bits(word: Word) -> Iterator[str]:
    """Yield masks of the word's fields, and shifts of those with several bits."""
    yield f"// Bits of Descriptor::{word.name}."
    for field in word.fields:
        name = camel_case(f"{word.name}_{field.name}")
        yield from comment(field.meaning, "/// ")
        yield f"inline constexpr std::uint32_t k{name} = 0x{field.mask:08x};"
        if field.width > 1 and not field.is_reserved:
            yield f"inline constexpr std::uint32_t k{name}Shift = {field.low};"


def _structure(words: tuple[Word, ...]) -> Iterator[str]:
    yield "/// One job, as it stands in memory."
    yield "struct alignas(kDescriptorAlignment) Descriptor {"
    for word in words:
        if not _is_split(word):
            yield from comment(f"Bits: k{camel_case(word.name)}...", "  /// ")
            yield _member(word.name, f"uint{WORD_BITS}", word.default)
            continue
        for field in word.fields:
            yield from comment(field.meaning, "  /// ")
            sign = "" if field.is_signed else "u"
            yield _member(field.name, f"{sign}int{field.width}", field.default_value)
    yield "};"
    yield f"static_assert(sizeof(Descriptor) == {4 * len(words)});"


def _member(name: str, kind: str, default: int) -> str:
    return f"  std::{kind}_t {name} = {hex(default) if default > 9 else default};"


def _enumeration(enumeration: Enumeration) -> Iterator[str]:
    yield from comment(enumeration.meaning, "/// ")
    yield f"enum class {camel_case(enumeration.name)} : std::uint8_t {{"
    for member in enumeration.members:
        yield from comment(member.meaning, "  // ")
        yield f"  k{camel_case(member.name)} = {member.value},"
    yield "};"
