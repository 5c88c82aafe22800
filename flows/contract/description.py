"""The contract as the SystemRDL descriptions have it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from systemrdl.node import FieldNode, RegNode

from flows.contract import registers
from flows.errors import HeepstorError
from flows.repository import ROOT

ENGINE = ROOT / "cores" / "engine"
DESCRIPTOR_RDL = ENGINE / "descriptor.rdl"
REGISTERS_RDL = ENGINE / "engine.rdl"


@dataclass(frozen=True)
class Member:
    """A value of an enumeration."""

    name: str
    value: int
    meaning: str


@dataclass(frozen=True)
class Enumeration:
    """Values of a field that have names."""

    name: str
    meaning: str
    width: int
    members: tuple[Member, ...]


@dataclass(frozen=True)
class Field:
    """Bits of a word, from `low` on."""

    name: str
    low: int
    width: int


@dataclass(frozen=True)
class Word:
    """32 bits of the descriptor; `fields` from the lowest bit on."""

    name: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Contract:
    """What hardware and software agree on."""

    version: int
    enumerations: tuple[Enumeration, ...]
    words: tuple[Word, ...]


def load(descriptor: Path = DESCRIPTOR_RDL, engine: Path = REGISTERS_RDL) -> Contract:
    """Read the contract from the descriptions of the descriptor and of the engine's registers.

    Raises:
        HeepstorError: a description is not valid.
    """
    words = list(registers.compile_rdl(descriptor).registers(unroll=True))
    block = registers.compile_rdl(engine)
    encoded = [field for word in words for field in word.fields() if field.get_property("encode")]
    error, version = (block.find_by_path(path) for path in ("error.code", "id.version"))
    assert isinstance(error, FieldNode) and isinstance(version, FieldNode)
    encoded.append(error)
    number = version.get_property("reset")
    assert isinstance(number, int)
    return Contract(
        version=number,
        enumerations=tuple(_enumeration(field) for field in encoded),
        words=tuple(_word(word) for word in words),
    )


def _enumeration(field: FieldNode) -> Enumeration:
    encoding = field.get_property("encode")
    assert encoding is not None, field.inst_name
    members = tuple(Member(m.name, m.value, _meaning(m.rdl_desc, m.name)) for m in encoding)
    meaning = _meaning(field.get_property("desc"), field.inst_name)
    return Enumeration(encoding.type_name, meaning, field.width, members)


def _word(register: RegNode) -> Word:
    fields = sorted(register.fields(), key=lambda field: field.low)
    return Word(
        register.inst_name,
        tuple(Field(f"{register.inst_name}_{f.inst_name}", f.low, f.width) for f in fields),
    )


def _meaning(text: str | None, name: str) -> str:
    if not text:
        raise HeepstorError(f"{name} of the engine's contract has no description: give it a desc")
    return text
