"""Whether a model of integers computes what the runtime of its file does, in every bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelgen.errors import ModelError
from modelgen.ir.execute_exact import run_graph
from modelgen.ir.graph import Contract, Graph
from modelgen.ir.packing import pack_inputs, rows_of_samples
from modelgen.progress import Progress
from modelgen.samples import words_of
from modelgen.stages.files import Samples

_ARRAY_SIZE = 8
"""Sums of integers do not depend on it."""
_NEAR = 1e-3
"""Largest difference of the module from ONNX Runtime, relative to the largest output. Both add in
FP32, in orders of their own."""
_NEAR_OF_INTEGERS = 0.1
"""The same where the module rounds to integers of 8 bits: a result between two may be either."""


def settled(
    graph: Graph, data: Samples, runtime: str, progress: Progress
) -> tuple[Graph, np.ndarray]:
    """Return a graph with the contract that it fulfils, and its outputs for all samples.

    ONNX Runtime computes some quantized layers in FP32, depending on what is around them. If that
    shows in its outputs, the graph has our own arithmetic, and a note says so.

    Args:
        graph: of integers, with the contract of the runtime.
        data: inputs, and the runtime's outputs.
        runtime: its name.
        progress: reports progress.

    Raises:
        ModelError: some bits differ from those of LiteRT.
    """
    rows = pack_inputs(graph, data.inputs)
    tracked = progress.track(rows, "comparing with the runtime", len(rows))
    parts = [run_graph(graph, row, _ARRAY_SIZE) for row in tracked]
    outputs = rows_of_samples(graph, np.concatenate(parts))[: len(data.outputs)]
    if graph.contract is Contract.ONNXRUNTIME:
        count = int((words_of(outputs) != words_of(data.outputs)).sum())
        if count:
            progress.note(
                f"{count} of {outputs.size} outputs are not exactly those of {runtime}: some "
                "layers are not quantized in the file, or are computed in FP32 there."
            )
            check_near(outputs, data.outputs, runtime, has_integers=True)
            return replace(graph, contract=Contract.EXACT), outputs
    check_equal(outputs, data.outputs, graph, runtime)
    return graph, outputs


def check_equal(outputs: np.ndarray, wanted: np.ndarray, graph: Graph, runtime: str) -> None:
    """Raise ModelError unless outputs are those of a runtime, bit for bit.

    Args:
        outputs: of a graph, shape (samples, outputs).
        wanted: the runtime's.
        graph: whose contract is named.
        runtime: its name.
    """
    if outputs.dtype != wanted.dtype:
        raise ModelError(f"The outputs are {outputs.dtype}, those of {runtime} {wanted.dtype}.")
    differs = words_of(outputs) != words_of(wanted)
    if not differs.any():
        return
    sample, place = np.argwhere(differs)[0]
    raise ModelError(
        f"{differs.sum()} of {differs.size} outputs differ from those of {runtime}, which they "
        f"must equal bit for bit (contract {graph.contract.value}): output {place} of input "
        f"{sample} is {outputs[sample, place]}, expected {wanted[sample, place]}. The option "
        "--explain of the task `build` names the first layer that differs."
    )


def check_near(
    module: np.ndarray, runtime: np.ndarray, name: str, *, has_integers: bool = False
) -> None:
    """Raise ModelError unless a module's outputs are near those of the runtime of its file.

    Args:
        module: shape (samples, outputs).
        runtime: the same.
        name: of the runtime.
        has_integers: whether the model is quantized.
    """
    relative = _NEAR_OF_INTEGERS if has_integers else _NEAR
    largest = float(np.abs(runtime).max(initial=0.0))
    difference = float(np.abs(module - runtime).max(initial=0.0))
    if module.shape != runtime.shape or not difference <= relative * max(largest, 1e-6):
        raise ModelError(
            f"The module of the file differs from {name} by {difference:.3g}, with outputs of up "
            f"to {largest:.3g}: this is a bug in HEEPstor; please report it."
        )
