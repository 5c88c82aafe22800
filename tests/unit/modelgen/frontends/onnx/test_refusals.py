"""Why models and nodes are refused."""

from __future__ import annotations

import onnx
import pytest

from modelgen.frontends.onnx.refusals import merged, of_model, of_node, of_operator


def text(operator: str, domain: str = "") -> str:
    return str(of_operator("n", onnx.helper.make_node(operator, ["x"], ["y"], domain=domain)))


@pytest.mark.parametrize(
    ("operator", "beginning"),
    [
        ("Loop", "Layer 'n' (Loop) is control flow, which is not supported. Compute all branches"),
        ("SequenceAt", "Layer 'n' (SequenceAt) works on sequences or optional values"),
        ("OptionalGetElement", "Layer 'n' (OptionalGetElement) works on sequences or optional"),
        ("RandomNormalLike", "Layer 'n' (RandomNormalLike) draws random numbers, which is not"),
        ("QLinearConv", "Layer 'n' (QLinearConv) is an operator of quantized models; only float"),
        ("Unique", "Layer 'n' (Unique) is not supported. The size of its result depends on values"),
        ("Det", "Layer 'n' (Det) is not supported."),
    ],
)
def test_reasons(operator: str, beginning: str) -> None:
    assert text(operator).startswith(beginning)


def test_domains() -> None:
    assert "is an operator of the domain 'com.microsoft'" in text("FusedConv", "com.microsoft")
    assert "domain" not in text("Det")


def test_a_problem_is_told_once() -> None:
    same = [of_node(f"n{at}", "Det", "is not supported") for at in range(6)]
    others = [of_node("m", "Det", "is large"), of_model("The model is large", "Make it small.")]
    assert [str(each) for each in merged([*same, *others])] == [
        "Layer 'n0' (Det) is not supported. The same goes for 'n1', 'n2', 'n3', 2 more.",
        "Layer 'm' (Det) is large.",
        "The model is large. Make it small.",
    ]
