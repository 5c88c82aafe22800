"""Names of tensors."""

from __future__ import annotations

import numpy as np

from modelgen.frontends.tflite.names import tensor_names
from tests.support.tflite_floats import FloatWriter, random, read


def test_each_tensor_has_a_name_of_its_own() -> None:
    writer = FloatWriter()
    x = writer.given(random(1, 4), "same;other")
    k = writer.constant(np.ones(4, np.float32))
    y = writer.made("ADD", [x, k])
    z = writer.made("RELU", [y])
    writer.rename(k, "layer")
    writer.rename(y, "layer;fused")
    writer.rename(z, "")
    assert tensor_names(read(writer.bytes(z))) == ["same", "layer (1)", "layer", "tensor 3"]
