"""Random networks of INT8 values, and engines of random sizes for them."""

from __future__ import annotations

import random

from modelgen.arithmetic.integer.requantization import Clamp, Rounding
from modelgen.hardware import Hardware
from modelgen.ir.graph import Graph
from modelgen.operators.window import Window
from modelgen.passes.drop_unused import drop_unused
from tests.support.integer_graphs import IntegerGraph

_KERNELS = (1, 1, 2, 3, 3, 3, 5, 7)
_CHANNELS = (1, 3, 4, 8, 12, 16, 24, 40, 64)
_CLAMPS = (None, Clamp(-128, 30), Clamp(-5, 127))


def random_hardware(seed: int) -> Hardware:
    """Return an engine of random sizes."""
    draw = random.Random(seed)
    array_size = draw.choice([4, 8, 12, 16, 32])
    return Hardware(
        array_size=array_size,
        port_words=draw.choice([1, 2, 4, 8] if array_size in (16, 32) else [1, 2, 4]),
        buffer_words=1 << draw.randint(9, 16),
        accumulator_depth=1 << draw.randint(5, 11),
    )


def random_network(seed: int) -> tuple[IntegerGraph, Graph]:
    """Return a network of up to six layers, and what gives it inputs."""
    draw = random.Random(seed)
    shape = (draw.choice([1, 1, 1, 2]), draw.randint(1, 20), draw.randint(1, 20))
    channels = draw.choice([1, 3, 4, 8, 12, 16, 20, 32])
    rounding = draw.choice([Rounding.DOUBLE, Rounding.DOUBLE, *Rounding])
    built = IntegerGraph(*shape, channels, seed=seed, rounding=rounding)
    names = ["x"]
    for _ in range(draw.randint(1, 6)):
        built.weight_bits = draw.choice([4, 8, 8])
        name = _layer(draw, built, names)
        names += [name] if name else []
    if len(names) == 1:
        names.append(built.table("x"))
    return built, drop_unused(built.build(names[-1]))


def _layer(draw: random.Random, built: IntegerGraph, names: list[str]) -> str | None:
    """Add a layer; return its name, or None if it is not possible."""
    source = draw.choice(names[-3:])
    shape = built.shape(source)
    if len(shape) != 4:
        return built.linear(source, draw.choice([1, 4, 7, 10, 16, 40]))
    kind = draw.choice(["conv"] * 4 + ["depthwise"] * 2 + ["pool", "average", "table", "sum"])
    if kind == "sum":
        return _sum(draw, built, names, source)
    if kind == "table":
        return built.table(source)
    window = _window(draw, padded=kind in ("conv", "depthwise"))
    if min(window.outputs(*shape[1:3])) < 1:
        size = shape[1] * shape[2] * shape[3]
        return built.linear(built.reshape(source, shape[0], size), 12)
    match kind:
        case "conv":
            channels = draw.choice(_CHANNELS)
            return built.conv(source, channels, window, clamp=draw.choice(_CLAMPS))
        case "depthwise":
            return built.conv(source, 0, window, depthwise=True)
        case "pool":
            return built.max_pool(source, window)
        case _:
            return built.avg_pool(source, window)


def _sum(draw: random.Random, built: IntegerGraph, names: list[str], source: str) -> str | None:
    others = [name for name in names if name != source and built.shape(name) == built.shape(source)]
    if not others:
        return None
    pair = [source, draw.choice(others)]
    draw.shuffle(pair)
    return built.sum(*pair)


def _window(draw: random.Random, *, padded: bool) -> Window:
    rows, columns = draw.choice(_KERNELS), draw.choice(_KERNELS)
    stride = draw.choice([1, 1, 2, 3]), draw.choice([1, 1, 2, 3])
    if not padded:
        return Window((rows, columns), stride)
    ends = (rows, rows, columns, columns)
    padding = tuple(draw.randint(0, end - 1) if draw.random() < 0.7 else 0 for end in ends)
    dilation = draw.choice([1, 1, 1, 2, 3]), draw.choice([1, 1, 1, 2])
    top, bottom, left, right = padding
    return Window((rows, columns), stride, (top, bottom, left, right), dilation)
