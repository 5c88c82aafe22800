"""What integers of inputs and outputs stand for."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.errors import ModelError
from modelgen.ir.graph import ElementType, Graph, Node, Tensor
from modelgen.ir.numbers import has_own_integers, in_steps, numbers_of, quantized_inputs
from modelgen.operators import Pointwise

FIRST, SECOND = Quantization(0.5, 3), Quantization(0.25, -100)


def network(given: ElementType = ElementType.INT8) -> Graph:
    """Return a network with an input and two outputs, for a batch of two."""
    tensors = {
        "x": Tensor("x", (2, 3), given, FIRST if given is ElementType.INT8 else None),
        "a": Tensor("a", (2, 1), ElementType.INT8, FIRST),
        "b": Tensor("b", (2, 2), ElementType.INT8, SECOND),
    }
    nodes = tuple(Node(name, Pointwise(), ("x",), name) for name in ("a", "b"))
    return Graph(("x",), ("a", "b"), 2, nodes, tensors, {})


def test_inputs_are_rounded_as_the_device_would() -> None:
    values = np.array([[0.25, -0.75, 1000.0], [0.75, -0.2, -1000.0]], np.float32)
    (found,) = quantized_inputs(network(), [values])
    # Ties to even, before the zero point is added.
    assert found.dtype == np.int8 and found.tolist() == [[3, 1, 127], [5, 3, -128]]


@pytest.mark.parametrize("kind", [np.int8, np.uint8])
def test_integers_stay_what_they_are(kind: type) -> None:
    values = np.array([[1, 2, 3]], kind)
    (found,) = quantized_inputs(network(), [values])
    assert found is values


def test_networks_of_numbers_take_all_types() -> None:
    values = np.array([[1, 2, 3]], np.int64)
    assert quantized_inputs(network(ElementType.FP32), [values])[0] is values


@pytest.mark.parametrize("kind", [np.int64, np.bool_])
def test_other_integers_are_refused(kind: type) -> None:
    with pytest.raises(ModelError, match=r"takes its input 'x' as (int64|bool), which INT8 cannot"):
        quantized_inputs(network(), [np.zeros((2, 3), kind)])


def test_each_output_has_its_own_scale() -> None:
    rows = np.array([[5, -100, -96], [3, 0, -128]])
    numbers = numbers_of(network(), rows)
    assert numbers.dtype == np.float32
    assert numbers.tolist() == [[1.0, 0.0, 1.0], [0.0, 25.0, -7.0]]
    np.testing.assert_array_equal(in_steps(network(), numbers), rows.astype(np.float32))
    assert in_steps(network(), numbers + np.float32(0.125))[0].tolist() == [5.25, -99.5, -95.5]


def test_a_file_may_have_the_same_integers() -> None:
    assert has_own_integers(network(), np.zeros((2, 3), np.float32))
    assert not has_own_integers(network(), np.zeros((2, 3), np.int8))
