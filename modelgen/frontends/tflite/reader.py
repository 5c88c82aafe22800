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
_CONVOLUTION = ("Padding", *_STRIDES, *_DILATIONS, _ACTIVATION)
_CORNERS = ("AlignCorners", "HalfPixelCenters")
_REDUCER = ("ReducerOptions", ("KeepDims",))
_OPTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "ADD": ("AddOptions", (_ACTIVATION,)),
    "AVERAGE_POOL_2D": ("Pool2DOptions", _POOL),
    "BATCH_MATMUL": ("BatchMatMulOptions", ("AdjX", "AdjY")),
    "CONCATENATION": ("ConcatenationOptions", ("Axis", _ACTIVATION)),
    "CONV_2D": ("Conv2DOptions", _CONVOLUTION),
    "CUMSUM": ("CumsumOptions", ("Exclusive", "Reverse")),
    "DEPTHWISE_CONV_2D": ("DepthwiseConv2DOptions", _CONVOLUTION),
    "DEPTH_TO_SPACE": ("DepthToSpaceOptions", ("BlockSize",)),
    "DIV": ("DivOptions", (_ACTIVATION,)),
    "FULLY_CONNECTED": (
        "FullyConnectedOptions",
        ("WeightsFormat", "KeepNumDims", _ACTIVATION),
    ),
    "GATHER": ("GatherOptions", ("Axis", "BatchDims")),
    "GELU": ("GeluOptions", ("Approximate",)),
    "L2_NORMALIZATION": ("L2NormOptions", (_ACTIVATION,)),
    "LEAKY_RELU": ("LeakyReluOptions", ("Alpha",)),
    "MAX_POOL_2D": ("Pool2DOptions", _POOL),
    "MIRROR_PAD": ("MirrorPadOptions", ("Mode",)),
    "MUL": ("MulOptions", (_ACTIVATION,)),
    "PACK": ("PackOptions", ("Axis",)),
    **dict.fromkeys(("MEAN", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "SUM"), _REDUCER),
    "RESHAPE": ("ReshapeOptions", ("NewShape",)),
    "RESIZE_BILINEAR": ("ResizeBilinearOptions", _CORNERS),
    "RESIZE_NEAREST_NEIGHBOR": ("ResizeNearestNeighborOptions", _CORNERS),
    "SOFTMAX": ("SoftmaxOptions", ("Beta",)),
    "SPACE_TO_DEPTH": ("SpaceToDepthOptions", ("BlockSize",)),
    "SQUEEZE": ("SqueezeOptions", ("SqueezeDims",)),
    "STRIDED_SLICE": ("StridedSliceOptions", _MASKS),
    "SUB": ("SubOptions", (_ACTIVATION,)),
    "TRANSPOSE_CONV": ("TransposeConvOptions", ("Padding", *_STRIDES, _ACTIVATION)),
    "UNPACK": ("UnpackOptions", ("Axis",)),
}
"""Operator -> the schema's table of its options, and those that are read."""


def read_model(path: Path) -> ModelRecord:
    """Return what a file has.

    Raises:
        ModelError: it cannot be read, or is damaged.
    """
    tflite = _tflite()
    try:
        # Constants are views of it, and PyTorch wants memory that can be written to.
        data = bytearray(path.read_bytes())
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
    shape, signature = _whole(tensor, "Shape"), _whole(tensor, "ShapeSignature")
    kind = _names("TensorType")[tensor.Type()]
    is_sparse = tensor.Sparsity() is not None
    name = (tensor.Name() or b"").decode("utf-8")
    if not name.isprintable():
        raise ValueError(f"the name of a tensor is no text: {name[:20]!r}")
    return TensorRecord(
        name=name,
        type=kind,
        shape=shape,
        is_batch_open=signature[:1] == (ABSENT,),
        is_dynamic=ABSENT in (*shape, *signature[1:]),
        scales=_array(quantization, "Scale", np.float32),
        zero_points=_array(quantization, "ZeroPoint", np.int64),
        axis=0 if quantization is None else quantization.QuantizedDimension(),
        is_variable=bool(tensor.IsVariable()),
        is_sparse=is_sparse,
        values=None if is_sparse else _values(model.Buffers(tensor.Buffer()), kind, shape),
    )


def _values(buffer: Any, kind: str, shape: tuple[int, ...]) -> np.ndarray | None:
    if buffer.DataLength() == 0 or kind not in DTYPES:
        return None
    # The file's memory, not a copy: any number of tensors may have the same buffer.
    stored = np.dtype(DTYPES[kind]).newbyteorder("<")
    return buffer.DataAsNumpy().view(stored).astype(DTYPES[kind], copy=False).reshape(shape)


def _operator(model: Any, graph: Any, index: int) -> OperatorRecord:
    operator = graph.Operators(index)
    code = model.OperatorCodes(operator.OpcodeIndex())
    # Files from before there were more than 127 operators have the older field alone.
    kind = _names("BuiltinOperator")[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
    if kind == "CUSTOM":
        kind = f"CUSTOM {(code.CustomCode() or b'').decode('utf-8')}".rstrip()
    if not kind.isprintable():
        raise ValueError(f"the name of an operator is no text: {kind[:20]!r}")
    return OperatorRecord(
        kind,
        f"{kind} (operator {index})",
        _options(operator, kind),
        _whole(operator, "Inputs"),
        _whole(operator, "Outputs"),
    )


def _options(operator: Any, kind: str) -> dict[str, Any]:
    """Return the options that an operator has."""
    if kind not in _OPTIONS:
        return {}
    table, names = _OPTIONS[kind]
    given = operator.BuiltinOptions()
    if given is None and kind == "RESHAPE":
        # It needs none: the shape is an input, too.
        return {}
    if given is None:
        raise ValueError(f"{kind} has no options")
    options = getattr(_tflite(), table)()
    options.Init(given.Bytes, given.Pos)
    return {name: _option(options, name) for name in names}


def _option(options: Any, name: str) -> Any:
    if hasattr(options, f"{name}Length"):
        return _whole(options, name)
    return getattr(options, name)()


def _whole(table: Any, name: str) -> tuple[int, ...]:
    """Return a vector of integers."""
    return tuple(_array(table, name, np.int64).tolist())


def _array(table: Any, name: str, dtype: type[Any]) -> np.ndarray:
    """Return a vector; an empty one if it is absent."""
    if table is None or getattr(table, f"{name}Length")() == 0:
        return np.zeros(0, dtype)
    return np.array(getattr(table, f"{name}AsNumpy")(), dtype)
