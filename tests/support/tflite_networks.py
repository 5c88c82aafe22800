"""Random INT8 networks of several operators as .tflite models."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.support.litert import scale
from tests.support.tflite_models import NONE, RELU, RELU6, SAME, VALID, ModelWriter


class NetworkWriter:
    """Adds layers with random constants and quantizations; tensors are (batch, ...)."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.writer = ModelWriter()
        self._shapes: dict[int, tuple[int, ...]] = {}
        self._scales: dict[int, tuple[float, int]] = {}

    def tensor(self, *shape: int, like: int | None = None) -> int:
        """Add an activation, with a quantization of its own or another's."""
        drawn = scale(self.random, -6, -3), int(self.random.integers(-128, 128))
        quantization = drawn if like is None else self._scales[like]
        index = self.writer.tensor(shape, *quantization)
        self._shapes[index], self._scales[index] = shape, quantization
        return index

    def convolution(self, x: int, channels: int, *, depthwise: bool = False) -> int:
        """Add a convolution, 3x3 or 1x1, with stride 1 or 2."""
        random = self.random
        batch, rows, columns, words = self._shapes[x]
        kernel, stride = int(random.choice([1, 3])), int(random.choice([1, 2]))
        padding = int(random.choice([SAME, VALID])) if min(rows, columns) >= kernel else SAME
        reach = 0 if padding == SAME else kernel - 1
        size = [-(-(pixels - reach) // stride) for pixels in (rows, columns)]
        channels = words if depthwise else channels
        shape = (1, kernel, kernel, words) if depthwise else (channels, kernel, kernel, words)
        weight = random.integers(-127, 128, shape).astype(np.int8)
        unit = 0.02 / (kernel * (1 if depthwise else words) ** 0.5)
        scales = (unit * random.uniform(0.3, 2.0, channels)).astype(np.float32).astype(float)
        bias = random.integers(-2000, 2000, channels).astype(np.int32)
        y = self.tensor(batch, *size, channels)
        inputs = [
            x,
            self.writer.constant(weight, scales.tolist(), axis=3 if depthwise else 0),
            self.writer.constant(bias, (scales * self._scales[x][0]).tolist()),
        ]
        options = {"depthMultiplier": 1} if depthwise else {}
        return self.writer.operator(
            "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D",
            inputs,
            y,
            padding=padding,
            strideH=stride,
            strideW=stride,
            fusedActivationFunction=int(random.choice([NONE, RELU, RELU6])),
            **options,
        )

    def function(self, kind: str, x: int) -> int:
        """Add a function of each value."""
        return self.writer.operator(kind, [x], self.tensor(*self._shapes[x]))

    def pair(self, kind: str, x: int, other: int) -> int:
        """Add a sum or a product."""
        return self.writer.operator(kind, [x, other], self.tensor(*self._shapes[x]))

    def joined(self, x: int, other: int) -> int:
        """Add a concatenation of channels, after a change of the second's quantization."""
        same = self.tensor(*self._shapes[other], like=x)
        self.writer.operator("QUANTIZE", [other], same)
        *outer, channels = self._shapes[x]
        y = self.tensor(*outer, channels + self._shapes[other][-1], like=x)
        return self.writer.operator("CONCATENATION", [x, same], y, axis=3)

    def classified(self, x: int, classes: int) -> int:
        """Add a mean over all pixels, a matrix product and a softmax."""
        batch, _, _, words = self._shapes[x]
        mean = self.tensor(batch, words)
        axes = self.writer.constant(np.array([1, 2], np.int32))
        self.writer.operator("MEAN", [x, axes], mean)
        weight = self.random.integers(-127, 128, (classes, words)).astype(np.int8)
        bias = self.random.integers(-500, 500, classes).astype(np.int32)
        given = self.writer.constant(weight, 0.01)
        added = self.writer.constant(bias, 0.01 * self._scales[mean][0])
        scores = self.tensor(batch, classes)
        self.writer.operator("FULLY_CONNECTED", [mean, given, added], scores)
        y = self.writer.tensor((batch, classes), 1 / 256, -128)
        return self.writer.operator("SOFTMAX", [scores], y, beta=1.0)


def write_network(path: Path, seed: int) -> tuple[int, ...]:
    """Write a network with branches; return the shape of its input."""
    net = NetworkWriter(seed)
    random = net.random
    shape = (int(random.integers(1, 3)), *(int(n) for n in random.integers(5, 14, 2)), 3)
    x = net.tensor(*shape)
    current = net.convolution(x, 8)
    for _ in range(int(random.integers(2, 5))):
        match int(random.integers(5)):
            case 0:
                current = net.convolution(current, int(random.integers(4, 20)))
            case 1:
                current = net.convolution(current, 0, depthwise=True)
            case 2:
                current = net.pair("ADD", current, net.function("HARD_SWISH", current))
            case 3:
                current = net.pair("MUL", net.function("RELU6", current), current)
            case _:
                current = net.joined(current, net.function("RELU", current))
    y = net.classified(current, int(random.integers(2, 12)))
    net.writer.write(path, [x], [y])
    return shape
