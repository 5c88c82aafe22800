"""Reading the contract from SystemRDL."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.contract import description
from flows.contract.description import Constant, Contract, Enumeration, Field, Member, Word
from flows.errors import HeepstorError

DESCRIPTOR = """
property fp32 { component = field; type = boolean; default = false; };
property twos_complement { component = field; type = boolean; default = false; };
property start_alignment { component = addrmap; type = longint unsigned; };
property most_crossings { component = addrmap; type = longint unsigned; };
property buffer_latency { component = addrmap; type = longint unsigned; };
property product_latency { component = addrmap; type = longint unsigned; };
property accumulate_latency { component = addrmap; type = longint unsigned; };
property store_latency { component = addrmap; type = longint unsigned; };
property function_latency { component = addrmap; type = longint unsigned; };
property integer_product_latency { component = addrmap; type = longint unsigned; };
property integer_accumulate_latency { component = addrmap; type = longint unsigned; };
property integer_store_latency { component = addrmap; type = longint unsigned; };
property integer_operand_latency { component = addrmap; type = longint unsigned; };
property segments { component = addrmap; type = longint unsigned; };
addrmap descriptor {
    start_alignment = 64;
    most_crossings = 3; buffer_latency = 1; product_latency = 2;
    accumulate_latency = 4; store_latency = 5; function_latency = 6;
    integer_product_latency = 1; integer_accumulate_latency = 2;
    integer_store_latency = 3; integer_operand_latency = 7; segments = 8;
    default regwidth = 32;
    enum color { red = 8'd1 { desc = "Like a rose."; }; };
    reg {
        field { desc = "Must be zero."; } reserved_paint[23:8];
        field { desc = "How warm."; twos_complement = true; } warmth[31:24] = 0xFE;
        field { desc = "What to paint."; encode = color; } paint[7:0] = 1;
    } control @ 0x0;
    reg { field { desc = "How much."; fp32 = true; } amount[31:0] = 0x3F800000; } amount @ 0x4;
};
"""
ENGINE = """
addrmap engine {
    default regwidth = 32;
    enum error { none = 8'd0 { desc = "No error."; }; };
    reg { field { hw = na; sw = r; } version[31:24] = 7; } id @ 0x0;
    reg { field { desc = "Why."; encode = error; } code[7:0]; } error @ 0x4;
};
"""


def load(folder: Path, descriptor: str = DESCRIPTOR) -> Contract:
    paths = folder / "descriptor.rdl", folder / "engine.rdl"
    for path, text in zip(paths, (descriptor, ENGINE), strict=True):
        path.write_text(text, encoding="utf-8")
    return description.load(*paths)


def test_everything_is_read(tmp_path: Path) -> None:
    color = Enumeration("color", "What to paint.", 8, (Member("red", 1, "Like a rose."),))
    error = Enumeration("error", "Why.", 8, (Member("none", 0, "No error."),))
    paint = Field("paint", "What to paint.", 0, 8, default=1, enumeration="color")
    rest = Field("reserved_paint", "Must be zero.", 8, 16)
    warmth = Field("warmth", "How warm.", 24, 8, default=0xFE, is_signed=True)
    amount = Field("amount", "How much.", 0, 32, default=0x3F800000, is_float=True)
    words = (Word("control", (paint, rest, warmth)), Word("amount", (amount,)))
    values = zip(description.CONSTANTS.items(), (3, 1, 2, 4, 5, 6, 1, 2, 3, 7, 8), strict=True)
    constants = tuple(Constant(name, value, meaning) for (name, meaning), value in values)
    assert load(tmp_path) == Contract(7, 64, constants, (color, error), words)
    assert (rest.is_reserved, paint.is_reserved, rest.mask) == (True, False, 0x00FFFF00)
    assert (warmth.default_value, amount.default_value) == (-2, 0x3F800000)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('desc = "Like a rose.";', "", "red of the engine's contract has no description"),
        ("reserved_paint[23:8]", "reserved_paint[23:9]", "reserved_paint begins at bit 9 .* bit 8"),
        ("warmth[31:24] = 0xFE", "warmth[30:24] = 0x7E", "control ends at bit 31 of word 0"),
        ("amount @ 0x4", "amount @ 0x8", "amount ends at bit 32 of word 2; .* of word 1"),
        ("amount[31:0]", "paint[31:0]", "two fields are called paint"),
    ],
)
def test_what_is_not_clear_is_refused(
    tmp_path: Path, before: str, after: str, message: str
) -> None:
    with pytest.raises(HeepstorError, match=message):
        load(tmp_path, DESCRIPTOR.replace(before, after))
