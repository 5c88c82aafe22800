"""SVG elements. They have classes, for which the style sheet sets colours and fonts."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

CHARACTER = 0.56
"""Mean width of a character of the page's font, relative to its size; on the wide side."""


def _value(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def element(name: str, *content: str, **attributes: object) -> str:
    """Return an element. `class_` is `class`, other underscores are hyphens; content is SVG."""
    pairs = (
        (key.rstrip("_").replace("_", "-"), escape(_value(value)))
        for key, value in attributes.items()
        if value is not None
    )
    opening = " ".join([name, *(f'{key}="{value}"' for key, value in pairs)])
    return f"<{opening}>{''.join(content)}</{name}>" if content else f"<{opening}/>"


def title(text: str) -> str:
    """Return a tooltip for the enclosing element."""
    return element("title", escape(text))


def text(x: float, y: float, words: str, class_: str = "", anchor: str = "start") -> str:
    """Return a line of text; `y` is its baseline."""
    return element(
        "text", escape(words), x=float(x), y=float(y), class_=class_ or None, text_anchor=anchor
    )


def rectangle(
    x: float, y: float, width: float, height: float, class_: str, hint: str = "", **more: object
) -> str:
    """Return a rectangle; `hint` is its tooltip."""
    content = [title(hint)] if hint else []
    sizes = {"x": float(x), "y": float(y), "width": float(width), "height": float(height)}
    return element("rect", *content, **sizes, class_=class_, **more)


def line(x1: float, y1: float, x2: float, y2: float, class_: str, hint: str = "") -> str:
    """Return a straight line."""
    content = [title(hint)] if hint else []
    ends = {"x1": float(x1), "y1": float(y1), "x2": float(x2), "y2": float(y2)}
    return element("line", *content, **ends, class_=class_)


def path(d: str, class_: str, hint: str = "") -> str:
    """Return a path; `d` has its commands."""
    return element("path", *([title(hint)] if hint else []), d=d, class_=class_)


@dataclass
class Drawing:
    """An SVG picture, built element by element. `name` is for screen readers."""

    width: float
    height: float
    name: str
    elements: list[str] = field(default_factory=list)

    def add(self, *elements: str) -> None:
        """Add elements on top."""
        self.elements += elements

    def render(self, class_: str = "", stretch: bool = False) -> str:
        """Return the picture, scaled down to the page if necessary, or to its width (`stretch`)."""
        return element(
            "svg",
            *self.elements,
            viewBox=f"0 0 {self.width:g} {self.height:g}",
            preserveAspectRatio="none" if stretch else None,
            class_=f"chart {class_}".strip(),
            style=f"--width: {self.width:g}px",
            role="img",
            aria_label=self.name,
        )


def text_width(words: str, size: float) -> float:
    """Return the approximate width of a text in pixels; an upper bound for ordinary text."""
    return sum(_character_width(c) for c in words) * size


def _character_width(character: str) -> float:
    if character in "iljtfI.,:;|'()[] ":
        return 0.36
    if character in "mwMW@%":
        return 0.9
    return 0.64 if character.isupper() else CHARACTER + 0.02


def wrap(words: str, width: float, size: float) -> list[str]:
    """Break a text into lines that fit; also break words that do not fit."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if text_width(longer, size) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
        while text_width(lines[-1], size) > width and len(lines[-1]) > 1:
            keep = next(
                n
                for n in range(len(lines[-1]) - 1, 0, -1)
                if n == 1 or text_width(lines[-1][:n], size) <= width
            )
            lines[-1:] = [lines[-1][:keep], lines[-1][keep:]]
    return lines
