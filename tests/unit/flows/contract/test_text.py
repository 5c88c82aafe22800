"""Names and comments in generated sources."""

from flows.contract.text import COLUMNS, camel_case, comment


def test_names_of_constants():
    assert camel_case("bad_address") == "BadAddress"
    assert camel_case("MAX") == "Max"


def test_comments_are_wrapped_with_their_prefix():
    lines = comment("word " * 60, "  /// ")
    assert len(lines) > 2 and max(map(len, lines)) <= COLUMNS
    assert all(line.startswith("  /// word") for line in lines)
    assert comment("", "// ") == []
