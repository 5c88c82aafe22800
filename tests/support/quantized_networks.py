"""Small ONNX networks, in FP32 and as onnxruntime.quantization writes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static

Shape = tuple[int, ...]


class _Network:
    """A network under construction, whose input is "x"; tensors are names."""

    def __init__(self, shape: Shape) -> None:
        self._generator = np.random.default_rng(11)
        self._nodes: list[Any] = []
        self._fixed: list[Any] = []
        self.shape = shape

    def fixed(self, values: Any) -> str:
        name = f"c{len(self._fixed)}"
        self._fixed.append(onnx.numpy_helper.from_array(np.asarray(values), name))
        return name

    def random(self, *shape: int, scale: float = 1.0) -> str:
        return self.fixed((self._generator.normal(size=shape) * scale).astype(np.float32))

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        name = f"{operator}{len(self._nodes)}"
        self._nodes.append(onnx.helper.make_node(operator, inputs, [name], name, **attributes))
        return name

    def convolution(
        self, x: str, channels: tuple[int, int], kernel: int = 3, stride: int = 1, group: int = 1
    ) -> str:
        given, results = channels
        scale = (kernel * kernel * given / group) ** -0.5
        weight = self.random(results, given // group, kernel, kernel, scale=scale)
        sizes = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": [kernel // 2] * 4}
        return self.node("Conv", x, weight, self.random(results, scale=0.2), group=group, **sizes)

    def rectified(self, x: str) -> str:
        return self.node("Relu", x)

    def clipped(self, x: str) -> str:
        return self.node("Clip", x, self.fixed(np.float32(0)), self.fixed(np.float32(6)))

    def linear(self, x: str, given: int, results: int) -> str:
        weight = self.random(results, given, scale=given**-0.5)
        return self.node("Gemm", x, weight, self.random(results, scale=0.2), transB=1)

    def proto(self, output: str, opset: int) -> Any:
        values = onnx.helper.make_tensor_value_info
        graph = onnx.helper.make_graph(
            self._nodes,
            "test",
            [values("x", onnx.TensorProto.FLOAT, self.shape)],
            [values(output, onnx.TensorProto.FLOAT, None)],
            self._fixed,
        )
        imports = [onnx.helper.make_opsetid("", opset)]
        made = onnx.helper.make_model(graph, opset_imports=imports, ir_version=8)
        return onnx.shape_inference.infer_shapes(made)


def residual(opset: int) -> tuple[Any, Shape]:
    """Return a network of residual blocks, and the shape of its input."""
    to = _Network((1, 3, 10, 10))
    x = to.rectified(to.convolution("x", (3, 8)))
    y = to.convolution(to.rectified(to.convolution(x, (8, 8))), (8, 8))
    x = to.rectified(to.node("Add", x, y))
    y = to.rectified(to.convolution(x, (8, 12), stride=2))
    x = to.rectified(to.node("Add", y, to.convolution(x, (8, 12), 1, 2)))
    x = to.node("Flatten", to.node("GlobalAveragePool", x))
    return to.proto(to.linear(x, 12, 10), opset), to.shape


def mobile(opset: int) -> tuple[Any, Shape]:
    """Return a network of inverted bottlenecks, and the shape of its input."""
    to = _Network((1, 3, 12, 12))
    x = to.clipped(to.convolution("x", (3, 8), stride=2))
    y = to.clipped(to.convolution(x, (8, 16), 1))
    y = to.clipped(to.convolution(y, (16, 16), group=16))
    x = to.node("Add", x, to.convolution(y, (16, 8), 1))
    x = to.node("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = to.node("Reshape", x, to.fixed(np.array([1, -1])))
    return to.proto(to.node("Softmax", to.linear(x, 72, 10)), opset), to.shape


def mixed(opset: int) -> tuple[Any, Shape]:
    """Return a network of many operators, and the shape of its input."""
    to = _Network((1, 4, 8, 8))
    x = to.node("LeakyRelu", to.convolution("x", (4, 8)), alpha=0.1)
    first = to.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    x = to.node("Concat", first, to.convolution(x, (8, 8), stride=2), axis=1)
    x = to.node("Mul", x, to.node("Sigmoid", to.convolution(x, (16, 16), 1)))
    x = to.node("Transpose", x, perm=[0, 2, 3, 1])
    x = to.node("MatMul", x, to.random(16, 8, scale=0.25))
    x = to.node("Transpose", to.node("Tanh", x), perm=[0, 3, 1, 2])
    larger = to.fixed(np.array([1, 1, 2, 2], np.float32))
    modes = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    x = to.convolution(to.node("Resize", x, "", larger, mode="nearest", **modes), (8, 8))
    x = to.node("Flatten", to.node("GlobalAveragePool", x))
    return to.proto(to.linear(x, 8, 5), opset), to.shape


NETWORKS: dict[str, Callable[[int], tuple[Any, Shape]]] = {
    "mixed": mixed,
    "mobile": mobile,
    "residual": residual,
}
"""Name -> what returns a network with the operators of an opset."""
RUNS = 8


class Samples(CalibrationDataReader):
    """Random inputs."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        generator = np.random.default_rng(3)
        values = generator.normal(size=(RUNS, *shape)).astype(np.float32)
        self._values = iter(values)

    def get_next(self) -> dict[str, np.ndarray] | None:
        value = next(self._values, None)
        return None if value is None else {"x": value}


def write_quantized(path: Path, network: str) -> Shape:
    """Write a network with UINT8 activations; return the shape of its input."""
    proto, shape = NETWORKS[network](17)
    whole = path.with_suffix(".float.onnx")
    onnx.save(proto, whole)
    types = {"activation_type": QuantType.QUInt8, "weight_type": QuantType.QInt8}
    quantize_static(whole, path, Samples(shape), per_channel=True, **types)
    return shape
