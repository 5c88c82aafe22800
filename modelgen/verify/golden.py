"""Golden outputs, computed in two independent ways."""

from __future__ import annotations

import numpy as np

from modelgen.ir.execute_exact import run_graph
from modelgen.ir.graph import Node
from modelgen.plan.machine import Machine
from modelgen.plan.program import Program
from modelgen.samples import words_of
from modelgen.targets.systolic.jobs import EngineLayer

_COMPARED = 2
"""Number of inferences that are also run layer by layer."""


def golden_outputs(program: Program, rows: np.ndarray) -> np.ndarray:
    """Return the outputs of a program, bit for bit as on the device.

    All inferences are run descriptor by descriptor. The first starts with memories full of junk,
    every other with the contents left by its predecessor. The first two are also run layer by
    layer, without descriptors, and the results must agree.

    Args:
        program: a compiled network.
        rows: of any number of inferences; see `modelgen.ir.packing`.

    Returns:
        Shape (inferences, outputs).

    Raises:
        AssertionError: the compiler has a bug.
    """
    machine = Machine(program)
    try:
        outputs = np.stack([machine.infer(row) for row in rows])
        for row, output in list(zip(rows, outputs, strict=True))[:_COMPARED]:
            check(program, row, output)
    except AssertionError as error:
        raise AssertionError(
            f"the compiled program is wrong: {error} (memories filled with seed {machine.seed})"
        ) from error
    return outputs


def check(program: Program, row: np.ndarray, outputs: np.ndarray) -> None:
    """Compare the outputs of one inference with the layer-by-layer reference.

    Raises:
        AssertionError: they differ.
    """
    wanted = run_layers(program, row)
    differ = words_of(wanted) != words_of(outputs)
    if differ.any():
        raise AssertionError(
            f"{int(differ.sum())} of {differ.size} outputs differ from the layer-by-layer reference"
        )


def run_layers(program: Program, row: np.ndarray) -> np.ndarray:
    """Return the outputs of one inference, layer by layer, with the program's slices."""
    cuts: dict[str, tuple[np.ndarray, ...] | None] = {
        layer.node.output: layer.slices
        for layer in program.layers
        if isinstance(layer, EngineLayer)
    }

    def slices_of(node: Node) -> tuple[np.ndarray, ...] | None:
        return cuts.get(node.output)

    return run_graph(program.graph, row, program.hardware.array_size, slices_of)[0]
