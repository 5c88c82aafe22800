"""Quantized graphs built layer by layer, with random constants: for tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelgen.ir.graph import Graph, Node, Tensor


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

    def _add(self, op: str, inputs: tuple[str, ...], shape: Sequence[int], **fields: dict) -> str:
        name = f"{op}{len(self._nodes)}"
        self._tensors[name] = Tensor(name, tuple(int(size) for size in shape))
        self._nodes.append(Node(name, op, inputs, name, **fields))
        return name

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
        pool: tuple[int, int] | None = None,
        residual: str | None = None,
        **attributes: object,
    ) -> str:
        batch, height, width, inputs = self.shape(source)
        channels = inputs if depthwise else channels
        rows = output_size(height, kernel[0], stride[0], dilation[0], padding[0] + padding[1])
        columns = output_size(width, kernel[1], stride[1], dilation[1], padding[2] + padding[3])
        if pool:
            rows, columns = rows // pool[0], columns // pool[1]
            attributes["pool"] = list(pool)
        if residual:
            attributes["residual"] = True
        constants = self._weights(channels, *kernel, 1 if depthwise else inputs)
        return self._add(
            "quantized_conv2d",
            (source, residual) if residual else (source,),
            (batch, rows, columns, channels),
            constants=constants,
            attributes={
                "stride": list(stride),
                "padding": list(padding),
                "dilation": list(dilation),
                "groups": inputs if depthwise else 1,
                **attributes,
            },
        )

    def linear(self, source: str, outputs: int, **attributes: object) -> str:
        shape = self.shape(source)
        constants = self._weights(outputs, shape[-1])
        return self._add(
            "quantized_linear",
            (source,),
            (*shape[:-1], outputs),
            constants=constants,
            attributes=attributes,
        )

    def pool(
        self,
        op: str,
        source: str,
        kernel: tuple[int, int] = (2, 2),
        stride: tuple[int, int] = (2, 2),
        padding: tuple[int, int, int, int] = (0, 0, 0, 0),
        **attributes: object,
    ) -> str:
        batch, height, width, channels = self.shape(source)
        rows = output_size(height, kernel[0], stride[0], 1, padding[0] + padding[1])
        columns = output_size(width, kernel[1], stride[1], 1, padding[2] + padding[3])
        attributes |= {"kernel": list(kernel), "stride": list(stride), "padding": list(padding)}
        return self._add(op, (source,), (batch, rows, columns, channels), attributes=attributes)

    def pointwise(
        self,
        source: str,
        residual: str | None = None,
        *,
        affine: bool = False,
        **attributes: object,
    ) -> str:
        shape = self.shape(source)
        constants = self._affine(f"p{len(self._nodes)}", shape[-1], 3) if affine else {}
        if residual:
            attributes["residual"] = True
        inputs = (source, residual) if residual else (source,)
        return self._add("pointwise", inputs, shape, constants=constants, attributes=attributes)

    def flatten(self, source: str) -> str:
        """Add a reshape of maps to one row of features an input."""
        shape = self.shape(source)
        return self._add("reshape", (source,), (shape[0], int(np.prod(shape[1:]))))

    def softmax(self, source: str) -> str:
        """Add a softmax over the last dimension."""
        return self._add("softmax", (source,), self.shape(source))

    def build(self, output: str) -> Graph:
        """Return the graph of which a tensor is the output."""
        return Graph(
            "x", output, self._batch, tuple(self._nodes), dict(self._tensors), self._constants
        )


def output_size(size: int, kernel: int, stride: int, dilation: int, padding: int) -> int:
    """Return how many times a window fits along one dimension; `padding` is that of both sides."""
    return (size + padding - (kernel - 1) * dilation - 1) // stride + 1
