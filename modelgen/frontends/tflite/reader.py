"""Reading of .tflite files, which are FlatBuffers, into records."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from modelgen.errors import ModelError
from modelgen.frontends.packages import import_package
from modelgen.frontends.tflite.records import (
    ABSENT,
    DTYPES,
    ModelRecord,
    OperatorRecord,
    TensorRecord,
)

_IDENTIFIER = b"TFL3"
_STRIDES = ("StrideH", "StrideW")
_DILATIONS = ("DilationHFactor", "DilationWFactor")
_ACTIVATION = "FusedActivationFunction"
_POOL = ("Padding", *_STRIDES, "FilterHeight", "FilterWidth", _ACTIVATION)
_MASKS = ("BeginMask", "EndMask", "EllipsisMask", "NewAxisMask", "ShrinkAxisMask", "Offset")
_OPTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "ADD": ("AddOptions", (_ACTIVATION,)),
    "AVERAGE_POOL_2D": ("Pool2DOptions", _POOL),
    "CONCATENATION": ("ConcatenationOptions", ("Axis", _ACTIVATION)),
    "CONV_2D": ("Conv2DOptions", ("Padding", *_STRIDES, *_DILATIONS, _ACTIVATION)),
    "DEPTHWISE_CONV_2D": (
        "DepthwiseConv2DOptions",
        ("Padding", *_STRIDES, *_DILATIONS, _ACTIVATION),
    ),
    "FULLY_CONNECTED": (
        "FullyConnectedOptions",
        ("WeightsFormat", "KeepNumDims", _ACTIVATION),
    ),
    "LEAKY_RELU": ("LeakyReluOptions", ("Alpha",)),
    "MAX_POOL_2D": ("Pool2DOptions", _POOL),
    "MEAN": ("ReducerOptions", ("KeepDims",)),
    "MUL": ("MulOptions", (_ACTIVATION,)),
    "RESIZE_NEAREST_NEIGHBOR": (
        "ResizeNearestNeighborOptions",
        ("AlignCorners", "HalfPixelCenters"),
    ),
    "SOFTMAX": ("SoftmaxOptions", ("Beta",)),
    "STRIDED_SLICE": ("StridedSliceOptions", _MASKS),
}
"""Operator -> the schema's table of its options, and those that are read."""


def read_model(path: Path) -> ModelRecord:
    """Return what a file has.

    Raises:
        ModelError: it cannot be read, or is damaged.
    """
    tflite = _tflite()
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"Cannot read {path}: {error.strerror}.") from error
    if data[4:8] != _IDENTIFIER:
        raise ModelError(f"{path} is not a .tflite model: it has no identifier TFL3.")
    try:
        return _model(tflite.Model.GetRootAs(data, 0))
    # FlatBuffers are read without any check: a damaged file fails anywhere, in any way.
    except Exception as error:
        raise ModelError(
            f"{path} is truncated or damaged: {error}. Copy or download it again."
        ) from error


def _tflite() -> Any:
    return import_package("tflite", "Reading a .tflite model")


@cache
def _names(enumeration: str) -> dict[int, str]:
    """Return number -> name of an enumeration of the schema."""
    members = vars(getattr(_tflite(), enumeration))
    return {value: name for name, value in members.items() if isinstance(value, int)}


def _model(model: Any) -> ModelRecord:
    graph = model.Subgraphs(0)
    tensors = tuple(_tensor(model, graph.Tensors(i)) for i in range(graph.TensorsLength()))
    operators = tuple(_operator(model, graph, i) for i in range(graph.OperatorsLength()))
    record = ModelRecord(
        tensors,
        operators,
        _whole(graph, "Inputs"),
        _whole(graph, "Outputs"),
        model.SubgraphsLength(),
    )
    used = {*record.inputs, *record.outputs}
    for operator in operators:
        used |= {*operator.inputs, *operator.outputs} - {ABSENT}
    if any(not 0 <= index < len(tensors) for index in used):
        raise ValueError("it names tensors that it does not have")
    return record


def _tensor(model: Any, tensor: Any) -> TensorRecord:
    quantization = tensor.Quantization()
    shape = _whole(tensor, "Shape")
    kind = _names("TensorType")[tensor.Type()]
    return TensorRecord(
        name=tensor.Name().decode("utf-8"),
        type=kind,
        shape=shape,
        is_dynamic=ABSENT in (*shape, *_whole(tensor, "ShapeSignature")[1:]),
        scales=_array(quantization, "Scale", np.float32),
        zero_points=_array(quantization, "ZeroPoint", np.int64),
        axis=0 if quantization is None else quantization.QuantizedDimension(),
        is_variable=bool(tensor.IsVariable()),
        is_sparse=tensor.Sparsity() is not None,
        values=_values(model.Buffers(tensor.Buffer()), kind, shape),
    )


def _values(buffer: Any, kind: str, shape: tuple[int, ...]) -> np.ndarray | None:
    if buffer.DataLength() == 0 or kind not in DTYPES:
        return None
    stored = np.dtype(DTYPES[kind]).newbyteorder("<")
    values = np.frombuffer(buffer.DataAsNumpy().tobytes(), stored)
    return values.astype(DTYPES[kind]).reshape(shape)


def _operator(model: Any, graph: Any, index: int) -> OperatorRecord:
    operator = graph.Operators(index)
    code = model.OperatorCodes(operator.OpcodeIndex())
    # Files from before there were more than 127 operators have the older field alone.
    kind = _names("BuiltinOperator")[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
    if kind == "CUSTOM":
        kind = f"CUSTOM {(code.CustomCode() or b'').decode('utf-8')}".rstrip()
    return OperatorRecord(
        kind,
        f"{kind} (operator {index})",
        _options(operator, kind),
        _whole(operator, "Inputs"),
        _whole(operator, "Outputs"),
    )


def _options(operator: Any, kind: str) -> dict[str, Any]:
    """Return the options that an operator has; those of an absent table have the defaults."""
    if kind not in _OPTIONS:
        return {}
    table, names = _OPTIONS[kind]
    given = operator.BuiltinOptions()
    if given is None:
        raise ValueError(f"{kind} has no options")
    options = getattr(_tflite(), table)()
    options.Init(given.Bytes, given.Pos)
    return {name: getattr(options, name)() for name in names}


def _whole(table: Any, name: str) -> tuple[int, ...]:
    """Return a vector of integers."""
    return tuple(_array(table, name, np.int64).tolist())


def _array(table: Any, name: str, dtype: type[Any]) -> np.ndarray:
    """Return a vector; an empty one if it is absent."""
    if table is None or getattr(table, f"{name}Length")() == 0:
        return np.zeros(0, dtype)
    return np.array(getattr(table, f"{name}AsNumpy")(), dtype)
