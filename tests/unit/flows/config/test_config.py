"""The hardware configuration: what is accepted, what is refused and how, and what is generated."""

import copy
import json
import os
import re

import hjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows import config
from flows.config import reading
from flows.config.knobs import leaf
from flows.errors import HeepstorError

OVERLAYS = sorted(config.DEFAULT_PATH.parent.glob("boards/*/heepstor_cfg.hjson"))
DEFAULT = hjson.loads(config.DEFAULT_PATH.read_text())


def changed(path: str, value):
    """The default values with one of them replaced."""
    values = copy.deepcopy(DEFAULT)
    *sections, name = path.split(".")
    target = values
    for section in sections:
        target = target[section]
    target[name] = value
    return values


def message_of(values) -> str:
    with pytest.raises(HeepstorError) as caught:
        config.from_dict(values, "test.hjson")
    return str(caught.value)


def test_default_file():
    loaded = config.load()
    assert loaded.memory.bytes == 1024 * 1024
    assert loaded.engine.array_size == 8
    assert loaded.address.memory == 0x8000_0000
    assert loaded.arena_kib is None
    assert loaded.uart_divider == 50


def test_environment_chooses_the_file(tmp_path, monkeypatch):
    other = tmp_path / "other.hjson"
    other.write_text(hjson.dumps(changed("engine.array_size", 16)))
    monkeypatch.setenv("HEEPSTOR_CONFIG", str(other))
    assert config.load().engine.array_size == 16


def test_missing_file_is_one_clear_message(tmp_path):
    with pytest.raises(HeepstorError, match=r"nowhere\.hjson.*No such file"):
        config.load(tmp_path / "nowhere.hjson")


def test_bad_syntax_names_the_file(tmp_path):
    bad = tmp_path / "bad.hjson"
    bad.write_text("{ clock_hz: [ }")
    with pytest.raises(HeepstorError, match=r"bad\.hjson is not valid Hjson"):
        config.load(bad)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe", "is not valid Hjson"),
        (b"{a: " * 3000, "is nested too deeply"),
        (b"[" * 100_000, "is nested too deeply"),
        (b"{clock_hz: 1\nclock_hz: 2}", "clock_hz is given more than once"),
        (b"{uart: {baud: 1, baud: 2}}", "baud is given more than once"),
        (b"{clock_hz: " + b"9" * 5000 + b"}", "is not valid Hjson"),
        (b"#" * (1 << 21), "has 2,097,152 bytes; expected an Hjson file of at most 1,048,576"),
        (b"{uart: {}, uart: {}}", "uart is given more than once"),
        (b"[]", "the file must be a section"),
    ],
)
def test_files_of_any_content_are_read_to_their_end(tmp_path, content, message):
    file = tmp_path / "odd.hjson"
    file.write_bytes(content)
    with pytest.raises(HeepstorError, match=message):
        config.load(file)


def test_a_configuration_is_a_file(tmp_path):
    """Others have no end, or can be read once only: the build reads it several times."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, "/dev/null", "/dev/zero", tmp_path / "pipe"):
        with pytest.raises(HeepstorError, match=r"is a (folder|pipe or a device); expected a file"):
            config.load(path)


def test_a_byte_order_mark_is_no_content(tmp_path):
    file = tmp_path / "marked.hjson"
    file.write_bytes(b"\xef\xbb\xbf" + config.DEFAULT_PATH.read_bytes())
    assert config.load(file) == config.load(config.DEFAULT_PATH)


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("memory.banks", 6, "power of two from 1 to 32"),
        ("memory.banks", 2, "less than engine.port_words"),
        ("memory.bank_kib", 6, "multiple of 4"),
        ("stack_kib", 0, "stack_kib is 0"),
        (
            "stack_kib",
            1024,
            "the memory has only 1024 KiB (stack_kib + arena_kib",
        ),
        ("arena_kib", 1100, "take 1108 KiB"),
        ("arena_kib", "much", 'or "auto"'),
        ("uart.baud", 0, "uart.baud is 0; expected an integer >= 1"),
        ("uart.baud", 1, "at this clock_hz expected 1526 to 12500000"),
        ("uart.baud", 11_800_000, "nearest exact rate"),
        ("uart.fifo_depth", 3, "power of two from 2 to 256"),
        ("engine.array_size", 6, "engine.array_size is 6; expected a multiple of 4 from 4 to 32"),
        ("engine.array_size", 36, "expected a multiple of 4 from 4 to 32"),
        ("engine.port_words", 3, "a power of two from 1 to 4"),
        ("engine.buffer_words", 1000, "power of two from 256 to 65536"),
        ("engine.accumulator_depth", 8, "power of two from 16 to 4096"),
        ("engine.array_size", "8", "a whole number"),
        ("engine.array_size", True, "a whole number"),
        ("address.uart", "0x10000800", "multiple of 0x1000"),
        ("address.uart", "0x10000000", "overlaps"),
        ("address.uart", "here", "hexadecimal string"),
        ("address.uart", "-0x1000", "multiple of 0x1000"),
        ("address.uart", "0x100000000", "multiple of 0x1000 within 32 bits"),
        ("arena_kib", 0, 'arena_kib is 0; expected an integer >= 1 or "auto"'),
        ("stack_kib", "auto", "stack_kib is 'auto'; it must be a whole number"),
        ("address.memory", "0xfffc0000", "beyond the 32-bit address space"),
        ("address.memory", "0x80001000", "expected a multiple of 0x100000"),
        ("engine.aray_size", 8, "did you mean array_size?"),
        ("memory", 8, "memory must be a section"),
        ("clock_hz", 10, "clock_hz is 10"),
    ],
)
def test_impossible_values_are_refused(path, value, expected):
    message = message_of(changed(path, value))
    assert "test.hjson can't be built" in message
    assert expected in message


def test_every_problem_is_named():
    values = changed("engine.array_size", 6)
    values["engine"]["port_words"] = 3
    values["memory"]["bank_kib"] = 5
    assert message_of(values).count("\n  - ") == 3


def test_missing_knob():
    values = copy.deepcopy(DEFAULT)
    del values["uart"]["baud"]
    assert "uart.baud is missing" in message_of(values)


def test_a_file_names_what_differs(tmp_path):
    overlay = tmp_path / "overlay.hjson"
    overlay.write_text('{ engine: { array_size: 16 }\n address: { uart: "0x10008000" } }')
    expected = changed("engine.array_size", 16)
    expected["address"]["uart"] = "0x10008000"
    assert config.load(overlay) == config.from_dict(expected)
    overlay.write_text("")
    assert config.load(overlay) == config.from_dict(DEFAULT)


def test_knobs_are_set_on_top_of_an_overlay(tmp_path):
    overlay = tmp_path / "overlay.hjson"
    overlay.write_text("{ engine: { array_size: 16 } }")
    path = config.changed(overlay, "engine.port_words=2", tmp_path)
    loaded = config.load(path)
    assert (loaded.engine.array_size, loaded.engine.port_words) == (16, 2)
    # It stays what it is when the default configuration changes later.
    assert hjson.loads(path.read_text()).keys() == DEFAULT.keys()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ engine: { aray_size: 16 } }", "engine.aray_size is not a knob; did you mean array_"),
        ("{ engine: 16 }", "engine must be a section"),
        ("{ clock_hz: { banks: 1 } }", "clock_hz is {'banks': 1}; it must be a whole number"),
        ("{ engine: { array_size: 6 } }", "engine.array_size is 6; expected a multiple of 4"),
        ("{ memory: { banks: 2 } }", "memory.banks is 2, less than engine.port_words (4)"),
    ],
)
def test_mistakes_of_an_overlay(tmp_path, text, expected):
    overlay = tmp_path / "overlay.hjson"
    overlay.write_text(text)
    with pytest.raises(HeepstorError, match=re.escape(expected)):
        config.load(overlay)


def test_an_overlay_of_a_wrong_default_names_the_default(tmp_path, monkeypatch):
    default, overlay = tmp_path / "default.hjson", tmp_path / "overlay.hjson"
    default.write_text(hjson.dumps(changed("engine.array_size", 6)))
    overlay.write_text("{ engine: { array_size: 16 } }")
    monkeypatch.setattr(reading, "DEFAULT_PATH", default)
    with pytest.raises(HeepstorError, match=r"default\.hjson can't be built"):
        config.load(overlay)


@pytest.mark.parametrize("path", OVERLAYS, ids=lambda path: path.parent.name)
def test_boards_name_only_what_differs(path):
    default, own = config.load(config.DEFAULT_PATH), hjson.loads(path.read_text())
    for section, value in own.items():
        for name in value if isinstance(value, dict) else [None]:
            whole = f"{section}.{name}" if name else section
            assert leaf(config.load(path).to_dict(), whole) != leaf(default.to_dict(), whole), whole


def test_hash_identifies_the_hardware_only():
    base = config.from_dict(DEFAULT)
    # Folders of simulators are named so: it must not change with the code.
    assert base.hash == "f60fc4ab"
    assert config.from_dict(changed("stack_kib", 16)).hash == base.hash
    assert config.from_dict(changed("arena_kib", 100)).hash == base.hash
    for knob, value in (
        ("clock_hz", 50_000_000),
        ("memory.banks", 16),
        ("uart.baud", 1_000_000),
        ("uart.fifo_depth", 32),
        ("engine.array_size", 16),
        ("address.uart", "0x10008000"),
    ):
        assert config.from_dict(changed(knob, value)).hash != base.hash, knob
    assert len(base.hash) == 8


# Machines under load miss any deadline.
@settings(deadline=None)
@given(
    banks=st.sampled_from([4, 8, 16, 32]),
    bank_kib=st.integers(1, 16).map(lambda n: 4 * n),
    size=st.sampled_from([4, 8, 12, 16, 20, 24, 28, 32]),
    port=st.sampled_from([1, 2, 4]),
    baud=st.sampled_from([115200, 1_000_000, 2_000_000, 10_000_000]),
)
def test_allowed_values_round_trip_through_json(
    tmp_path_factory, banks, bank_kib, size, port, baud
):
    values = copy.deepcopy(DEFAULT)
    values["memory"] = {"banks": banks, "bank_kib": bank_kib}
    values["engine"] |= {"array_size": size, "port_words": port}
    values["uart"]["baud"] = baud
    made = config.from_dict(values)
    path = tmp_path_factory.mktemp("json") / "config.json"
    config.write_json(made, path)
    written = json.loads(path.read_text())
    assert written.pop("hash") == made.hash
    written["arena_kib"] = "auto"
    assert config.from_dict(written) == made


@settings(deadline=None)
@given(
    st.recursive(
        st.integers() | st.text() | st.none(),
        lambda c: st.dictionaries(
            st.sampled_from(["clock_hz", "memory", "banks", "engine", "array_size", "x"]), c
        ),
    )
)
def test_no_input_ends_in_a_traceback(values):
    with pytest.raises(HeepstorError):
        config.from_dict(values)


def test_generated_files_hold_the_values(tmp_path):
    made = config.load()
    config.write_sv_package(made, tmp_path / "pkg.sv")
    config.write_cpp_header(made, tmp_path / "config.hpp")
    config.write_linker_script(made, tmp_path / "link.ld")
    package = (tmp_path / "pkg.sv").read_text()
    header = (tmp_path / "config.hpp").read_text()
    script = (tmp_path / "link.ld").read_text()
    assert "localparam int unsigned ArraySize = 8;" in package
    assert "localparam logic [31:0] MemoryBase = 32'h80000000;" in package
    assert f"kConfigHash = 0x{made.hash}u;" in header
    assert "kStackBytes = 8192u;" in header
    assert "StackBytes" not in package, "software alone depends on it"
    assert "__stack_size = 0x2000;" in script
    assert "ORIGIN = 0x80000000, LENGTH = 0x100000" in script
    assert "${" not in script
