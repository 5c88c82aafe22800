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
