"""Predicted cycles of the device library's kernels, against the simulated SoC.

Each case is a layer of a network that runs on the CPU alone; all outputs are compared as well.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from flows import config
from flows.repository import ROOT
from flows.simulate import hardware
from flows.stages.options import Options
from flows.stages.run import run
from flows.terminal.progress import Terminal
from flows.toolchain import firmware
from modelgen.arithmetic.integer.means import mean_multiplier
from modelgen.arithmetic.integer.multiplier import Multiplier
from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.arithmetic.integer.requantization import Rounding
from modelgen.arithmetic.integer.softmax import SoftmaxScale
from modelgen.arithmetic.integer.sums import SumScales
from modelgen.emit import emit
from modelgen.ir.graph import ElementType, Graph, Node, Tensor
from modelgen.ir.packing import input_element, input_words
from modelgen.operators import (
    Argmax,
    Binary,
    ByteTable,
    Elementwise,
    Embedding,
    Fp32Add,
    Fp32AvgPool2d,
    Fp32Mean,
    Fp32Multiply,
    Fp32Softmax,
    IntegerAdd,
    IntegerAvgPool2d,
    IntegerConv2d,
    IntegerLinear,
    IntegerMaxPool2d,
    IntegerMean,
    IntegerMultiply,
    IntegerSoftmax,
    MatMul,
    Normalize,
    Operator,
    Pad,
    Permute,
    Reduce,
    Resize,
    Select,
    Slice,
    Softmax,
    UnevenAvgPool2d,
    UnevenMaxPool2d,
)
from modelgen.operators.base import Arrays, Shape
from modelgen.operators.functions import FUNCTIONS
from modelgen.operators.window import Window
from modelgen.plan.compiler import compile_graph
from modelgen.targets.cpu import Cpu
from modelgen.verify.golden import golden_outputs
from tests.support.int8_layers import product_constants, requantization

pytestmark = pytest.mark.slow

ERROR = 0.2
"""Of a prediction, relative to the cycles measured."""
_MOST_CYCLES = 5_000_000

SPANS = ((0, 2), (1, 4), (3, 5))
COUNTS = (2, 3, 2)
PARAMETERS = {"elu": (1.0, 1.0, 1.0), "power": (3.0,), "softplus": (1.0, 20.0)}
Case = tuple[Operator, Sequence[Shape], Arrays]
"""An operator, the shapes of its inputs, and its constants."""


def _product(operator: IntegerConv2d | IntegerLinear, shape: Shape, *weight: int) -> Case:
    """Return a layer of integers with random weights of a shape."""
    random = np.random.default_rng(0)
    constants = product_constants(random, *weight, rule=operator.requantization.rounding)
    return operator, [shape], constants


def _conv(window: Window, shape: Shape, outputs: int, groups: int = 1) -> Case:
    operator = IntegerConv2d(window, -3, requantization(Rounding.DOUBLE), groups)
    return _product(operator, shape, outputs, *window.kernel, shape[3] // groups)


_AROUND = Window((3, 3), padding=(1, 1, 1, 1))
_ADD = IntegerAdd((-7, 90), SumScales.of(0.013, 0.0471, 0.0502), 4)
_MULTIPLY = IntegerMultiply((-7, 90), Multiplier.of(0.0113), 4)
_SOFTMAX = IntegerSoftmax(SoftmaxScale.of(0.07))
_AWAY = requantization(Rounding.HALF_AWAY)
_SCALES = Quantization(0.013, 7), Quantization(0.0471, -90), Quantization(0.0502, 4)
INTEGERS: tuple[Case, ...] = (
    # Inputs and outputs follow each other: these begin at whole words.
    (Pad((0, 1, 1, 0), (0, 1, 1, 0), value=-5.0), [(1, 8, 8, 16)], {}),
    (Permute((0, 3, 1, 2)), [(1, 8, 8, 16)], {}),
    (Slice((0, 0), (50, 30), (1, 1)), [(50, 30)], {}),
    (Slice((0, 3), (50, 20), (1, 1)), [(50, 30)], {}),
    (Slice((0, 4), (50, 20), (1, 1)), [(50, 32)], {}),
    (Slice((0, 4), (20, 60), (1, 1)), [(20, 64)], {}),
    (Slice((0, 3), (20, 60), (1, 1)), [(20, 64)], {}),
    (Permute((0, 2, 1, 3)), [(1, 10, 4, 16)], {}),
    _conv(_AROUND, (1, 8, 8, 16), 16),
    _conv(_AROUND, (1, 6, 6, 3), 8),
    _conv(Window((1, 1)), (1, 8, 8, 32), 16),
    _conv(Window((3, 3), (1, 1), (1, 1, 1, 1), (1, 2)), (1, 5, 8, 8), 8),
    _conv(Window((1, 1)), (1, 8, 8, 16), 8, 2),
    _conv(_AROUND, (1, 8, 8, 16), 16, 16),
    _conv(Window((3, 3), (2, 2), (0, 1, 0, 1)), (1, 8, 8, 6), 6, 6),
    _product(IntegerLinear(5, _AWAY), (1, 128), 128, 128),
    _product(IntegerLinear(5, _AWAY), (9, 12), 10, 12),
    (IntegerMaxPool2d(Window((2, 2), (2, 2))), [(1, 12, 12, 16)], {}),
    (IntegerMaxPool2d(Window((3, 3))), [(1, 9, 9, 6)], {}),
    (IntegerAvgPool2d(Window((5, 5))), [(1, 5, 5, 64)], {}),
    (IntegerAvgPool2d(Window((2, 2), (2, 2))), [(1, 8, 8, 16)], {}),
    (IntegerMean((1, 2), 3, mean_multiplier(1.2, 49), 4), [(1, 7, 7, 32)], {}),
    (IntegerMean((3,), 3, mean_multiplier(1.2, 20), 4), [(1, 5, 5, 20)], {}),
    (_ADD, [(1, 600), (1, 600)], {}),
    (_ADD, [(1, 8, 7, 9), (1, 8, 1, 9)], {}),
    (_MULTIPLY, [(1, 600), (1, 600)], {}),
    (_MULTIPLY, [(1, 36, 16), (1, 36, 1)], {}),
    (_SOFTMAX, [(5, 10)], {}),
    (_SOFTMAX, [(1, 100)], {}),
    (Fp32Add(*_SCALES, offset=128), [(1, 600), (1, 600)], {}),
    (Fp32Multiply(*_SCALES, offset=128), [(1, 600), (1, 600)], {}),
    (Fp32AvgPool2d(_AROUND, False, *_SCALES[1:], 128), [(1, 8, 8, 16)], {}),
    (Fp32AvgPool2d(Window((2, 2), (2, 2)), False, *_SCALES[1:]), [(1, 8, 8, 6)], {}),
    (Fp32Mean((1, 2), *_SCALES[1:]), [(1, 16, 16, 8)], {}),
    (Fp32Softmax(*_SCALES[1:]), [(1, 100)], {}),
    (ByteTable("any"), [(1, 1000)], {"table": np.arange(256).astype(np.int8)}),
)
FLOATS: tuple[tuple[Operator, Sequence[Shape]], ...] = (
    (Argmax(), [(100, 10)]),
    (Argmax(), [(2, 500)]),
    *((Binary(kind), [(1, 600), (1, 600)]) for kind in ("add", "multiply", "divide", "equal")),
    *((Binary(kind), [(1, 9, 64), (1, 1, 64)]) for kind in ("subtract", "maximum", "prelu")),
    (Binary("multiply"), [(1, 36, 16), (1, 36, 1)]),
    (Binary("add"), [(1, 8, 7, 9), (1, 8, 1, 9)]),
    *((Elementwise(name, PARAMETERS.get(name, ())), [(1, 202)]) for name in FUNCTIONS),
    (Embedding(), [(40,), (10, 32)]),
    (Embedding(), [(32,), (40, 64)]),
    (Embedding(), [(1, 50), (20, 20)]),
    (MatMul(), [(1, 16, 16), (1, 16, 16)]),
    (MatMul(), [(1, 1, 64), (1, 64, 30)]),
    (MatMul(transposed=True), [(1, 17, 32), (1, 18, 32)]),
    (MatMul(), [(4, 4, 8), (4, 8, 8)]),
    (Normalize(1, 1e-5), [(9, 1, 64), (64,), (64,)]),
    (Normalize(1, 1e-5, centered=False), [(9, 1, 64), (64,)]),
    (Normalize(4, 1e-5), [(1, 36, 16), (16,), (16,)]),
    (Pad((0, 1, 1, 0), (0, 1, 1, 0)), [(1, 8, 8, 16)]),
    (Permute((0, 3, 1, 2)), [(1, 8, 8, 16)]),
    (Permute((0, 2, 1, 3)), [(1, 10, 4, 16)]),
    *((Reduce(kind), [(1, 49, 16)]) for kind in ("mean", "product", "minimum")),
    (Reduce("maximum"), [(16, 60, 1)]),
    (Reduce("sum"), [(50, 3, 1)]),
    (Resize((8, 8), (0.5, 0.5)), [(1, 4, 4, 18)]),
    (Select(), [(1, 600), (1, 600), (1, 1)]),
    (Softmax(), [(8, 64)]),
    (Softmax(), [(20, 10)]),
    (Softmax(log=True), [(8, 64)]),
    (UnevenAvgPool2d(SPANS, SPANS, COUNTS, COUNTS), [(1, 5, 5, 18)]),
    (UnevenMaxPool2d(SPANS, SPANS), [(1, 5, 5, 18)]),
)


@pytest.fixture(scope="module")
def simulator() -> Path:
    """The simulator of the default configuration, brought up to date."""
    run(ROOT, Options.from_command_line(ROOT, ""), "hardware", Terminal(sys.stderr))
    return hardware.folder(config.load()) / hardware.SIMULATOR / hardware.SIMULATOR


def network(cases: Sequence[Case], element: ElementType) -> Graph:
    """Return a network with a layer, inputs and an output of its own for each case."""
    tensors: dict[str, Tensor] = {}
    constants: dict[str, np.ndarray] = {}
    nodes: list[Node] = []
    names_of_inputs: list[str] = []
    for index, (operator, shapes, own) in enumerate(cases):
        names = tuple(f"in{index}.{number}" for number in range(len(shapes)))
        output = f"out{index}"
        shape = operator.infer_shape(shapes, own)
        for name, each in (*zip(names, shapes, strict=True), (output, shape)):
            tensors[name] = Tensor(name, each, element)
        roles = {role: f"{output}.{role}" for role in own}
        constants |= {roles[role]: values for role, values in own.items()}
        nodes.append(Node(output, operator, names, output, roles))
        names_of_inputs += names
    outputs = tuple(node.output for node in nodes)
    return Graph(tuple(names_of_inputs), outputs, 1, tuple(nodes), tensors, constants)


def inputs(graph: Graph) -> np.ndarray:
    """Return the row of inputs, which are positive where a function's domain is."""
    random = np.random.default_rng(0)
    if input_element(graph) is ElementType.INT8:
        return random.integers(-128, 128, (1, input_words(graph))).astype(np.int8)
    parts = []
    for node in graph.nodes:
        sizes = [graph.tensors[name].size for name in node.inputs]
        values = random.standard_normal(sum(sizes)).astype(np.float32)
        positive = node.operator in (Elementwise("log"), Elementwise("rsqrt"), Elementwise("sqrt"))
        parts.append(np.abs(values) if positive else values)
    return np.concatenate(parts)[None]


def measured(graph: Graph, simulator: Path, folder: Path) -> tuple[list[int], list[int]]:
    """Return the predicted cycles of each layer, and those that it takes."""
    chosen = config.load()
    cpu = Cpu()
    program = compile_graph(graph, chosen.hardware(), (cpu,))
    rows = inputs(program.graph)
    emit(program, rows, golden_outputs(program, rows), folder / "src", "Layers on the CPU.")
    options = firmware.Options(assertions=False)
    elf = firmware.build(folder / "src", folder / "out", chosen, options).elf
    command = [str(simulator), f"--firmware={elf}", f"--max-cycles={_MOST_CYCLES}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    found = {
        int(i): int(cycles) for i, cycles in re.findall(r"^# cpu (\d+) (\d+)", done.stdout, re.M)
    }
    (segment,) = program.segments
    predicted = [_whole(cycles) for cycles in cpu.cost(program.network, segment)]
    return predicted, [found[layer.index] for layer in segment.layers]


def _whole(cycles: int | None) -> int:
    assert cycles is not None
    return cycles


@pytest.mark.parametrize("element", ElementType)
def test_predictions_are_near_what_kernels_take(
    element: ElementType, simulator: Path, tmp_path: Path
) -> None:
    is_float = element is ElementType.FP32
    cases: Sequence[Case] = [(*case, {}) for case in FLOATS] if is_float else INTEGERS
    found = measured(network(cases, element), simulator, tmp_path)
    pairs = list(zip(cases, *found, strict=True))
    for (operator, shapes, _), expected, cycles in pairs:
        print(f"{operator} {shapes}: {cycles} cycles, predicted {expected}")
    wrong = [case for case, expected, cycles in pairs if abs(expected / cycles - 1.0) > ERROR]
    assert not wrong
