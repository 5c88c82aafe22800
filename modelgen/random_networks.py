"""Random quantized networks of all layers, for tests: branches, odd sizes, strides, paddings.

A network is drawn as a description that can be made smaller; building it cuts kernels and paddings
to what the maps allow, so that any part of a description is a network too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from modelgen.graph import Graph
from modelgen.graph_builder import GraphBuilder, output_size


@dataclass(frozen=True)
class Layer:
    """A layer of a random network; what the maps do not allow is cut when it is built."""

    kind: str
    """conv, depthwise, max_pool2d, avg_pool2d, pointwise, or residual: two convolutions."""
    channels: int
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int, int, int]
    dilation: tuple[int, int]
    activation: str
    """relu, relu6, leaky or none."""
    pooled: bool
    """A max-pooling of 2 x 2 is fused."""
    flag: bool
    """Residual: a convolution on the other branch; element-wise: scale and bias."""


@dataclass(frozen=True)
class Network:
    """A random network, and the sizes of the engine that the compiler is told."""

    seed: int
    batch: int
    shape: tuple[int, int, int]
    layers: tuple[Layer, ...]
    outputs: int
    """Of a linear layer at the end; 0: none."""
    buffer_words: int
    accumulator_depth: int

    def text(self) -> str:
        """Return the network in a few lines."""
        lines = [
            f"batch {self.batch}, input {'x'.join(map(str, self.shape))}, buffer "
            f"{self.buffer_words} words, {self.accumulator_depth} accumulators"
        ]
        lines += [f"  {layer}" for layer in self.layers]
        return "\n".join(lines + ([f"  linear to {self.outputs}"] if self.outputs else []))


_ACTIVATIONS = {
    "relu": {"clamp": [0.0, None]},
    "relu6": {"clamp": [0.0, 6.0]},
    "leaky": {"slope": 0.125},
    "none": {},
}
_KINDS = ("conv", "conv", "conv", "depthwise", "max_pool2d", "avg_pool2d", "pointwise", "residual")


def draw(seed: int, most_words: int = 1 << 16, most_entries: int = 1024) -> Network:
    """Return a random network.

    Args:
        seed: everything follows from it.
        most_words: words of the activation buffer that there are.
        most_entries: accumulators that there are.
    """
    random = np.random.default_rng(seed)

    def number(low: int, high: int) -> int:
        return int(random.integers(low, high + 1))

    def power(low: int, high: int) -> int:
        return 1 << number(low, high.bit_length() - 1)

    kernels = [(number(1, 4), number(1, 4)) for _ in range(number(1, 6))]
    layers = tuple(
        Layer(
            kind=_KINDS[number(0, len(_KINDS) - 1)],
            channels=number(1, 40),
            kernel=kernel,
            stride=(number(1, 2), number(1, 2)),
            padding=tuple(number(0, size // 2) for size in kernel for _ in range(2)),
            dilation=(number(1, 2), number(1, 2)) if number(0, 2) == 0 else (1, 1),
            activation=list(_ACTIVATIONS)[number(0, 3)],
            pooled=number(0, 3) == 0,
            flag=bool(number(0, 1)),
        )
        for kernel in kernels
    )
    return Network(
        seed=seed,
        batch=number(2, 3) if number(0, 3) == 0 else 1,
        shape=(number(1, 16), number(1, 16), number(1, 20)),
        layers=layers,
        outputs=number(1, 30) if number(0, 1) else 0,
        buffer_words=power(8, most_words),
        accumulator_depth=power(4, most_entries),
    )


def build(network: Network) -> Graph:
    """Return the quantized graph of a network."""
    graph = GraphBuilder(network.batch, *network.shape, seed=network.seed)
    last = "x"
    for layer in network.layers:
        last = _add(graph, last, layer)
    if network.outputs:
        last = graph.linear(graph.flatten(last), network.outputs)
    return graph.build(last)


def _add(graph: GraphBuilder, last: str, layer: Layer) -> str:
    _, height, width, channels = graph.shape(last)
    activation = _ACTIVATIONS[layer.activation]
    kernel = min(layer.kernel[0], height), min(layer.kernel[1], width)
    padding = tuple(
        min(amount, kernel[index // 2] // 2) for index, amount in enumerate(layer.padding)
    )
    if layer.kind in ("max_pool2d", "avg_pool2d"):
        return graph.pool(layer.kind, last, kernel, layer.stride, padding, **activation)
    if layer.kind == "pointwise":
        return graph.pointwise(last, affine=layer.flag, **activation)
    if layer.kind == "residual":
        return _branches(graph, last, layer, activation)
    dilation = tuple(
        step if (taps - 1) * step < size else 1
        for step, taps, size in zip(layer.dilation, kernel, (height, width), strict=True)
    )
    settings = (kernel, layer.stride, padding, dilation)
    if layer.kind == "depthwise" and channels > 1:
        return graph.conv(last, 0, *settings, depthwise=True, **activation)
    sizes = [
        output_size(size, taps, step, apart, sum(around))
        for size, taps, step, apart, around in zip(
            (height, width), kernel, layer.stride, dilation, (padding[:2], padding[2:]), strict=True
        )
    ]
    pool = (2, 2) if layer.pooled and min(sizes) >= 2 else None
    return graph.conv(last, layer.channels, *settings, pool=pool, **activation)


def _branches(graph: GraphBuilder, last: str, layer: Layer, activation: dict) -> str:
    """Add a residual block; the sum is fused into the last convolution, or stands alone."""
    channels = graph.shape(last)[-1]
    inner = graph.conv(last, layer.channels, clamp=[0.0, None])
    other = last
    if layer.flag:
        other = graph.conv(last, channels, (1, 1), padding=(0, 0, 0, 0))
    if layer.pooled:
        return graph.pointwise(graph.conv(inner, channels), residual=other, **activation)
    return graph.conv(inner, channels, residual=other, **activation)


def smaller(network: Network) -> Iterator[Network]:
    """Give networks that are a step simpler, the simplest first."""
    for candidate in _steps(network):
        if candidate.layers or candidate.outputs:
            yield candidate


def _steps(network: Network) -> Iterator[Network]:
    layers = network.layers
    for index in range(len(layers)):
        yield replace(network, layers=layers[:index] + layers[index + 1 :])
    if network.batch > 1:
        yield replace(network, batch=1)
    if network.outputs:
        yield replace(network, outputs=0)
        yield replace(network, outputs=-(-network.outputs // 2))
    for axis, size in enumerate(network.shape):
        if size > 1:
            shape = (*network.shape[:axis], -(-size // 2), *network.shape[axis + 1 :])
            yield replace(network, shape=shape)
    for index, layer in enumerate(layers):
        for simpler in _simpler(layer):
            yield replace(network, layers=(*layers[:index], simpler, *layers[index + 1 :]))


def _simpler(layer: Layer) -> Iterator[Layer]:
    for field, value in (
        ("pooled", False),
        ("activation", "none"),
        ("dilation", (1, 1)),
        ("stride", (1, 1)),
        ("padding", (0, 0, 0, 0)),
        ("kernel", (1, 1)),
        ("channels", -(-layer.channels // 2)),
        ("flag", False),
    ):
        if getattr(layer, field) != value:
            yield replace(layer, **{field: value})


def size(network: Network) -> Sequence[int]:
    """Return what makes a network large, for comparing."""
    graph = build(network)
    words = sum(tensor.size for tensor in graph.tensors.values())
    return len(network.layers), words + sum(c.size for c in graph.constants.values())
