"""A .tflite file as plain records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

ABSENT = -1
"""The index of an optional input that is left out."""
DTYPES: dict[str, type[Any]] = {
    "FLOAT16": np.float16,
    "FLOAT32": np.float32,
    "INT8": np.int8,
    "INT16": np.int16,
    "INT32": np.int32,
    "INT64": np.int64,
    "UINT8": np.uint8,
    "BOOL": np.bool_,
}
"""Types of which constants are read."""
CONTROL_FLOW = ("CALL", "CALL_ONCE", "IF", "WHILE")
"""Operators that run other subgraphs."""


@dataclass(frozen=True, eq=False)
class TensorRecord:
    """A tensor."""

    name: str
    type: str
    """Such as "INT8"."""
    shape: tuple[int, ...]
    is_batch_open: bool
    """Whether the first dimension has no fixed size; `shape` has a number even so."""
    is_dynamic: bool
    """Whether a dimension other than the first has no fixed size."""
    scales: np.ndarray
    """FP32: one, or one for each index of `axis`; none without quantization."""
    zero_points: np.ndarray
    """INT64, as many."""
    axis: int
    is_variable: bool
    is_sparse: bool
    values: np.ndarray | None
    """Of a constant that is not sparse."""


@dataclass(frozen=True)
class OperatorRecord:
    """An operator."""

    kind: str
    """Such as "CONV_2D"."""
    title: str
    """Such as "CONV_2D (operator 3)"."""
    options: dict[str, Any]
    """By the names of the schema, such as "StrideH"."""
    inputs: tuple[int, ...]
    """Indices of tensors, or `ABSENT`."""
    outputs: tuple[int, ...]


@dataclass(frozen=True)
class ModelRecord:
    """The one subgraph of a file; operators are in a valid execution order."""

    tensors: tuple[TensorRecord, ...]
    operators: tuple[OperatorRecord, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    subgraphs: int
    """How many the file has."""
