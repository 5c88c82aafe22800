"""Modules are mapped once, and kept."""

import sys
from dataclasses import replace

import pytest

from flows.errors import HeepstorError
from flows.synth import mapping, rtlil
from flows.synth.recipe import Recipe

# Writes what Yosys would: one LUT for each module that is no black box.
YOSYS = """\
import json, re, sys
from pathlib import Path
with open("{calls}", "a") as calls: calls.write("x")
source = Path("modules.il").read_text()
boxes = re.findall(r"blackbox 1\\nmodule \\\\(\\S+)", source)
names = [n for n in re.findall(r"^module \\\\(\\S+)", source, re.M) if n not in boxes]
lut = {{"type": "LUT1", "attributes": {{}}, "parameters": {{}}, "connections": {{"O": [2]}}}}
modules = {{name: {{"ports": {{}}, "cells": {{"lut": lut}}}} for name in names}}
Path("mapped.json").write_text(json.dumps({{"modules": modules}}))
"""


@pytest.fixture
def mapper(tmp_path):
    """A mapper with a stand-in for Yosys, which notes each call in the file `calls`."""
    program = tmp_path / "yosys.py"
    program.write_text(YOSYS.format(calls=tmp_path / "calls"))
    return mapping.Mapper((sys.executable, str(program)), "1", Recipe("script"), tmp_path / "cache")


def run(mapper, design):
    return mapper.run(rtlil.read(design))


def test_contents_are_mapped_once_and_kept(design, mapper, tmp_path):
    mapped = run(mapper, design)
    assert mapped.keys() == {"leaf$top.one", "leaf$top.two", "leaf$top.wide", "top"}
    assert all(one.netlist.cells == {"LUT1": 1} for one in mapped.values())
    assert mapped["leaf$top.one"].netlist is mapped["leaf$top.two"].netlist
    assert mapped["top"].inner == {name: f"leaf$top.{name}" for name in ("one", "two", "wide")}
    run(mapper, design)
    assert (tmp_path / "calls").read_text() == "x"


def test_only_what_changed_is_mapped_again(design, mapper, tmp_path):
    run(mapper, design)
    seen = []
    design.write_text(design.read_text().replace("connect \\a $n$7", "connect \\a 1'0"))
    run(replace(mapper, on_progress=lambda done, total: seen.append((done, total))), design)
    assert seen == [(0, 1), (1, 1)]


@pytest.mark.parametrize("change", [{"version": "2"}, {"recipe": Recipe("another")}])
def test_results_belong_to_version_and_recipe(design, mapper, tmp_path, change):
    run(mapper, design)
    run(replace(mapper, **change), design)
    assert (tmp_path / "calls").read_text() == "xx"


def test_damaged_result_is_made_again(design, mapper, tmp_path):
    before = run(mapper, design)
    for path in mapper.cache.glob("*.json"):
        path.write_text(path.read_text()[:3])
    after = run(mapper, design)
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
