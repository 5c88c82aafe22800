"""An elaborated design, as Yosys writes it."""

import pytest

LEAF = """\
attribute \\src "leaf.sv:1.1"
module \\leaf$top.{name}
  attribute \\src "leaf.sv:2.2"
  wire width {width} input 1 \\a
  wire output 2 \\y
  attribute \\ram_style "block"
  wire $x${number}
  cell $not $y${number}
    connect \\A \\a
    connect \\Y $x${number}
  end
  connect \\y $x${number}
end
"""


TOP = """\
module \\top
  wire $n$7
  cell \\leaf$top.one \\one
    connect \\a $n$7
  end
  cell \\leaf$top.two \\two
  end
  cell \\leaf$top.wide \\wide
  end
end
"""


@pytest.fixture
def design(tmp_path):
    """A design whose instances one and two are equal; a third has a wider port."""
    path = tmp_path / "design.il"
    leaves = [("one", 1, 3), ("two", 1, 99), ("wide", 2, 5)]
    text = [LEAF.format(name=name, width=width, number=n) for name, width, n in leaves]
    path.write_text("".join([*text, TOP]))
    return path
