"""C++ from templates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2


def render(template: Path, context: dict[str, Any]) -> str:
    """Return the text of a template; a variable missing from the context is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template.parent),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(template.name).render(context)
