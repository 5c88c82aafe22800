"""Tables of 256 results."""

from __future__ import annotations

import numpy as np

from modelgen.operators.integer.byte_table import ByteTable


def test_each_value_is_looked_up() -> None:
    table = np.arange(255, -1, -1).astype(np.uint8).view(np.int8)
    values = np.array([[-128, -1, 0, 127]], np.int8)
    operator = ByteTable("mirrored")
    np.testing.assert_array_equal(
        operator.compute([values], {"table": table}), [[-1, -128, 127, 0]]
    )
    assert operator.infer_shape([values.shape], {}) == (1, 4)
    assert operator.describe() == "mirrored"
