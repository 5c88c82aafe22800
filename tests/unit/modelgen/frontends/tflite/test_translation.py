"""The graph that grows, and what operators are given."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.frontends.tflite.complaints import Refusal
from modelgen.frontends.tflite.records import ABSENT, ModelRecord, OperatorRecord, TensorRecord
from modelgen.frontends.tflite.translation import Translation, clamp_of, fused_clamp
from modelgen.operators import ByteTable, Reshape
from tests.support.tflite_models import NONE, RELU, RELU6, RELU_N1_TO_1, TANH


def tensor(name: str, *shape: int, values: np.ndarray | None = None) -> TensorRecord:
    scales, zero_points = np.array([0.5], np.float32), np.array([-100])
    flags = dict.fromkeys(("is_batch_open", "is_dynamic", "is_variable", "is_sparse"), False)
    return TensorRecord(
        name=name,
        type="INT8",
        shape=shape,
        scales=scales,
        zero_points=zero_points,
        axis=0,
        values=values,
        **flags,
    )


def operator(inputs: tuple[int, ...] = (0,), function: int = NONE) -> OperatorRecord:
    options = {"FusedActivationFunction": function}
    return OperatorRecord("X", "X (operator 0)", options, inputs, (1,))


def model(*tensors: TensorRecord) -> ModelRecord:
    return ModelRecord(tensors, (), (0,), (1,), 1)


def test_a_different_shape_is_a_reshape() -> None:
    to = Translation(model(tensor("x", 2, 3), tensor("y", 2, 3, 1)))
    table = np.zeros(256, np.int8)
    to.add(operator(), ByteTable("f"), [to.activation(0)], {"table": table}, reshapes=True)
    first, second = to.graph().nodes
    assert (first.operator, second.operator) == (ByteTable("f"), Reshape((2, 3, 1)))
    assert (first.output, second.inputs, second.output) == ("y.0", ("y.0",), "y")
    np.testing.assert_array_equal(to.graph().arrays(first)["table"], table)


def test_activations_keep_the_name_that_their_weights_share() -> None:
    values = np.zeros((2, 3), np.int8)
    weight, layer = tensor("relu;conv/w", 2, 3, values=values), tensor("relu;conv", 2, 3)
    to = Translation(model(weight, layer, tensor("", 2, 3), tensor("relu (4)", 2), layer))
    names = [to.activation(index) for index in range(5)]
    assert names == ["relu (0)", "relu", "tensor 2", "relu (4)", "relu (4) (4)"]


def test_other_shapes_are_refused() -> None:
    to = Translation(model(tensor("x", 2, 3), tensor("y", 3, 2)))
    with pytest.raises(Refusal, match=r"its output has the shape \(3, 2\) instead of \(2, 3\)"):
        to.add(operator(), ByteTable("f"), [to.activation(0)])


@pytest.mark.parametrize("order", [(1, 0), (0, 0)])
def test_tensors_are_written_once_and_before_they_are_read(order: tuple[int, int]) -> None:
    to = Translation(model(*(tensor(name, 2, 3) for name in "xyz")))
    chain = [((0,), (2,)), ((2,), (1,))]
    for step in order:
        given = OperatorRecord("X", "", {}, *chain[step])
        to.add(given, ByteTable("f"), [to.read(given, 0)], {"table": np.zeros(256, np.int8)})
    with pytest.raises(Refusal, match=r"before one writes it|written twice"):
        to.graph()


def test_optional_inputs_may_be_absent() -> None:
    to = Translation(model(tensor("x", 2, 3), tensor("y", 2, 3)))
    given = operator((0, ABSENT))
    assert [to.is_absent(given, place) for place in range(3)] == [False, True, True]
    with pytest.raises(Refusal, match="it has no input 1"):
        to.input(given, 1)


def test_constants_are_read_where_activations_are() -> None:
    values = np.ones((2, 3), np.int8)
    to = Translation(model(tensor("c", 2, 3, values=values), tensor("y", 2, 3), tensor("x", 2)))
    name = to.read(operator(), 0)
    to.add(operator(), Reshape((2, 3)), [name])
    to.model = ModelRecord(to.model.tensors, (), (2,), (1,), 1)
    np.testing.assert_array_equal(to.graph().constants[name], values)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (NONE, Clamp()),
        (RELU, Clamp(-100, 127)),
        (RELU6, Clamp(-100, -88)),
        (RELU_N1_TO_1, Clamp(-102, -98)),
    ],
)
def test_fused_functions_are_limits(function: int, expected: Clamp) -> None:
    assert fused_clamp(operator(function=function), Quantization(0.5, -100)) == expected


def test_limits_stay_in_the_range_of_integers() -> None:
    assert clamp_of((-1.0, 6.0), Quantization(0.001, 0)) == Clamp(-128, 127)


def test_scales_with_which_limits_overflow_are_refused() -> None:
    with pytest.raises(Refusal, match="the scale of its output is too small: 1e-39"):
        clamp_of((0.0, 6.0), Quantization(1e-39, 0))


def test_indices_are_integers() -> None:
    to = Translation(model(tensor("x", 2, values=np.zeros(2, np.float32)), tensor("y", 2)))
    with pytest.raises(Refusal, match="its values are not integers"):
        to.integers(operator(), 0)


def test_other_fused_functions_are_refused() -> None:
    with pytest.raises(Refusal, match="neither ReLU, ReLU6 nor ReLU1"):
        fused_clamp(operator(function=TANH), Quantization(0.5, 0))
