"""clang-format for emitted C++."""

from __future__ import annotations

import pytest

from modelgen.cpp.formatting import format_cpp
from modelgen.errors import ModelError


def test_the_project_s_style() -> None:
    assert format_cpp("int  f( ){return   1;}", "a.cpp") == "int f() { return 1; }"


def test_a_line_ends_at_column_100() -> None:
    terms = " + ".join(f"value_{number}" for number in range(30))
    lines = format_cpp(f"int f() {{ return {terms}; }}", "a.cpp").splitlines()
    assert len(lines) > 2 and max(map(len, lines)) <= 100


CHAIN = """Thing things[2] = {
    make(1)
        .with_something(1)
        .of(2),
{end}
};
"""


@pytest.mark.parametrize(
    ("end", "is_kept"),
    [("    make(2).with_something(3)", True), (f"    make(2).with({'a, ' * 40}b)", False)],
)
def test_chained_calls_are_left_as_they_are_unless_a_line_is_too_long(
    end: str, is_kept: bool
) -> None:
    chain = CHAIN.replace("{end}", end)
    before, after = "int  a;\n\n", "\nint  b;\n"
    for text in (before + chain, chain + after, before + chain + after):
        found = format_cpp(text, "a.cpp")
        assert (chain in found) is is_kept
        assert "int  " not in found and found.count("int a;") == text.count("int  a;")
        assert max(map(len, found.splitlines())) <= 100


def test_failures_show_what_clang_format_says(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("modelgen.cpp.formatting._STYLE_FILE", tmp_path / "no-such-style")
    with pytest.raises(ModelError, match=r"clang-format failed on a\.cpp: .*no-such-style"):
        format_cpp("int x;", "a.cpp")
