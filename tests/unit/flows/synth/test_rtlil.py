"""Modules of an elaborated design, and which of them are the same."""

from flows.synth import rtlil


def test_modules_have_kind_and_path(design):
    modules = rtlil.read(design)
    assert [(m.kind, m.path) for m in modules.values()] == [
        ("leaf", "one"),
        ("leaf", "two"),
        ("leaf", "wide"),
        ("top", ""),
    ]
    assert next(iter(modules["top"].cells())) == ("leaf$top.one", "one")


def test_equal_instances_have_equal_contents(design):
    contents = rtlil.contents(rtlil.read(design))
    one, two, wide = (contents[f"leaf$top.{name}"] for name in ("one", "two", "wide"))
    assert one.hash == two.hash != wide.hash
    assert one.interface == two.interface != wide.interface
    assert "leaf.sv" not in one.body and "ram_style" in one.body
    assert contents["top"].submodules == {one.interface, wide.interface}


REGISTER = """\
module \\top
  attribute \\src "src/core/top.sv:5.1-5.9|src/core/top.sv:8.1"
  attribute \\keep 1
  wire width 8 \\count_q
  attribute \\src "src/core/top.sv:6.1-6.9"
  wire \\lanes_q[3]
  wire \\elsewhere
  attribute \\src "src/core/top.sv:9.1"
  cell $adff $driver$count_q
    connect \\Q \\count_q
  end
  cell $add $add$top.sv
  end
end
"""


def test_registers_keep_their_names_in_the_content(tmp_path):
    """Yosys names the flip-flops that it makes of them, but keeps the attribute."""
    path = tmp_path / "design.il"
    path.write_text(REGISTER)
    (content,) = rtlil.contents(rtlil.read(path)).values()
    assert content.body.count("src") == 1
    assert 'attribute \\src "count_q"\n  cell $adff ' in content.body


def test_memories_keep_the_name_that_their_ports_have(tmp_path):
    """Yosys doubles the backslashes in a port's parameter."""
    path = tmp_path / "design.il"
    path.write_text(
        "module \\top\n"
        "  memory width 8 size 16 $flatten\\u_fifo.$auto$1\n"
        "  cell $memrd_v2 $auto$2\n"
        '    parameter \\MEMID "$flatten\\\\u_fifo.$auto$1"\n'
        "  end\n"
        "end\n"
    )
    (content,) = rtlil.contents(rtlil.read(path)).values()
    declared, _, used, _ = content.body.splitlines()
    assert declared.split()[-1] == used.split()[-1].strip('"') == "$n0"


def test_registers_are_found_in_their_source(tmp_path):
    path = tmp_path / "design.il"
    path.write_text(REGISTER)
    module = rtlil.read(path)["top"]
    assert module.source("count_q") == ("src/core/top.sv", 5)
    assert module.source("lanes_q[3].sign") == ("src/core/top.sv", 6)
    assert module.source("elsewhere") == module.source("$auto$1") == ("", 0)


def test_large_memories_are_marked():
    body = "  memory width 8 size 16 \\small\n  memory width 8 size 17 offset 1 \\large\n  wire \\x"
    assert rtlil.marked(body, 128).splitlines() == [
        "  memory width 8 size 16 \\small",
        "  attribute \\black_box 1",
        "  memory width 8 size 17 offset 1 \\large",
        "  wire \\x",
    ]
    assert rtlil.marked(body, None) == body
