"""Quantized graphs built layer by layer, with random constants."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from modelgen.ir.graph import Graph, Node, Tensor
from modelgen.operators import (
    AvgPool2d,
    Concatenate,
    Conv2d,
    Linear,
    MaxPool2d,
    Operator,
    Pointwise,
    Reshape,
    Softmax,
)
from modelgen.operators.epilogue import Epilogue
from modelgen.operators.movement import Movement
from modelgen.operators.window import Window


class GraphBuilder:
    """Builds quantized graphs layer by layer, with random constants; gives names of tensors."""

    def __init__(self, batch: int, *shape: int, seed: int = 0) -> None:
        self._random = np.random.default_rng(seed)
        self._tensors = {"x": Tensor("x", (batch, *shape))}
        self._constants: dict[str, np.ndarray] = {}
        self._nodes: list[Node] = []
        self._batch = batch

    def shape(self, name: str) -> tuple[int, ...]:
        """Return a tensor's shape, the batch first."""
        return self._tensors[name].shape

    def _add(
        self, operator: Operator, *inputs: str, constants: dict[str, str] | None = None
    ) -> str:
        node = Node(f"{operator.name}{len(self._nodes)}", operator, inputs, "", constants or {})
        node = replace(node, output=node.name)
        shapes = [self.shape(name) for name in inputs]
        arrays = {role: self._constants[name] for role, name in node.constants.items()}
        self._tensors[node.name] = Tensor(node.name, operator.infer_shape(shapes, arrays))
        self._nodes.append(node)
        return node.name

    def _affine(self, name: str, channels: int, words: int) -> dict[str, str]:
        random = self._random
        self._constants[f"{name}.scale"] = (
            random.uniform(0.5, 1.5, channels) * (3 / words) ** 0.5 / 127
        ).astype(np.float32)
        self._constants[f"{name}.bias"] = random.normal(0, 0.3, channels).astype(np.float32)
        return {"scale": f"{name}.scale", "bias": f"{name}.bias"}

    def _weights(self, channels: int, *shape: int) -> dict[str, str]:
        name = f"c{len(self._nodes)}"
        weight = self._random.integers(-127, 128, (channels, *shape)).astype(np.int8)
        self._constants[f"{name}.weight"] = weight
        affine = self._affine(name, channels, int(np.prod(shape)))
        return {"weight": f"{name}.weight", **affine}

    def conv(
        self,
        source: str,
        channels: int,
        kernel: tuple[int, int] = (3, 3),
        stride: tuple[int, int] = (1, 1),
        padding: tuple[int, int, int, int] = (1, 1, 1, 1),
        dilation: tuple[int, int] = (1, 1),
        *,
        depthwise: bool = False,
        residual: str | None = None,
        **epilogue: Any,
    ) -> str:
        """Add a quantized convolution; `epilogue` has fields of `Epilogue`."""
        inputs = self.shape(source)[-1]
        channels = inputs if depthwise else channels
        window = Window(kernel, stride, padding, dilation)
        operator = Conv2d(window, inputs if depthwise else 1, _epilogue(residual, epilogue))
        constants = self._weights(channels, *kernel, 1 if depthwise else inputs)
        return self._add(operator, *_present(source, residual), constants=constants)

    def linear(self, source: str, outputs: int, **epilogue: Any) -> str:
        """Add a quantized linear layer; `epilogue` has fields of `Epilogue`."""
        constants = self._weights(outputs, self.shape(source)[-1])
        return self._add(Linear(Epilogue(**epilogue)), source, constants=constants)

    def pool(
        self,
        kind: type[MaxPool2d] | type[AvgPool2d],
        source: str,
        kernel: tuple[int, int] = (2, 2),
        stride: tuple[int, int] = (2, 2),
        padding: tuple[int, int, int, int] = (0, 0, 0, 0),
        dilation: tuple[int, int] = (1, 1),
        **epilogue: Any,
    ) -> str:
        """Add a pooling; `epilogue` has fields of `Epilogue`."""
        window = Window(kernel, stride, padding, dilation)
        return self._add(kind(window, Epilogue(**epilogue)), source)

    def pointwise(
        self, source: str, residual: str | None = None, *, affine: bool = False, **epilogue: Any
    ) -> str:
        """Add an element-wise layer; `epilogue` has fields of `Epilogue`."""
        channels = self.shape(source)[-1]
        constants = self._affine(f"p{len(self._nodes)}", channels, 3) if affine else {}
        operator = Pointwise(_epilogue(residual, epilogue))
        return self._add(operator, *_present(source, residual), constants=constants)

    def flatten(self, source: str) -> str:
        """Add a reshape of maps to one row of features an input."""
        shape = self.shape(source)
        return self._add(Reshape((shape[0], int(np.prod(shape[1:])))), source)

    def reshape(self, source: str, *shape: int) -> str:
        """Add a reshape, the batch first."""
        return self._add(Reshape(shape), source)

    def move(self, operator: Movement, source: str) -> str:
        """Add a movement."""
        return self._add(operator, source)

    def concatenate(self, *sources: str) -> str:
        """Add a concatenation along the channels."""
        return self._add(Concatenate(), *sources)

    def softmax(self, source: str) -> str:
        """Add a softmax over the last dimension."""
        return self._add(Softmax(), source)

    def build(self, output: str) -> Graph:
        """Return the graph of which a tensor is the output."""
        return Graph(
            ("x",), (output,), self._batch, tuple(self._nodes), dict(self._tensors), self._constants
        )


def _epilogue(residual: str | None, fields: dict[str, Any]) -> Epilogue:
    return Epilogue(residual=residual is not None, **fields)


def _present(source: str, residual: str | None) -> tuple[str, ...]:
    return (source,) if residual is None else (source, residual)
