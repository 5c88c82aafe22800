"""Configurations from files: what is read, what is refused and how."""

import copy
import os
import re

import hjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows import config
from flows.config import reading
from flows.errors import HeepstorError
from tests.support.configurations import DEFAULT, changed, message_of


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
