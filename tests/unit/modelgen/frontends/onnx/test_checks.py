"""What is wrong with the versions and the inputs of a model."""

from __future__ import annotations

from typing import Any

import pytest

from modelgen.frontends.onnx.checks import (
    about_input,
    about_versions,
    batch_of,
    complaints_about,
    inputs_of,
    opset_of,
)
from tests.support.onnx_models import one, random

X = random(2, 3, 4)


def found(proto: Any) -> list[str]:
    about_inputs = [each for value in inputs_of(proto) for each in about_input(value)]
    return [str(each) for each in (*complaints_about(proto, batch_of(proto)), *about_inputs)]


def test_nothing_is_wrong_with_a_good_model() -> None:
    proto = one("Relu", {"x": X}, opset=13)
    assert (found(proto), opset_of(proto), batch_of(proto)) == ([], 13, 2)
    assert [value.name for value in inputs_of(proto)] == ["x"]


@pytest.mark.parametrize(
    ("opset", "text"),
    [
        (12, "opset 12; supported: 13 to"),
        (999, "999; the"),
        (-1, "the version -1 of the operators of ''; expected 0 to"),
        (1 << 40, "the version 1099511627776 of the operators of ''"),
    ],
)
def test_versions(opset: int, text: str) -> None:
    (message,) = map(str, about_versions(one("Relu", {"x": X}, opset=opset)))
    assert text in message


def test_open_dimensions() -> None:
    proto = one("Relu", {"x": X})
    sizes = proto.graph.input[0].type.tensor_type.shape.dim
    sizes[0].dim_param = "N"
    assert found(proto) == []
    sizes[2].dim_param = "width"
    (message,) = found(proto)
    assert message.startswith("The input 'x' has an open dimension 2, 'width'; only the first, ")
    sizes[2].Clear()
    assert "an open dimension 2, '?'" in found(proto)[0]


def test_an_input_without_dimensions() -> None:
    proto = one("Relu", {"x": X})
    proto.graph.input[0].type.tensor_type.shape.Clear()
    (message,) = found(proto)
    assert message.startswith("The input 'x' has no dimensions; the first must be the batch.")


def test_batches_that_do_not_agree() -> None:
    proto = one("Add", {"x": X, "y": random(1, 3, 4)}, outputs=["z"])
    (message,) = found(proto)
    assert message.startswith("The input 'y' takes a batch of 1, not of 2.")


def test_a_sequence_as_an_input() -> None:
    proto = one("Relu", {"x": X})
    proto.graph.input[0].type.sequence_type.elem_type.tensor_type.elem_type = 1
    assert found(proto) == [
        "The input 'x' is a sequence, map or optional value; expected a tensor."
    ]


def test_a_model_without_inputs() -> None:
    (message,) = found(one("Relu", {}, {"x": X}))
    assert message == "The model has no inputs, so its outputs are always the same."


def test_sparse_tensors() -> None:
    proto = one("Relu", {"x": X})
    proto.graph.sparse_initializer.add().values.name = "thin"
    (message,) = found(proto)
    assert message == "The model has sparse tensors: 'thin'. Save them as dense tensors."
