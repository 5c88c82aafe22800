"""Rows of inputs and outputs: several tensors, batches, orders of dimensions."""

from __future__ import annotations

import numpy as np

from modelgen.ir import packing
from modelgen.ir.graph import ElementType, Graph, Tensor


def graph_of(batch: int) -> Graph:
    tensors = {
        "maps": Tensor("maps", (batch, 4, 5, 3)),
        "ids": Tensor("ids", (batch, 2)),
        "first": Tensor("first", (batch, 7)),
        "second": Tensor("second", (batch, 2, 2)),
    }
    inputs, outputs = ("maps", "ids"), ("first", "second")
    return Graph(inputs, outputs, batch, (), tensors, {}, {"maps": (0, 2, 3, 1)})


def test_inputs_follow_each_other_in_the_device_s_order() -> None:
    graph = graph_of(2)
    maps = np.arange(3 * 60, dtype=np.float32).reshape(3, 3, 4, 5)
    ids = np.arange(6).reshape(3, 2)
    rows = packing.pack_inputs(graph, [maps, ids])
    assert rows.shape == (2, packing.input_words(graph)) == (2, 124) and rows.dtype == np.float32
    assert packing.input_offsets(graph) == {"maps": 0, "ids": 120}
    second = packing.unpack_inputs(graph, rows[1])
    np.testing.assert_array_equal(second["maps"][0], maps[2].transpose(1, 2, 0))
    # The last batch is filled up with the first samples.
    np.testing.assert_array_equal(second["maps"][1], maps[0].transpose(1, 2, 0))
    np.testing.assert_array_equal(second["ids"], ids[[2, 0]])


def test_inputs_have_one_nan() -> None:
    """Whatever made them: some processors set the sign of 0 / 0."""
    bits = np.array([[0xFFC00000, 0x7F800001], [0xFF800000, 0x80000000]], np.uint32)
    rows = packing.pack_inputs(graph_of(2), [np.zeros((2, 3, 4, 5)), bits.view(np.float32)])
    kept = rows[0, 120:].view(np.uint32).tolist()
    assert kept == [0x7FC00000, 0x7FC00000, 0xFF800000, 0x80000000]


def test_outputs_of_a_sample_follow_each_other() -> None:
    graph = graph_of(2)
    assert packing.output_offsets(graph) == {"first": 0, "second": 14}
    rows = np.arange(2 * packing.output_words(graph)).reshape(2, -1)
    samples = packing.rows_of_samples(graph, rows)
    parts = packing.unpack_outputs(graph, rows[1])
    np.testing.assert_array_equal(samples[3], [*parts["first"][1], *parts["second"][1].reshape(-1)])
    np.testing.assert_array_equal(packing.pack_outputs(graph, parts), rows[1])


def test_integers_of_uint8_are_128_less() -> None:
    tensors = {"x": Tensor("x", (1, 3), ElementType.INT8)}
    graph = Graph(("x",), ("x",), 1, (), tensors, {})
    for given in (np.array([[0, 130, 255]], np.uint8), np.array([[-128, 2, 127]], np.int8)):
        np.testing.assert_array_equal(packing.pack_inputs(graph, [given]), [[-128, 2, 127]])
