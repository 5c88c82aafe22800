"""The graph that grows as operators of a .tflite file are translated, and what they are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.arithmetic.integer.requantization import HIGHEST, LOWEST, Clamp
from modelgen.frontends.tflite.complaints import Refusal
from modelgen.frontends.tflite.names import tensor_names
from modelgen.frontends.tflite.records import (
    ABSENT,
    DTYPES,
    ModelRecord,
    OperatorRecord,
    TensorRecord,
)
from modelgen.ir.graph import Contract, ElementType, Graph, Node, Tensor
from modelgen.operators import Operator, Reshape
from modelgen.operators.base import Shape

_ELEMENTS = {"INT8": ElementType.INT8, "FLOAT32": ElementType.FP32}
_NONE, _RELU, _RELU_N1_TO_1, _RELU6 = 0, 1, 2, 3
_RANGES = {_RELU: (0.0, None), _RELU_N1_TO_1: (-1.0, 1.0), _RELU6: (0.0, 6.0)}
"""Fused activation function -> smallest and largest result; None: no limit."""
_LARGEST = 2**31 - 1
_OTHER_TYPES = {
    "UINT8": "the type UINT8 of older models; convert the model with INT8 activations",
    "FLOAT16": "the type FLOAT16; convert the model with INT8 activations",
    "INT16": "the type INT16; convert the model with INT8 activations",
}


class Translation:
    """Nodes, tensors and constants so far."""

    def __init__(self, model: ModelRecord) -> None:
        self.model = model
        self.indices: dict[str, int] = {}
        """Tensor of the graph -> its index in the file."""
        self._tensors: dict[str, Tensor] = {}
        self._constants: dict[str, np.ndarray] = {}
        self._nodes: list[Node] = []
        self._names = tensor_names(model)
        self._taken = set(self._names)

    def graph(self) -> Graph:
        """Return the graph of all nodes so far.

        Raises:
            Refusal: inputs or outputs are not what a graph can have.
        """
        inputs = tuple(self.activation(index) for index in self.model.inputs)
        outputs = tuple(self.activation(index) for index in self.model.outputs)
        written = self._written(inputs)
        if len({*outputs}) < len(outputs) or not written.issuperset(outputs):
            raise Refusal("an output of the model is its input, a constant, or another output")
        shapes = [self._tensors[name].shape for name in (*inputs, *outputs)]
        if not inputs or not outputs:
            raise Refusal("the model has no input or no output")
        batches = {shape[:1] for shape in shapes}
        if len(batches) > 1 or () in batches:
            raise Refusal("inputs and outputs do not have the same batch as first dimension")
        whole = Graph(
            inputs,
            outputs,
            shapes[0][0],
            tuple(self._nodes),
            self._tensors,
            self._constants,
            contract=Contract.TFLITE_REFERENCE,
        )
        return whole.with_nodes(whole.nodes)

    def _written(self, inputs: Sequence[str]) -> set[str]:
        """Return the tensors that nodes write, after a check that none is read before."""
        known, written = {*inputs, *self._constants}, set()
        for node in self._nodes:
            early = next((name for name in node.inputs if name not in known), None)
            if early is not None:
                raise Refusal("an operator reads it before one writes it", early)
            if node.output in known:
                raise Refusal("it is written twice, or is an input or a constant", node.output)
            known.add(node.output)
            written.add(node.output)
        return written

    def input(self, operator: OperatorRecord, place: int) -> TensorRecord:
        """Return an input of an operator."""
        if self.is_absent(operator, place):
            raise Refusal(f"it has no input {place}")
        return self.model.tensors[operator.inputs[place]]

    def is_absent(self, operator: OperatorRecord, place: int) -> bool:
        """Return whether an optional input is left out."""
        return place >= len(operator.inputs) or operator.inputs[place] == ABSENT

    def output(self, operator: OperatorRecord) -> TensorRecord:
        """Return the output of an operator that has one."""
        if len(operator.outputs) != 1:
            raise Refusal(f"it has {len(operator.outputs)} outputs instead of one")
        return self.model.tensors[operator.outputs[0]]

    def constant(self, operator: OperatorRecord, place: int, rank: int | None = None) -> np.ndarray:
        """Return the values of an input that has to be a constant.

        Args:
            operator: of the file.
            place: of the input.
            rank: number of dimensions; None: any.
        """
        tensor = self.input(operator, place)
        if tensor.is_sparse:
            raise Refusal("it is sparse; convert the model without sparsity", tensor.name)
        if tensor.type not in DTYPES:
            raise Refusal(f"constants of the type {tensor.type} are not supported", tensor.name)
        if tensor.values is None:
            raise Refusal("its values have to be constants in the file", tensor.name)
        _check_rank(tensor, rank)
        return tensor.values

    def integers(self, operator: OperatorRecord, place: int, rank: int | None = None) -> np.ndarray:
        """Return indices or sizes, INT64; arguments and errors of `constant`."""
        values = self.constant(operator, place, rank)
        if values.dtype.name not in ("int32", "int64"):
            raise Refusal("its values are not integers", self.input(operator, place).name)
        return values.astype(np.int64)

    def read(self, operator: OperatorRecord, place: int, rank: int | None = None) -> str:
        """Return the graph's tensor for an input that is an activation; arguments of `constant`."""
        _check_rank(self.input(operator, place), rank)
        return self.activation(operator.inputs[place])

    def activation(self, index: int) -> str:
        """Return the graph's tensor for a tensor of the file, of INT8 or FP32."""
        record, name = self.model.tensors[index], self._names[index]
        if name not in self._tensors:
            self._tensors[name] = _tensor(name, record)
            self.indices[name] = index
            if record.values is not None:
                self._constants[name] = record.values
        return name

    def shape(self, name: str) -> Shape:
        """Return the shape of a tensor of the graph."""
        return self._tensors[name].shape

    def add(
        self,
        operator: OperatorRecord,
        translated: Operator,
        inputs: Sequence[str],
        constants: Mapping[str, np.ndarray] | None = None,
        *,
        reshapes: bool = False,
    ) -> None:
        """Add the node that writes an operator's output.

        Args:
            operator: of the file.
            translated: what computes the output.
            inputs: tensors of the graph.
            constants: role -> values.
            reshapes: whether the output may have another shape than `translated` gives it.
        """
        self.output(operator)
        output = self.activation(operator.outputs[0])
        expected = self._tensors[output]
        arrays = dict(constants or {})
        shape = translated.infer_shape([self.shape(name) for name in inputs], arrays)
        if shape != expected.shape and not (reshapes and int(np.prod(shape)) == expected.size):
            raise Refusal(f"its output has the shape {expected.shape} instead of {shape}")
        if shape != expected.shape:
            between = self.between(operator, translated, inputs, arrays)
            self._nodes.append(self._node(Reshape(expected.shape), [between], output, {}))
            return
        self._nodes.append(self._node(translated, inputs, output, arrays))

    def between(
        self,
        operator: OperatorRecord,
        translated: Operator,
        inputs: Sequence[str],
        constants: Mapping[str, np.ndarray] | None = None,
    ) -> str:
        """Add a node that writes a tensor which the file does not have; return the tensor.

        It has the type and the quantization of the first input if the operator moves values, of the
        operator's output otherwise.
        """
        arrays = dict(constants or {})
        shape = translated.infer_shape([self.shape(name) for name in inputs], arrays)
        record = self.output(operator)
        name = self._unused(f"{self._names[operator.outputs[0]]}.{len(self._nodes)}")
        like = self._tensors[inputs[0]]
        if not translated.keeps_values:
            like = _tensor(name, record)
        self._tensors[name] = Tensor(name, shape, like.element, like.quantization)
        self._nodes.append(self._node(translated, inputs, name, arrays))
        return name

    def reshaped(self, operator: OperatorRecord, tensor: str, shape: Shape) -> str:
        """Return a tensor in another shape."""
        if self.shape(tensor) == shape:
            return tensor
        return self.between(operator, Reshape(shape), [tensor])

    def _unused(self, name: str) -> str:
        """Return a name that no tensor or constant has, with underscores if there is one."""
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name

    def _node(
        self,
        translated: Operator,
        inputs: Sequence[str],
        output: str,
        constants: Mapping[str, np.ndarray],
    ) -> Node:
        names = {role: self._unused(f"{output}.{role}") for role in constants}
        for role, values in constants.items():
            self._constants[names[role]] = np.ascontiguousarray(values)
        return Node(output, translated, tuple(inputs), output, names)


def _check_rank(record: TensorRecord, rank: int | None) -> None:
    if rank is not None and len(record.shape) != rank:
        reason = f"its shape {list(record.shape)} has {len(record.shape)} dimensions, not {rank}"
        raise Refusal(reason, record.name)


def _tensor(name: str, record: TensorRecord) -> Tensor:
    """Return the graph's tensor for an activation."""
    if record.type not in _ELEMENTS:
        raise Refusal(f"it has {_OTHER_TYPES.get(record.type, f'the type {record.type}')}", name)
    if record.is_dynamic or 0 in record.shape:
        raise Refusal(f"its shape {list(record.shape)} is not fixed", name)
    if record.is_variable:
        raise Refusal("it keeps values from one inference to the next", name)
    if record.type == "FLOAT32":
        return Tensor(name, record.shape)
    return Tensor(name, record.shape, ElementType.INT8, quantization_of(record))


def quantization_of(record: TensorRecord) -> Quantization:
    """Return the one scale and zero point of an INT8 tensor.

    Raises:
        Refusal: it has another type, no quantization, or one for each channel.
    """
    if record.type != "INT8":
        reason = "activations are FP32, not INT8; convert the model with INT8 activations"
        if record.type != "FLOAT32":
            reason = f"it has {_OTHER_TYPES.get(record.type, f'the type {record.type}')}"
        raise Refusal(reason, record.name)
    if len(record.scales) > 1:
        raise Refusal("its quantization is per channel, which activations cannot have", record.name)
    if len(record.scales) != 1 or len(record.zero_points) != 1:
        raise Refusal("it has no scale and zero point", record.name)
    scale, zero_point = float(record.scales[0]), int(record.zero_points[0])
    if not 0.0 < scale < np.inf or not LOWEST <= zero_point <= HIGHEST:
        raise Refusal(
            f"its quantization is not valid: scale {scale:g}, zero point {zero_point}", record.name
        )
    return Quantization(scale, zero_point)


def fused_clamp(operator: OperatorRecord, result: Quantization) -> Clamp:
    """Return the range of results with the activation function that is fused into an operator."""
    function = operator.options["FusedActivationFunction"]
    if function == _NONE:
        return Clamp()
    if function not in _RANGES:
        raise Refusal("its fused activation function is neither ReLU, ReLU6 nor ReLU1")
    return clamp_of(_RANGES[function], result)


def clamp_of(limits: tuple[float, float | None], result: Quantization) -> Clamp:
    """Return the range of results between two numbers; None: no upper limit."""
    low, high = limits
    if max(abs(low), abs(high or 0.0)) / result.scale > _LARGEST:
        raise Refusal(f"the scale of its output is too small: {result.scale:g}")
    last = HIGHEST if high is None else min(HIGHEST, result.nearest(high))
    return Clamp(max(LOWEST, result.nearest(low)), last)
