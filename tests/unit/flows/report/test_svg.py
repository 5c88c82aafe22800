"""Pieces of SVG: widths of texts, lines."""

from __future__ import annotations

from flows.report.svg import text_width, wrap


def test_long_texts_are_broken_and_nothing_is_lost():
    text = "stages.1.blocks.0.convolution + a_name_that_is_far_too_long_for_any_line"
    lines = wrap(text, 120, 13)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(text_width(line, 13) <= 120 for line in lines)
