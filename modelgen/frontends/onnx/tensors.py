"""The tensors of integers inside of a quantized model, as ONNX Runtime computes them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from modelgen.frontends.onnx.package import import_onnx
from modelgen.frontends.onnx.quantized import in_long_form
from modelgen.frontends.onnx.reader import read_model
from modelgen.frontends.onnx.runtime import outputs_of
from modelgen.ir.packing import as_int8


def tensors_of(path: Path, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the integers between the layers of an inference, and the outputs, by layer.

    They are read as further outputs of the model. If its own outputs become others by that, because
    ONNX Runtime then chooses other kernels, nothing is returned.

    Args:
        path: an .onnx file.
        inputs: name -> value, in the shapes and types of the model.

    Returns:
        name of the node that writes it, as the importer calls it -> value; UINT8 as INT8, 128 less.
    """
    onnx = import_onnx()
    model = read_model(path)
    own = [value.name for value in model.graph.output]
    fixed = {each.name: onnx.numpy_helper.to_array(each) for each in model.graph.initializer}
    names = {
        name: part.output[0]
        for part, name in in_long_form(model, fixed)
        if part.op_type == "QuantizeLinear" or part.output[0] in own
    }
    added = [tensor for tensor in dict.fromkeys(names.values()) if tensor not in own]
    model.graph.output.extend(onnx.ValueInfoProto(name=tensor) for tensor in added)
    values = outputs_of(model.SerializeToString(), inputs)
    for found, wanted in zip(values[: len(own)], outputs_of(path, inputs), strict=True):
        if not np.array_equal(found, wanted, equal_nan=found.dtype == np.float32):
            return {}
    tensors = dict(zip((*own, *added), values, strict=True))
    return {name: as_int8(tensors[tensor]) for name, tensor in names.items()}
