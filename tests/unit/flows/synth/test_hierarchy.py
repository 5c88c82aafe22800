"""The tree of instances."""

from flows.synth import hierarchy, rtlil
from flows.synth.hierarchy import Instance
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


def test_all_instances_from_the_top():
    leaf = Instance("x", "leaf", Resources(lut=3))
    top = Instance("top", "top", Resources(lut=1), [Instance("a", "mid", Resources(), [leaf])])
    assert [one.name for one in top.walk()] == ["top", "a", "x"]
    found = top.as_json()
    assert (found["total"]["lut"], found["own"]["lut"]) == (4, 1)
    assert found["children"][0]["children"][0]["kind"] == "leaf"


def test_the_largest_instance_of_a_kind_counts_with_all_that_it_contains():
    inner = Instance("in", "leaf", Resources(lut=9, ff=1))
    small = Instance("s", "mid", Resources(lut=1, ff=5))
    large = Instance("l", "mid", Resources(lut=1), [inner])
    kinds = hierarchy.by_kind(Instance("top", "zzz", Resources(), [small, large]))
    assert list(kinds) == ["zzz", "leaf", "mid"], "the design first, then by name"
    assert (kinds["mid"]["lut"], kinds["mid"]["ff"]) == (10, 5), "of each the most"
