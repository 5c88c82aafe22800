"""Reading the contract from SystemRDL."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.contract import description
from flows.contract.description import Contract, Enumeration, Field, Member, Word
from flows.errors import HeepstorError

DESCRIPTOR = """
addrmap descriptor {
    default regwidth = 32;
    enum color { red = 8'd1 { desc = "Like a rose."; }; };
    reg {
        field { desc = "Upper."; } high[31:8];
        field { desc = "What to paint."; encode = color; } paint[7:0];
    } control @ 0x0;
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
    fields = (Field("control_paint", 0, 8), Field("control_high", 8, 24))
    assert load(tmp_path) == Contract(7, (color, error), (Word("control", fields),))


def test_a_value_needs_a_description(tmp_path: Path) -> None:
    with pytest.raises(HeepstorError, match="red of the engine's contract has no description"):
        load(tmp_path, DESCRIPTOR.replace('desc = "Like a rose.";', ""))
