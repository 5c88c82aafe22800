"""Graphs of INT8 values built layer by layer, with random constants."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelgen.arithmetic.integer.requantization import Clamp, Requantization, Rounding
from modelgen.arithmetic.integer.sums import SumScales
from modelgen.ir.graph import Contract, ElementType, Graph, Node, Tensor
from modelgen.operators import (
    ByteTable,
    IntegerAdd,
    IntegerAvgPool2d,
    IntegerConv2d,
    IntegerLinear,
    IntegerMaxPool2d,
    Operator,
    Reshape,
)
from modelgen.operators.window import Window

SAME = Window((3, 3), padding=(1, 1, 1, 1))
HALVING = Window((2, 2), (2, 2))


class IntegerGraph:
    """Builds graphs of INT8 values; gives names of tensors."""

    def __init__(self, *shape: int, seed: int = 0, rounding: Rounding = Rounding.DOUBLE) -> None:
        self._random = np.random.default_rng(seed)
        self._rounding = rounding
        self._tensors = {"x": Tensor("x", shape, ElementType.INT8)}
        self._constants: dict[str, np.ndarray] = {}
        self._nodes: list[Node] = []
        self._zero_points: dict[str, int] = {}
        self.weight_bits = 8
        """Of the layers that are added next: 8 or 4."""

    def shape(self, name: str) -> tuple[int, ...]:
        """Return a tensor's shape, the batch first."""
        return self._tensors[name].shape

    def inputs(self, seed: int = 0) -> np.ndarray:
        """Return the values of one inference."""
        random = np.random.default_rng(seed)
        return random.integers(-128, 128, self.shape("x")).astype(np.int8)

    def conv(
        self,
        source: str,
        channels: int,
        window: Window = SAME,
        *,
        depthwise: bool = False,
        clamp: Clamp | None = None,
    ) -> str:
        """Add a convolution; a depthwise one has as many channels as its input."""
        inputs = self.shape(source)[-1]
        groups, words = (inputs, 1) if depthwise else (1, inputs)
        outputs = inputs if depthwise else channels
        constants = self._weights(outputs, *window.kernel, words)
        zero_point = self._zero_point()
        operator = IntegerConv2d(window, zero_point, self._requantization(clamp), groups)
        return self._with_zero_point(self.add(operator, source, constants=constants))

    def linear(self, source: str, outputs: int) -> str:
        """Add a matrix product."""
        constants = self._weights(outputs, self.shape(source)[-1])
        operator = IntegerLinear(self._zero_point(), self._requantization(None))
        return self._with_zero_point(self.add(operator, source, constants=constants))

    def sum(self, first: str, second: str) -> str:
        """Add a sum of two tensors."""
        of_both = self._random.uniform(0.02, 0.05, 2).tolist()
        scales = SumScales.of(*of_both, 0.1)
        points = self._zero_points.get(first, -7), self._zero_points.get(second, 12)
        return self.add(IntegerAdd(points, scales, self._zero_point(), Clamp(-100)), first, second)

    def max_pool(self, source: str, window: Window = HALVING) -> str:
        """Add a max-pooling."""
        name = self.add(IntegerMaxPool2d(window), source)
        if source in self._zero_points:
            self._zero_points[name] = self._zero_points[source]
        return name

    def avg_pool(self, source: str, window: Window) -> str:
        """Add an average pooling."""
        return self.add(IntegerAvgPool2d(window), source)

    def table(self, source: str) -> str:
        """Add a function of each value."""
        name = f"table{len(self._nodes)}"
        self._constants[name] = self._random.integers(-128, 128, 256).astype(np.int8)
        return self.add(ByteTable("function"), source, constants={"table": name})

    def reshape(self, source: str, *shape: int) -> str:
        """Add a reshape, the batch first."""
        return self.add(Reshape(shape), source)

    def add(self, operator: Operator, *inputs: str, constants: dict[str, str] | None = None) -> str:
        """Add any operator whose output is INT8."""
        node = Node(f"{operator.name}{len(self._nodes)}", operator, inputs, "", constants or {})
        node = replace(node, output=node.name)
        shapes = [self.shape(name) for name in inputs]
        arrays = {role: self._constants[name] for role, name in node.constants.items()}
        shape = operator.infer_shape(shapes, arrays)
        self._tensors[node.name] = Tensor(node.name, shape, ElementType.INT8)
        self._nodes.append(node)
        return node.name

    def build(self, output: str) -> Graph:
        """Return the graph of which a tensor is the output."""
        parts = tuple(self._nodes), dict(self._tensors), dict(self._constants)
        batch = self.shape("x")[0]
        return Graph(("x",), (output,), batch, *parts, contract=Contract.TFLITE_REFERENCE)

    def _with_zero_point(self, name: str) -> str:
        """Note the zero point of a layer's results."""
        operator = self._nodes[-1].operator
        assert isinstance(operator, IntegerConv2d | IntegerLinear)
        self._zero_points[name] = operator.requantization.zero_point
        return name

    def _zero_point(self) -> int:
        return int(self._random.integers(-128, 128))

    def _requantization(self, clamp: Clamp | None) -> Requantization:
        return Requantization(self._rounding, int(self._random.integers(-20, 21)), clamp or Clamp())

    def _weights(self, outputs: int, *shape: int) -> dict[str, str]:
        """Return the constants of products whose results spread over the range of INT8."""
        random, name = self._random, f"c{len(self._nodes)}"
        low, high = (-127, 128) if self.weight_bits == 8 else (-8, 8)
        spread = 0.5 * high * np.sqrt(float(np.prod(shape))) * 74
        factors = random.uniform(0.3, 1.5, outputs) * 60 / spread
        made = {
            "weight": random.integers(low, high, (outputs, *shape)).astype(np.int8),
            "bias": random.integers(-3000, 3000, outputs).astype(np.int32),
            **self._rounding.constants(factors),
        }
        self._constants |= {f"{name}.{role}": values for role, values in made.items()}
        return {role: f"{name}.{role}" for role in made}
