"""The record of what a bitstream was made from, and the guard on stale bitstreams that it is."""

import json

import pytest
import yaml

from flows.errors import HeepstorError
from flows.fpga import record

NAME = "heepstor_systems_heepstor_1.0.0"


@pytest.fixture
def work(tmp_path):
    """A work folder with a project, its bitstream and the bitstream's record."""
    (tmp_path / "src").mkdir()
    for name in ("a.sv", "b.sv", "pins.xdc", "lint.vlt"):
        (tmp_path / "src" / name).write_text(f"// {name}\n")
    describe(tmp_path)
    (tmp_path / f"{NAME}.bit").write_bytes(b"bits")
    record.write(tmp_path, "Vivado 2023.2", record.inputs(tmp_path))
    return tmp_path


def describe(work, files=("a.sv", "b.sv", "pins.xdc", "lint.vlt"), **changes):
    types = {".sv": "systemVerilogSource", ".xdc": "xdc", ".vlt": "vlt"}
    description = {
        "name": NAME,
        "toplevel": "top",
        "parameters": {"FAST": {"datatype": "bool", "default": True}},
        "flow_options": {"part": "xczu7ev-ffvc1156-2-e"},
        "files": [
            {"name": f"src/{name}", "file_type": types[name[name.index(".") :]]} for name in files
        ],
        **changes,
    }
    (work / f"{NAME}.eda.yml").write_text(yaml.safe_dump(description))


def test_a_bitstream_of_the_current_sources_is_current(work):
    assert record.why_stale(work) is None
    assert json.loads((work / f"{NAME}.bit.json").read_text())["made_by"] == "Vivado 2023.2"


def test_time_stamps_do_not_count(work):
    text = (work / "src" / "a.sv").read_text()
    (work / "src" / "a.sv").write_text("changed")
    (work / "src" / "a.sv").write_text(text)
    assert record.why_stale(work) is None


@pytest.mark.parametrize("name", ["a.sv", "b.sv", "pins.xdc"])
def test_a_changed_source_makes_it_stale(work, name):
    (work / "src" / name).write_text("// changed\n")
    assert record.why_stale(work) == f"src/{name} changed"


def test_a_changed_script_of_yosys_makes_it_stale(work):
    (work / "synth.ys").write_text("read_slang a.sv")
    assert record.why_stale(work) == "synth.ys is new"


def test_waivers_of_the_linter_have_no_effect(work):
    (work / "src" / "lint.vlt").write_text("// changed\n")
    assert record.why_stale(work) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"toplevel": "other"},
        {"parameters": {"FAST": {"datatype": "bool", "default": False}}},
        {"flow_options": {"part": "xczu9eg-ffvb1156-2-e"}},
        {"files": ("b.sv", "a.sv", "pins.xdc", "lint.vlt")},
    ],
    ids=["top", "parameter", "part", "order"],
)
def test_other_settings_make_it_stale(work, changes):
    describe(work, **changes)
    assert record.why_stale(work) == "settings changed"


def test_options_of_programming_have_no_effect(work):
    describe(work, flow_options={"part": "xczu7ev-ffvc1156-2-e", "pgm": True, "jobs": 4})
    assert record.why_stale(work) is None


def test_files_that_come_and_go(work):
    (work / "src" / "c.sv").write_text("")
    describe(work, files=("a.sv", "c.sv", "pins.xdc", "lint.vlt"))
    reason = record.why_stale(work)
    assert reason == "settings changed, and 2 more"


def test_another_bitstream_under_its_name_is_noticed(work):
    (work / f"{NAME}.bit").write_bytes(b"other bits")
    assert "does not match its record" in record.why_stale(work)


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"schema": 1}', '{"schema": 2}'])
def test_without_a_readable_record_nothing_is_trusted(work, text):
    path = work / f"{NAME}.bit.json"
    path.unlink() if text is None else path.write_text(text)
    assert "are unknown" in record.why_stale(work)


def test_no_bitstream(work):
    (work / f"{NAME}.bit").unlink()
    assert record.why_stale(work) == "there is none"
    with pytest.raises(HeepstorError, match="no bitstream was built"):
        record.write(work, "Vivado 2023.2", record.inputs(work))


def test_sources_that_change_during_the_build(work):
    before = record.inputs(work)
    (work / f"{NAME}.bit.json").unlink()
    (work / "src" / "a.sv").write_text("// changed\n")
    with pytest.raises(HeepstorError, match=r"changed during the build \(src/a.sv changed\)"):
        record.write(work, "Vivado 2023.2", before)
    assert "are unknown" in record.why_stale(work)


def test_a_bitstream_made_elsewhere(work, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    copy = elsewhere / "mine.bit"
    copy.write_bytes(b"bits")
    assert "mine.bit.json is missing" in record.why_stale(work, copy)
    (elsewhere / "mine.bit.json").write_text((work / f"{NAME}.bit.json").read_text())
    assert record.why_stale(work, copy) is None


def test_clearing_removes_what_a_tool_would_take_for_current(work):
    (work / f"{NAME}.runs" / "impl_1").mkdir(parents=True)
    (work / f"{NAME}.xpr").touch()
    record.clear(work, (f"{NAME}.xpr", f"{NAME}.runs", f"{NAME}.gen"))
    assert sorted(path.name for path in work.iterdir()) == [f"{NAME}.eda.yml", "src"]


def test_a_folder_without_a_project(tmp_path):
    with pytest.raises(HeepstorError, match="has no FuseSoC project"):
        record.why_stale(tmp_path)
