"""C++ from templates."""

from __future__ import annotations

from pathlib import Path

import jinja2
import pytest

from modelgen.cpp.rendering import render


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "arrays.cpp.j2"
    path.write_text("{% for name in names %}\n  int {{ name }};\n  {% endfor %}\n// end\n")
    return path


def test_statements_leave_no_lines_behind(template: Path) -> None:
    assert render(template, {"names": ["a", "b"]}) == "  int a;\n  int b;\n// end\n"
    assert render(template, {"names": []}) == "// end\n"


def test_a_variable_that_is_missing_is_an_error(template: Path) -> None:
    with pytest.raises(jinja2.UndefinedError, match="names"):
        render(template, {})


def test_a_template_includes_others_beside_it(template: Path) -> None:
    outer = template.with_name("outer.cpp.j2")
    outer.write_text("{% include 'arrays.cpp.j2' %}")
    assert render(outer, {"names": ["a"]}) == "  int a;\n// end\n"
