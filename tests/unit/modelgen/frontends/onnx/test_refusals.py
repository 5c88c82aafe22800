"""Why models and nodes are refused."""

from __future__ import annotations

import onnx
import pytest

from modelgen.frontends.onnx.refusals import of_operator


def text(operator: str, domain: str = "") -> str:
    return str(of_operator("n", onnx.helper.make_node(operator, ["x"], ["y"], domain=domain)))


@pytest.mark.parametrize(
    ("operator", "beginning"),
    [
        ("Loop", "Layer 'n' (Loop) is control flow, which is not supported. Compute all branches"),
        ("SequenceAt", "Layer 'n' (SequenceAt) works on sequences or optional values"),
        ("OptionalGetElement", "Layer 'n' (OptionalGetElement) works on sequences or optional"),
        ("RandomNormalLike", "Layer 'n' (RandomNormalLike) draws random numbers, which is not"),
        ("ConvInteger", "Layer 'n' (ConvInteger) belongs to dynamic quantization, which is not"),
        ("Unique", "Layer 'n' (Unique) is not supported. The size of its result depends on values"),
        ("Det", "Layer 'n' (Det) is not supported."),
    ],
)
def test_reasons(operator: str, beginning: str) -> None:
    assert text(operator).startswith(beginning)


def test_domains() -> None:
    assert "is an operator of the domain 'com.microsoft'" in text("FusedConv", "com.microsoft")
    assert "domain" not in text("Det")
