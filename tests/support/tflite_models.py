"""Small .tflite models for tests, written with the schema of LiteRT."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

SAME, VALID = 0, 1
NONE, RELU, RELU_N1_TO_1, RELU6, TANH = range(5)
_OPTIONS = {
    **{
        kind: "".join(part.capitalize() for part in kind.split("_")) + "Options"
        for kind in (
            *("ADD", "CONCATENATION", "CUMSUM", "DEPTH_TO_SPACE", "DIV", "FULLY_CONNECTED"),
            *("GATHER", "GELU", "MIRROR_PAD", "MUL", "PACK", "RESHAPE", "RESIZE_BILINEAR"),
            *(
                "RESIZE_NEAREST_NEIGHBOR",
                "SHAPE",
                "SOFTMAX",
                "SPACE_TO_DEPTH",
                "SQUEEZE",
                "STRIDED_SLICE",
            ),
            *("SUB", "TRANSPOSE_CONV", "UNPACK"),
        )
    },
    **dict.fromkeys(("MEAN", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "SUM"), "ReducerOptions"),
    **dict.fromkeys(("AVERAGE_POOL_2D", "MAX_POOL_2D"), "Pool2DOptions"),
    "ARG_MAX": "ArgMaxOptions",
    "ARG_MIN": "ArgMinOptions",
    "BATCH_MATMUL": "BatchMatMulOptions",
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "L2_NORMALIZATION": "L2NormOptions",
    "LEAKY_RELU": "LeakyReluOptions",
    "SPLIT": "SplitOptions",
    "SPLIT_V": "SplitVOptions",
}
_VERSIONS = {"BROADCAST_TO": 2}
"""Operators of which LiteRT does not know the first version."""
_TYPES = {
    "bool": "BOOL",
    "float16": "FLOAT16",
    "float32": "FLOAT32",
    "int32": "INT32",
    "int64": "INT64",
    "int8": "INT8",
    "uint8": "UINT8",
}


class ModelWriter:
    """Collects tensors and operators; tensors are named by their indices."""

    def __init__(self) -> None:
        self._buffers = [schema.BufferT()]
        self._tensors: list[Any] = []
        self._operators: list[Any] = []
        self._codes: list[Any] = []

    def tensor(
        self,
        shape: Sequence[int],
        scale: float | Sequence[float] | None = None,
        zero_point: int = 0,
        *,
        kind: str = "INT8",
        name: str = "",
        axis: int = 0,
        signature: Sequence[int] | None = None,
        buffer: int = 0,
    ) -> int:
        """Add an activation; return its index."""
        tensor = schema.TensorT()
        tensor.name = name or f"t{len(self._tensors)}"
        tensor.shape, tensor.shapeSignature = list(shape), signature
        tensor.type = getattr(schema.TensorType, kind)
        tensor.buffer = buffer
        if scale is not None:
            scales = [scale] if isinstance(scale, float) else list(scale)
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale = scales
            tensor.quantization.zeroPoint = [zero_point] * len(scales)
            tensor.quantization.quantizedDimension = axis
        self._tensors.append(tensor)
        return len(self._tensors) - 1

    def constant(
        self,
        values: np.ndarray,
        scale: float | Sequence[float] | None = None,
        zero_point: int = 0,
        axis: int = 0,
    ) -> int:
        """Add a constant; return its index."""
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)
        self._buffers.append(buffer)
        return self.tensor(
            values.shape,
            scale,
            zero_point,
            kind=_TYPES[values.dtype.name],
            axis=axis,
            buffer=len(self._buffers) - 1,
        )

    def rename(self, index: int, name: str) -> None:
        """Give a tensor another name."""
        self._tensors[index].name = name

    def make_sparse(self, index: int) -> None:
        """Say that the values of a tensor are those that are not zero."""
        self._tensors[index].sparsity = schema.SparsityParametersT()

    def operator(
        self, kind: str, inputs: Sequence[int], output: int | Sequence[int], **options: Any
    ) -> int:
        """Add an operator with options by the schema's names, such as strideH; return `output`."""
        operator = schema.OperatorT()
        code = schema.OperatorCodeT()
        code.builtinCode = getattr(schema.BuiltinOperator, kind)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        code.version = _VERSIONS.get(kind, 1)
        self._codes.append(code)
        operator.opcodeIndex = len(self._codes) - 1
        operator.inputs = list(inputs)
        operator.outputs = [output] if isinstance(output, int) else list(output)
        if kind in _OPTIONS:
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, _OPTIONS[kind])
            operator.builtinOptions = getattr(schema, f"{_OPTIONS[kind]}T")()
            for name, value in options.items():
                assert hasattr(operator.builtinOptions, name), name
                setattr(operator.builtinOptions, name, value)
        self._operators.append(operator)
        return output if isinstance(output, int) else output[0]

    def forget_options(self) -> None:
        """Leave out the options of the last operator."""
        self._operators[-1].builtinOptionsType, self._operators[-1].builtinOptions = 0, None

    def write(
        self, path: Path, inputs: Sequence[int], outputs: Sequence[int], subgraphs: int = 1
    ) -> Path:
        """Write the model; return its path."""
        graph = schema.SubGraphT()
        graph.tensors, graph.operators = self._tensors, self._operators
        graph.inputs, graph.outputs = list(inputs), list(outputs)
        model = schema.ModelT()
        model.version, model.operatorCodes = 3, self._codes
        model.subgraphs, model.buffers = [graph] * subgraphs, self._buffers
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
        path.write_bytes(builder.Output())
        return path
