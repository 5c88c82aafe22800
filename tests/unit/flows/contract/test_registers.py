"""Register descriptions: what is wrong is said, and what C++ gets of them."""

import re

import pytest

from flows.contract import registers
from flows.errors import HeepstorError

BLOCK = """
addrmap DEMO {
    default regwidth = 32;
    reg {
        name = "control";
        desc = "Starts
                and stops.";
        field { sw = rw; hw = r; } start[0:0] = 0;
        field { sw = rw; hw = r; } burst_size[15:8] = 0;
    } CONTROL @ 0x0;
    reg { name = "Result"; field { sw = r; hw = w; } value[31:0]; } RESULT[2] @ 0x8;
};
"""


def test_constants_of_a_block(tmp_path):
    (tmp_path / "demo.rdl").write_text(BLOCK)
    registers.write_cpp_header(tmp_path / "demo.rdl", tmp_path / "demo.hpp")
    text = (tmp_path / "demo.hpp").read_text()
    assert "namespace heepstor::regs::demo {" in text and "// Generated from demo.rdl" in text
    assert "// Starts and stops." in text and "// Result" in text
    assert dict(re.findall(r"std::uint32_t (\w+) = (\w+)u;", text)) == {
        "kControlOffset": "0x00",
        "kControlStartMask": "0x00000001",
        "kControlStartShift": "0",
        "kControlBurstSizeMask": "0x0000ff00",
        "kControlBurstSizeShift": "8",
        "kResult0Offset": "0x08",
        "kResult0ValueMask": "0xffffffff",
        "kResult0ValueShift": "0",
        "kResult1Offset": "0x0c",
        "kResult1ValueMask": "0xffffffff",
        "kResult1ValueShift": "0",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("addrmap x {", "demo.rdl is not valid:(.|\n)*"),
        ("addrmap x { reg { field {} a[40:0]; } r; };", "demo.rdl is not valid:(.|\n)*field"),
    ],
)
def test_a_description_that_is_wrong(tmp_path, text, message):
    (tmp_path / "demo.rdl").write_text(text)
    with pytest.raises(HeepstorError, match=message):
        registers.compile_rdl(tmp_path / "demo.rdl")


def test_a_description_that_is_not_there(tmp_path):
    with pytest.raises(HeepstorError, match=r"none\.rdl is not valid"):
        registers.compile_rdl(tmp_path / "none.rdl")
