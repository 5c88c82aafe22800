"""From a .tflite file of FP32 to a module: operators that depend on the inputs become layers."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence

import numpy as np

from modelgen.frontends.nodes.builder import ModuleBuilder, Network
from modelgen.frontends.nodes.functions import function_pattern
from modelgen.frontends.nodes.module import Step
from modelgen.frontends.nodes.node import FileNode, RefusedError
from modelgen.frontends.nodes.patterns import joined
from modelgen.frontends.nodes.refusals import of_model, of_node
from modelgen.frontends.tflite.float_operators import OPERATORS
from modelgen.frontends.tflite.float_operators.shapes import OF_SHAPES
from modelgen.frontends.tflite.names import tensor_names
from modelgen.frontends.tflite.records import (
    ABSENT,
    CONTROL_FLOW,
    DTYPES,
    ModelRecord,
    OperatorRecord,
    TensorRecord,
)
from modelgen.frontends.tflite.types import RUN_TIME

_INTEGERS = ("INT4", "INT8", "INT16", "UINT8")
"""Types that values of quantized models have."""
_CONVERT = "Convert the model without quantization, or with INT8 weights and activations."
_DENSE = "Convert the model without sparsity."
_NO_CHOICE = "Every inference has to run all operators."
_ELEMENTWISE = (
    *("ABS", "ADD", "DIV", "EXP", "HARD_SWISH", "LOGISTIC", "MAXIMUM", "MINIMUM", "MUL", "NEG"),
    *("POW", "RELU", "RELU6", "RELU_0_TO_1", "RELU_N1_TO_1", "SQUARE", "SUB", "TANH"),
)
"""Operators that functions of one value are written with."""
_PATTERNS = (function_pattern(_ELEMENTWISE),)


def is_float(model: ModelRecord) -> bool:
    """Return whether no operator of a file reads or writes quantized values but constants."""
    used = {at for each in model.operators for at in (*each.inputs, *each.outputs)} - {ABSENT}
    tensors = (model.tensors[index] for index in used)
    return all(each.type not in _INTEGERS or each.values is not None for each in tensors)


def batch_of(model: ModelRecord, wanted: int | None = None) -> int:
    """Return the samples that one inference takes.

    Args:
        model: a file.
        wanted: by the user; None: those of its first input.
    """
    shapes = (model.tensors[index].shape for index in model.inputs)
    return wanted or next((shape[0] for shape in shapes if shape), 1)


def build(model: ModelRecord, batch: int | None = None) -> Network:
    """Return the network of a file of FP32.

    Args:
        model: as `reader.read_model` returns it.
        batch: samples that one inference takes, if the file leaves that open.

    Raises:
        UnsupportedError: it cannot be computed; the message names all operators and tensors.
    """
    return _Build(model, batch_of(model, batch)).network()


class _Build:
    """A module under construction."""

    def __init__(self, model: ModelRecord, batch: int) -> None:
        self._model, self._batch = model, batch
        self._names = tensor_names(model)
        self._module = ModuleBuilder()
        self._read = {index for each in model.operators for index in each.inputs} - {ABSENT}
        self._read |= set(model.outputs)
        for index in model.inputs:
            self._add_input(index)

    def network(self) -> Network:
        """Return the network; raise UnsupportedError with everything that is wrong."""
        complaints = self._module.complaints
        if self._model.subgraphs != 1:
            complaints.append(
                of_model(f"The model has {self._model.subgraphs} subgraphs; supported: one")
            )
        if not self._model.inputs or not self._model.outputs:
            complaints.append(of_model("The model has no inputs or no outputs"))
        for operator in self._model.operators:
            name = self._module.free_name(self._name(operator))
            try:
                self._add(operator, name)
            except RefusedError as error:
                self._module.lost.update(self._names[index] for index in operator.outputs)
                complaints.append(of_node(name, operator.kind, error.reason, error.hint))
        self._add_constants([at for at in self._model.outputs if self._is_stored(at)])
        outputs = [self._names[index] for index in self._model.outputs]
        return self._module.network(outputs, self._batch, _recognized)

    def _name(self, operator: OperatorRecord) -> str:
        """Return the name of an operator's first output, which stands for its own."""
        return self._names[operator.outputs[0]] if operator.outputs else operator.title

    def _add_input(self, index: int) -> None:
        record, name = self._model.tensors[index], self._names[index]
        problem = _problem_of_input(record, self._batch)
        try:
            if not problem:
                shape = (self._batch, *record.shape[1:])
                self._module.add_input(name, shape, RUN_TIME[record.type])
        except RefusedError as error:
            problem = error.reason
        if problem:
            self._module.lost.add(name)
            self._module.complaints.append(of_model(f"The input '{name}' {problem}"))

    def _add(self, operator: OperatorRecord, name: str) -> None:
        """Compute an operator's results now, or add a layer that does."""
        module = self._module
        if operator.kind not in (*OPERATORS, "DEQUANTIZE"):
            raise RefusedError(*_why_not(operator.kind))
        self._add_constants(operator.inputs)
        read = tuple("" if index == ABSENT else self._names[index] for index in operator.inputs)
        written = tuple(self._names[index] for index in operator.outputs)
        if any(module.knows(each) for each in written):
            raise RefusedError("writes what another one writes, or an input, or a constant")
        if any(each in module.lost for each in read):
            module.lost.update(written)
            return
        if operator.kind == "DEQUANTIZE":
            module.fixed[written[0]] = self._dequantized(operator)
            return
        self._check(operator, read)
        node = FileNode(
            name,
            operator.kind,
            {**operator.options, "ResultType": self._model.tensors[operator.outputs[0]].type},
            read,
            tuple(self._names[at] if at in self._read else "" for at in operator.outputs),
            module.fixed_inputs(read),
        )
        function = OPERATORS[operator.kind]
        if operator.kind in OF_SHAPES or all(each in module.fixed for each in read if each):
            module.add_fixed(node, function)
        else:
            module.add_layer(node, function)

    def _add_constants(self, indices: Sequence[int]) -> None:
        """Add those of some tensors that are in the file."""
        for index in indices:
            name = self._names[index]
            if index == ABSENT or self._module.knows(name):
                continue
            self._module.fixed[name] = _constant(self._model.tensors[index], name)

    def _is_stored(self, index: int) -> bool:
        return self._model.tensors[index].values is not None

    def _check(self, operator: OperatorRecord, read: Sequence[str]) -> None:
        """Refuse an operator that has too few or too many inputs, or reads quantized constants."""
        try:
            inspect.signature(OPERATORS[operator.kind]).bind(None, *read)
        except TypeError as error:
            raise RefusedError(f"has {len(read)} inputs") from error
        if not operator.outputs or not read:
            raise RefusedError("has no inputs or no outputs")
        for index in operator.inputs:
            record = self._model.tensors[index]
            if index != ABSENT and record.type in _INTEGERS:
                raise RefusedError(
                    f"is hybrid: its activations are FP32, but its constant "
                    f"'{self._names[index]}' is {record.type}",
                    _CONVERT,
                )

    def _dequantized(self, operator: OperatorRecord) -> np.ndarray:
        """Return the FP32 numbers that a constant stands for."""
        if len(operator.inputs) != 1 or len(operator.outputs) != 1:
            raise RefusedError("has other than one input and one output")
        record, name = self._model.tensors[operator.inputs[0]], self._names[operator.inputs[0]]
        if name not in self._module.fixed:
            raise RefusedError(f"computes FP32 of '{name}', which is {record.type}", _CONVERT)
        values = self._module.fixed[name]
        if record.type == "FLOAT16":
            return values.astype(np.float32)
        return _of_integers(record, name, values)


def _recognized(
    steps: Sequence[Step], outputs: Sequence[str], ranks: Mapping[str, int]
) -> list[Step]:
    return joined(_PATTERNS, steps, outputs, ranks)


def _problem_of_input(record: TensorRecord, batch: int) -> str:
    """Return what is wrong with an input; only its first dimension, the batch, may be open."""
    if record.type not in RUN_TIME:
        return f"has elements of the type {record.type}; supported: {', '.join(RUN_TIME)}"
    if record.is_variable:
        return "keeps values from one inference to the next"
    if not record.shape:
        return "has no dimensions; the first must be the batch"
    if record.is_dynamic or min(record.shape) < 1:
        return f"has the shape {list(record.shape)} of open sizes; only the batch may be open"
    if record.shape[0] != batch and not record.is_batch_open:
        return f"takes a batch of {record.shape[0]}, not of {batch}"
    return ""


def _why_not(kind: str) -> tuple[str, str]:
    """Return why an operator is refused, and what to do."""
    if kind in CONTROL_FLOW:
        return (
            "is control flow, which is not supported",
            "Every inference has to run all operators.",
        )
    if kind == "QUANTIZE":
        return "begins a quantized part of a float model, which is not supported", _CONVERT
    if kind == "DENSIFY":
        return "has a sparse tensor, which is not supported", _DENSE
    return "is not supported", ""


def _constant(record: TensorRecord, name: str) -> np.ndarray:
    """Return the values of a tensor that must be in the file."""
    if record.is_variable:
        raise RefusedError(f"reads '{name}', which keeps values from one inference to the next")
    if record.is_sparse:
        raise RefusedError(f"reads '{name}', which is sparse", _DENSE)
    if record.type not in DTYPES:
        raise RefusedError(f"reads '{name}', which has the type {record.type}")
    if record.values is not None:
        return record.values
    if 0 in record.shape:
        return np.zeros(record.shape, DTYPES[record.type])
    raise RefusedError(f"reads '{name}', which no operator before it writes")


def _of_integers(record: TensorRecord, name: str, values: np.ndarray) -> np.ndarray:
    """Return (q - zero point) scale, as LiteRT computes it in FP32."""
    scales, zero_points = record.scales, record.zero_points
    sizes = (1, values.shape[record.axis] if record.axis < values.ndim else 1)
    if record.type not in _INTEGERS or not len(scales) == len(zero_points) in sizes:
        raise RefusedError(f"reads '{name}', {record.type} without a scale and zero point")
    if len(scales) > 1:
        around = [1] * values.ndim
        around[record.axis] = len(scales)
        scales, zero_points = scales.reshape(around), zero_points.reshape(around)
    return (values.astype(np.int64) - zero_points).astype(np.float32) * scales
