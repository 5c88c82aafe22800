"""Why models and nodes are refused."""

from __future__ import annotations

from modelgen.frontends.nodes.refusals import merged, of_model, of_node


def test_a_problem_is_told_once() -> None:
    same = [of_node(f"n{at}", "Det", "is not supported") for at in range(6)]
    others = [of_node("m", "Det", "is large"), of_model("The model is large", "Make it small.")]
    assert [str(each) for each in merged([*same, *others])] == [
        "Layer 'n0' (Det) is not supported. The same goes for 'n1', 'n2', 'n3', 2 more.",
        "Layer 'm' (Det) is large.",
        "The model is large. Make it small.",
    ]
