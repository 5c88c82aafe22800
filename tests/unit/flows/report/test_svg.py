"""Pieces of SVG: widths of texts, lines."""

from __future__ import annotations

from xml.etree import ElementTree

from flows.report import svg
from flows.report.svg import text_width, wrap


def test_long_texts_are_broken_and_nothing_is_lost():
    text = "stages.1.blocks.0.convolution + a_name_that_is_far_too_long_for_any_line"
    lines = wrap(text, 120, 13)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(text_width(line, 13) <= 120 for line in lines)


def test_a_word_that_is_wider_than_a_line_is_broken_to_single_letters():
    assert wrap("mmm", 1, 13) == ["m", "m", "m"]
    assert wrap("", 100, 13) == [""]


def test_names_of_layers_cannot_break_the_page():
    words = '<b>"fc" & more</b>'
    drawing = ElementTree.fromstring(svg.text(1, 2, words, class_=words))
    assert drawing.text == drawing.get("class") == words
    assert ElementTree.fromstring(svg.title(words)).text == words


def test_attributes():
    assert svg.element("g") == "<g/>"
    assert (
        svg.element("g", class_="a", text_anchor="end", x=None)
        == '<g class="a" text-anchor="end"/>'
    )
    assert svg.element("g", x=1.0, y=0.125, width=1234567) == '<g x="1" y="0.12" width="1234567"/>'


def test_a_drawing_has_a_name_and_its_elements_in_order():
    drawing = svg.Drawing(100, 50.5, "cycles & more")
    drawing.add(svg.line(0, 0, 1, 1, "grid"), svg.rectangle(0, 0, 2, 2, "box", "a hint"))
    made = ElementTree.fromstring(drawing.render("bars"))
    assert [item.tag for item in made] == ["line", "rect"]
    assert made.get("viewBox") == "0 0 100 50.5" and made.get("aria-label") == "cycles & more"
    assert made.get("class") == "chart bars" and made.get("preserveAspectRatio") is None
    assert made.find("rect/title").text == "a hint"
