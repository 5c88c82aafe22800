"""The contract, as read from the SystemRDL descriptions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from systemrdl.node import AddrmapNode, FieldNode, RegNode

from flows.contract import registers
from flows.errors import HeepstorError
from flows.repository import ROOT

ENGINE = ROOT / "cores" / "engine"
DESCRIPTOR_RDL = ENGINE / "descriptor.rdl"
REGISTERS_RDL = ENGINE / "engine.rdl"

WORD_BITS = 32

CONSTANTS = {
    "most_crossings": "Runs that a spanning slice may go on to after the one in which it begins.",
    "buffer_latency": "Cycles from a slice that is issued to the operands of the array.",
    "product_latency": "Cycles from operands to products, beyond the rows of the array.",
    "accumulate_latency": "Cycles from a product to its sum, which may be used again then.",
    "store_latency": "Cycles from reading a sum to its result.",
    "function_latency": "Added to it where the result is a function from the table.",
    "integer_product_latency": "Cycles from operands to products in an INT8 job.",
    "integer_accumulate_latency": "Cycles from a product to its sum in an INT8 job.",
    "integer_store_latency": "Cycles from reading a sum to its result in an INT8 job.",
    "integer_operand_latency": "Added to it where the result has an operand.",
    "segments": "Entries of a table of a function, of 64 bits each.",
}
"""Properties of the descriptor's description that are constants in every language."""


@dataclass(frozen=True)
class Member:
    """A value of an enumeration."""

    name: str
    value: int
    meaning: str


@dataclass(frozen=True)
class Enumeration:
    """Named values of a field."""

    name: str
    meaning: str
    width: int
    members: tuple[Member, ...]


@dataclass(frozen=True)
class Field:
    """`width` bits of a word from bit `low` up; the name is the same in all languages."""

    name: str
    meaning: str
    low: int
    width: int
    default: int = 0
    """The field's bits in a new descriptor."""
    enumeration: str | None = None
    """Name of the enumeration of its values."""
    is_float: bool = False
    """Whether its bits are an FP32 number."""
    is_signed: bool = False
    """Whether its bits are an integer in two's complement."""

    @property
    def is_reserved(self) -> bool:
        """Whether it must be zero."""
        return self.name.startswith("reserved")

    @property
    def default_value(self) -> int:
        """The number that the bits in a new descriptor stand for; of an FP32 field the bits."""
        is_negative = self.is_signed and self.default >> (self.width - 1)
        return self.default - (1 << self.width) if is_negative else self.default

    @property
    def mask(self) -> int:
        """The field's bits in the word."""
        return ((1 << self.width) - 1) << self.low


@dataclass(frozen=True)
class Word:
    """32 bits of the descriptor; `fields` go from the lowest bit up, without gaps."""

    name: str
    fields: tuple[Field, ...]

    @property
    def default(self) -> int:
        """The word in a new descriptor."""
        return sum(field.default << field.low for field in self.fields)


@dataclass(frozen=True)
class Constant:
    """A number that has a name."""

    name: str
    value: int
    meaning: str


@dataclass(frozen=True)
class Contract:
    """What hardware and software agree on."""

    version: int
    alignment: int
    """Addresses of descriptors are multiples of so many bytes."""
    constants: tuple[Constant, ...]
    enumerations: tuple[Enumeration, ...]
    words: tuple[Word, ...]


def load(descriptor: Path = DESCRIPTOR_RDL, engine: Path = REGISTERS_RDL) -> Contract:
    """Read the contract from the descriptions of the descriptor and the engine's registers.

    Raises:
        HeepstorError: a description is not valid, or leaves bits of the descriptor without a name.
    """
    layout = registers.compile_rdl(descriptor)
    words = list(layout.registers(unroll=True))
    _check_layout(words)
    block = registers.compile_rdl(engine)
    encoded = [field for word in words for field in word.fields() if field.get_property("encode")]
    error, version = (block.find_by_path(path) for path in ("error.code", "id.version"))
    assert isinstance(error, FieldNode) and isinstance(version, FieldNode)
    encoded.append(error)
    number, alignment = version.get_property("reset"), layout.get_property("start_alignment")
    assert isinstance(number, int) and isinstance(alignment, int)
    return Contract(
        version=number,
        alignment=alignment,
        constants=tuple(_constant(layout, *item) for item in CONSTANTS.items()),
        enumerations=tuple(_enumeration(field) for field in encoded),
        words=tuple(_word(word) for word in words),
    )


def _constant(layout: AddrmapNode, name: str, meaning: str) -> Constant:
    value = layout.get_property(name)
    assert isinstance(value, int), name
    return Constant(name, value, meaning)


def _enumeration(field: FieldNode) -> Enumeration:
    encoding = field.get_property("encode")
    assert encoding is not None, field.inst_name
    members = tuple(Member(m.name, m.value, _meaning(m.rdl_desc, m.name)) for m in encoding)
    meaning = _meaning(field.get_property("desc"), field.inst_name)
    return Enumeration(encoding.type_name, meaning, field.width, members)


def _check_layout(words: list[RegNode]) -> None:
    """Raise HeepstorError unless words are contiguous, fields fill them and names are unique."""
    names: set[str] = set()
    for index, word in enumerate(words):
        end = 0
        for field in word.fields():
            if field.low != end:
                raise HeepstorError(
                    f"descriptor.rdl: {field.inst_name} begins at bit {field.low} of its word, the "
                    f"field before it ends at bit {end}; call the bits between them reserved_..."
                )
            if field.inst_name in names:
                raise HeepstorError(
                    f"descriptor.rdl: two fields are called {field.inst_name}; a name stands for "
                    "one field in all languages"
                )
            names.add(field.inst_name)
            end = field.high + 1
        if end != WORD_BITS or word.absolute_address != 4 * index:
            raise HeepstorError(
                f"descriptor.rdl: {word.inst_name} ends at bit {end} of word "
                f"{word.absolute_address / 4:g}; expected bit {WORD_BITS} of word {index}"
            )


def _word(register: RegNode) -> Word:
    return Word(register.inst_name, tuple(_field(field) for field in register.fields()))


def _field(field: FieldNode) -> Field:
    encoding, default = field.get_property("encode"), field.get_property("reset")
    assert default is None or isinstance(default, int), field.inst_name
    return Field(
        field.inst_name,
        _meaning(field.get_property("desc"), field.inst_name),
        field.low,
        field.width,
        default=default or 0,
        enumeration=encoding.type_name if encoding else None,
        is_float=bool(field.get_property("fp32")),
        is_signed=bool(field.get_property("twos_complement")),
    )


def _meaning(text: str | None, name: str) -> str:
    if not text:
        raise HeepstorError(f"{name} of the engine's contract has no description: give it a desc")
    return text
