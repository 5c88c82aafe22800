"""Pictures in SVG, read back by their elements."""

from __future__ import annotations

from xml.etree import ElementTree


def parsed(svg: str) -> ElementTree.Element:
    """The drawing as XML: it is well-formed."""
    return ElementTree.fromstring(svg)


def with_class(drawing: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [item for item in drawing.iter() if name in item.get("class", "").split()]


def number(item: ElementTree.Element, name: str) -> float:
    return float(item.get(name))


def words(drawing: ElementTree.Element) -> list[str]:
    return [item.text or "" for item in drawing.iter("text")]


def hints(drawing: ElementTree.Element) -> list[str]:
    return [item.text for item in drawing.iter("title")]
