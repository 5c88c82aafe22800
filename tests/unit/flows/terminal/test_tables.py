"""Tables on a terminal and in a pipe."""

from __future__ import annotations

import io

import pytest

from flows.terminal import tables


def test_tables_have_100_columns_in_a_pipe():
    assert tables.console(stream=io.StringIO()).width == 100


def test_text_is_printed_as_it_is():
    """Names of layers may look like rich's markup, or like its emoji."""
    stream = io.StringIO()
    tables.console(60, stream).print("[red]conv[/red] :warning: 12")
    assert stream.getvalue() == "[red]conv[/red] :warning: 12\n"


def test_a_width_that_is_asked_for_counts():
    assert tables.console(60, io.StringIO()).width == 60


def test_a_reader_that_has_gone_is_left_to_the_task():
    class Gone(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        tables.console(stream=Gone()).print("text")
