"""Names and comments in generated sources."""

from __future__ import annotations

import textwrap

COLUMNS = 100


def camel_case(name: str) -> str:
    """Return `bad_address` as `BadAddress`."""
    return "".join(part.capitalize() for part in name.split("_"))


def comment(text: str, prefix: str) -> list[str]:
    """Return a text as lines that begin with a prefix, which includes the indentation."""
    return textwrap.wrap(text, COLUMNS, initial_indent=prefix, subsequent_indent=prefix)
