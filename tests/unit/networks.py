"""Small graphs for tests."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from modelgen.graph import Graph, Node, Tensor


def perceptron(
    batch: int,
    sizes: Sequence[int],
    *,
    relu: Sequence[bool] | None = None,
    softmax: bool = False,
    seed: int = 0,
) -> Graph:
    """Return a float graph of linear layers; `relu` says which of them a ReLU follows."""
    generator = np.random.default_rng(seed)
    relu = relu or [True] * (len(sizes) - 2) + [False]
    tensors = {"x": Tensor("x", (batch, sizes[0]))}
    constants: dict[str, np.ndarray] = {}
    nodes: list[Node] = []
    last = "x"

    def add(name: str, op: str, columns: int, **fields: dict) -> None:
        nonlocal last
        tensors[name] = Tensor(name, (batch, columns))
        nodes.append(Node(name, op, (last,), name, **fields))
        last = name

    for index, (words, columns) in enumerate(pairwise(sizes)):
        name = f"fc{index}"
        constants[f"{name}.weight"] = generator.standard_normal((columns, words)).astype(np.float32)
        constants[f"{name}.bias"] = generator.standard_normal(columns).astype(np.float32)
        roles = {"weight": f"{name}.weight", "bias": f"{name}.bias"}
        add(name, "linear", columns, constants=roles)
        if relu[index]:
            add(f"relu{index}", "relu", columns)
    if softmax:
        add("softmax", "softmax", sizes[-1])
    return Graph("x", last, batch, tuple(nodes), tensors, constants)


def bits(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values, np.float32).view(np.uint32)


class DeviceGraph:
    """Builds quantized graphs layer by layer, without PyTorch."""

    def __init__(self, batch: int, *shape: int, seed: int = 0) -> None:
        self._random = np.random.default_rng(seed)
        self._tensors = {"x": Tensor("x", (batch, *shape))}
        self._constants: dict[str, np.ndarray] = {}
        self._nodes: list[Node] = []
        self._batch = batch

    def shape(self, name: str) -> tuple[int, ...]:
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
        rows = _outputs(height, kernel[0], stride[0], dilation[0], padding[0] + padding[1])
        columns = _outputs(width, kernel[1], stride[1], dilation[1], padding[2] + padding[3])
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
        rows = _outputs(height, kernel[0], stride[0], 1, padding[0] + padding[1])
        columns = _outputs(width, kernel[1], stride[1], 1, padding[2] + padding[3])
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
        shape = self.shape(source)
        return self._add("reshape", (source,), (shape[0], int(np.prod(shape[1:]))))

    def softmax(self, source: str) -> str:
        return self._add("softmax", (source,), self.shape(source))

    def build(self, output: str) -> Graph:
        return Graph(
            "x", output, self._batch, tuple(self._nodes), dict(self._tensors), self._constants
        )


def _outputs(size: int, kernel: int, stride: int, dilation: int, padding: int) -> int:
    return (size + padding - (kernel - 1) * dilation - 1) // stride + 1


def random_network(seed: int) -> Graph:
    """Return a graph of any layers: branches, odd sizes, strides, paddings, dilations."""
    random = np.random.default_rng(seed)

    def draw(low: int, high: int) -> int:
        return int(random.integers(low, high + 1))

    graph = DeviceGraph(
        draw(1, 2) if draw(0, 2) == 0 else 1, draw(1, 14), draw(1, 14), draw(1, 20), seed=seed
    )
    last = "x"
    for _ in range(draw(1, 5)):
        last = _random_layer(graph, last, random, draw)
    if draw(0, 1):
        last = graph.linear(graph.flatten(last), draw(1, 30))
        if draw(0, 2) == 0:
            last = graph.pointwise(last, affine=bool(draw(0, 1)), clamp=[0.0, None])
        if draw(0, 1):
            last = graph.softmax(last)
    return graph.build(last)


def _random_layer(graph: DeviceGraph, last: str, random: np.random.Generator, draw: object) -> str:
    _, height, width, channels = graph.shape(last)
    options: dict = {"clamp": [[0.0, None], [0.0, 6.0], None][draw(0, 2)]}
    if draw(0, 4) == 0:
        options = {"slope": 0.125}
    kind = draw(0, 7)
    kernel = (min(draw(1, 4), height), min(draw(1, 4), width))
    padding = tuple(draw(0, size // 2) for size in (kernel[0], kernel[0], kernel[1], kernel[1]))
    stride = (draw(1, 2), draw(1, 2))
    if kind <= 2:
        dilation = tuple(
            draw(1, 2) if (k - 1) * 2 + 1 <= size else 1
            for k, size in zip(kernel, (height, width), strict=True)
        )
        outputs = draw(1, 40)
        rows = _outputs(height, kernel[0], stride[0], dilation[0], padding[0] + padding[1])
        columns = _outputs(width, kernel[1], stride[1], dilation[1], padding[2] + padding[3])
        if kind == 2 and min(rows, columns) >= 2:
            options["pool"] = (2, 2)
        return graph.conv(last, outputs, kernel, stride, padding, dilation, **options)
    if kind == 3:
        return graph.conv(last, 0, kernel, stride, padding, depthwise=True, **options)
    if kind == 4:
        return graph.pool("max_pool2d", last, kernel, stride, padding, **options)
    if kind == 5:
        return graph.pool("avg_pool2d", last, kernel, stride, padding)
    if kind == 6:
        return graph.pointwise(last, affine=bool(draw(0, 1)), **options)
    inner = graph.conv(last, draw(1, 24), clamp=[0.0, None])
    skip = last if draw(0, 1) else graph.conv(last, channels, (1, 1), padding=(0, 0, 0, 0))
    if draw(0, 1):
        return graph.conv(inner, channels, residual=skip, **options)
    return graph.pointwise(graph.conv(inner, channels), residual=skip, **options)


def resnet8(batch: int = 1) -> Graph:
    """Return the MLPerf Tiny image-classification network."""
    graph = DeviceGraph(batch, 32, 32, 3)
    relu = {"clamp": [0.0, None]}
    last = graph.conv("x", 16, **relu)
    for channels, stride in ((16, 1), (32, 2), (64, 2)):
        inner = graph.conv(last, channels, stride=(stride, stride), **relu)
        skip = last
        if stride > 1:
            skip = graph.conv(last, channels, (1, 1), (stride, stride), (0, 0, 0, 0))
        last = graph.conv(inner, channels, residual=skip, **relu)
    last = graph.pool("avg_pool2d", last, (8, 8), (8, 8))
    return graph.build(graph.softmax(graph.linear(graph.flatten(last), 10)))


def vgg6() -> Graph:
    graph = DeviceGraph(1, 32, 32, 3)
    relu = {"clamp": [0.0, None]}
    last = "x"
    for channels, pool in ((32, 0), (32, 2), (64, 0), (64, 2), (128, 0), (128, 0)):
        last = graph.conv(last, channels, pool=(pool, pool) if pool else None, **relu)
    return graph.build(graph.softmax(graph.linear(graph.flatten(last), 10)))


def dscnn() -> Graph:
    graph = DeviceGraph(1, 49, 10, 1)
    relu = {"clamp": [0.0, None]}
    last = graph.conv("x", 64, (10, 4), (2, 2), (5, 5, 1, 1), **relu)
    for _ in range(4):
        last = graph.conv(last, 0, depthwise=True, **relu)
        last = graph.conv(last, 64, (1, 1), padding=(0, 0, 0, 0), **relu)
    _, rows, columns, _ = graph.shape(last)
    last = graph.pool("avg_pool2d", last, (rows, columns), (rows, columns))
    return graph.build(graph.softmax(graph.linear(graph.flatten(last), 12)))


def cifar10() -> Graph:
    graph = DeviceGraph(1, 26, 26, 3)
    relu = {"clamp": [0.0, None]}
    last = graph.conv("x", 16, (5, 5), padding=(0, 0, 0, 0), **relu)
    last = graph.conv(last, 24, padding=(0, 0, 0, 0), pool=(2, 2), **relu)
    last = graph.conv(last, 6, (4, 4), padding=(0, 0, 0, 0), **relu)
    return graph.build(graph.softmax(graph.linear(graph.flatten(last), 10)))
