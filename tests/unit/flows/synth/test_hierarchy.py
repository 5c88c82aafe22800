"""The tree of instances."""

from flows.synth import hierarchy, rtlil
from flows.synth.resources import Resources


def test_tree_adds_up_what_instances_contain(design):
    modules = rtlil.read(design)
    own = {name: Resources(lut=1, ff=2) for name in modules} | {"leaf$top.wide": Resources(lut=9)}
    top = hierarchy.tree(modules, own)
    assert top.total == Resources(lut=12, ff=6)
    assert [child.name for child in top.children] == ["wide", "one", "two"]
    kinds = hierarchy.by_kind(top)
    assert list(kinds) == ["top", "leaf"]
    assert (kinds["leaf"]["instances"], kinds["leaf"]["lut"], kinds["leaf"]["ff"]) == (3, 9, 2)
