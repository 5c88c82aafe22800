"""Element types of ONNX tensors."""

from __future__ import annotations

from modelgen.frontends.onnx.package import import_onnx

RUN_TIME = {1: "float32", 6: "int64", 7: "int64", 9: "bool"}
"""Types that values which depend on the model's input can have: FLOAT, INT32, INT64, BOOL -> what
they are in PyTorch. Integers are ids of embeddings and indices, for which 32 bits are as good."""
QUANTIZED = {2: "uint8", 3: "int8"}
"""Types that such values can have between QuantizeLinear and DequantizeLinear."""


def type_name(number: int) -> str:
    """Return the name of an element type, "FLOAT16", or its number if it is not known."""
    kinds = import_onnx().TensorProto.DataType
    return str(kinds.Name(number) if number in kinds.values() else number)
