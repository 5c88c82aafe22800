"""The suite of kernels: cycles of the functions of the device library that run on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.bench import kernel_program
from flows.bench.runner import Bench
from flows.bench.tables import figures_table, percent, whole
from flows.terminal.tables import console

if TYPE_CHECKING:
    from modelgen.operators import Operator

ARRAY_SIZE = 8
"""Of the simulated SoC; the engine does nothing."""


@dataclass(frozen=True)
class Case:
    """A kernel with the inputs that it is measured on."""

    name: str
    operator: Operator
    shapes: Sequence[tuple[int, ...]]
    """Of the inputs."""
    values: str = "normal"
    """What the inputs are: see `kernel_program.POOLS`."""
    goal: float | None = None
    """The most cycles for each element."""
    elements: int | None = None
    """What cycles are divided by; None: the elements of the largest of inputs and output."""


def cases() -> list[Case]:
    """Return all kernels."""
    from modelgen.operators import (
        Argmax,
        Binary,
        Elementwise,
        Embedding,
        Expand,
        GruState,
        LstmOutput,
        LstmState,
        MatMul,
        Normalize,
        Pad,
        Permute,
        Reduce,
        Resize,
        Select,
        Slice,
        Softmax,
        Take,
        UnevenMaxPool2d,
    )

    many = [(1024,)]
    two = [(32, 32), (32, 32)]
    maps = [(1, 16, 16, 4)]
    return [
        *(
            Case(name, Elementwise(name), many, goal=40)
            for name in ("sigmoid", "tanh", "silu", "gelu", "gelu_tanh", "mish", "log_sigmoid")
        ),
        Case("elu", Elementwise("elu", (1.0, 1.0, 1.0)), many, goal=40),
        Case("softplus", Elementwise("softplus", (1.0, 20.0)), many, goal=40),
        *(Case(name, Elementwise(name), many, goal=40) for name in ("exp", "erf", "sin", "cos")),
        *(Case(name, Elementwise(name), many, "positive", 40) for name in ("log", "sqrt")),
        Case("rsqrt", Elementwise("rsqrt"), many, "positive"),
        Case("reciprocal", Elementwise("power", (-1.0,)), many, goal=40),
        *(Case(name, Elementwise(name), many, goal=12) for name in ("hardsigmoid", "hardswish")),
        *(Case(name, Elementwise(name), many) for name in ("floor", "ceil", "nearest", "sign")),
        Case("square", Elementwise("power", (2.0,)), many, goal=12),
        Case("cube", Elementwise("power", (3.0,)), many, goal=12),
        Case("softmax of 10", Softmax(), [(100, 10)], goal=26),
        Case("softmax of 64", Softmax(), [(16, 64)], goal=26),
        Case("softmax of 1000", Softmax(), [(1, 1000)], goal=26),
        Case("log-softmax of 64", Softmax(log=True), [(16, 64)], goal=28),
        Case("argmax of 10", Argmax(), [(100, 10)]),
        *(Case(kind, Binary(kind), two, goal=12) for kind in ("add", "multiply", "maximum")),
        Case("divide", Binary("divide"), two, "positive"),
        Case("select", Select(), [(32, 32), (32, 32), (32, 32)], "ids", 12),
        *(
            Case(f"{kind} of rows", Reduce(kind), [(16, 64, 1)])
            for kind in ("sum", "mean", "maximum")
        ),
        Case("layer norm of 64", Normalize(1, 1e-5), [(16, 1, 64), (64,), (64,)]),
        Case("matmul, per product", MatMul(), [(16, 16), (16, 16)], elements=16**3),
        Case("LSTM's state", LstmState(), [(4, 256), (4, 64)], elements=256),
        Case("LSTM's output", LstmOutput(), [(4, 256), (4, 64)], elements=256),
        Case("GRU's state", GruState(), [(4, 192), (4, 192), (4, 64)], elements=256),
        Case("permute to channels first", Permute((0, 3, 1, 2)), maps, goal=12),
        Case("transpose", Permute((1, 0)), [(32, 32)], goal=12),
        Case("slice", Slice((0, 4), (32, 24), (1, 1)), [(32, 32)], goal=12),
        Case("pad", Pad((0, 1, 1, 0), (0, 1, 1, 0)), maps, goal=12),
        Case("expand", Expand((32, 32)), [(32, 1)], goal=12),
        Case("take", Take((0,), ((3, 1, 2, 0),)), [(4, 256)], goal=12),
        Case("embedding", Embedding(), [(16,), (32, 64)], "ids", elements=1024),
        Case("resize, bilinear", Resize((16, 16), (0.5, 0.5)), [(1, 8, 8, 8)]),
        Case(
            "adaptive max-pool, per pixel",
            UnevenMaxPool2d(((0, 6), (5, 11), (10, 16)), ((0, 6), (5, 11), (10, 16))),
            maps,
            elements=18 * 18 * 4,
        ),
    ]


def run(bench: Bench) -> dict:
    """Measure all kernels; return the figures for JSON.

    Raises HeepstorError if an output differs from the operator's in a single bit.
    """
    chosen = cases()
    calls = [
        kernel_program.Call(case.name, case.operator, case.shapes, case.values) for case in chosen
    ]
    measured = kernel_program.measure(bench, ARRAY_SIZE, calls)
    return {
        "kernels": [_row(case, *figures) for case, figures in zip(chosen, measured, strict=True)]
    }


def _row(case: Case, cycles: int, elements: int) -> dict:
    """Return the figures of a kernel."""
    kernel = case.operator.kernel(case.shapes, {})
    elements = case.elements or elements
    return {
        "name": case.name,
        "operator": case.operator.describe(),
        "shapes": [list(shape) for shape in case.shapes],
        "elements": elements,
        "cycles": cycles,
        "each": cycles / elements,
        "goal": case.goal,
        "predicted": kernel.cycles if kernel else None,
    }


def missed(figures: dict) -> list[str]:
    """Return the goals that were missed, in words."""
    return [
        f"{row['name']}: {row['each']:.1f} cycles an element, at most {row['goal']:g}"
        for row in figures["kernels"]
        if row["goal"] is not None and row["each"] > row["goal"]
    ]


def show(figures: dict) -> None:
    """Print the table."""
    headings = ("kernel", "shapes", "cycles", "each", "goal", "predicted")
    title = "Kernels of the CPU, cycles of a call and of each element"
    table = figures_table(title, headings, 2, narrow=True)
    for row in figures["kernels"]:
        predicted = row["predicted"]
        table.add_row(
            row["name"],
            ", ".join("x".join(map(str, shape)) for shape in row["shapes"]),
            f"{row['cycles']:,}",
            f"{row['each']:.1f}",
            whole(row["goal"]),
            percent(predicted / row["cycles"] - 1 if predicted else None),
        )
    console().print(table)
