"""Comparison of the imported float graph with the user's module, on real inputs.

The graph's outputs for the whole test set are compared with the module's. The first inputs, and
those whose outputs differ most, are then checked layer by layer: each layer of the graph gets the
inputs that it has in the exported program, and must return that program's result. So a difference
in one layer cannot hide another, and the message names the first layer that differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from modelgen.agreement import agrees, agrees_with_rerun
from modelgen.errors import ModelError
from modelgen.frontends.torch_export.importer import Imported
from modelgen.frontends.torch_export.integer_types import offset_of
from modelgen.ir.execute import run_graph, run_node
from modelgen.ir.graph import Node
from modelgen.ir.packing import pack_inputs, pack_outputs, rows_of_samples, unpack_inputs
from modelgen.ir.tolerance import SMALLEST, exact, propagate
from modelgen.operators.base import Bounded
from modelgen.operators.bounds import RELATIVE
from modelgen.threads import single_thread

if TYPE_CHECKING:
    pass

TOLERANCE_TEXT = (
    f"(2^{round(np.log2(RELATIVE))} + 2^-24 sqrt(K)) of the sum of K absolute products, in each "
    "layer; K instead of sqrt(K) for an average"
)
BUG = "This is a bug in HEEPstor"
"""What the message says if the importer is at fault."""
_FIRST = 2
"""Batches that are always checked layer by layer."""
_WORST = 2
"""Batches with the largest output differences, which are checked as well."""


def check_import(imported: Imported, inputs: Sequence[np.ndarray], outputs: np.ndarray) -> None:
    """Compare the imported graph with the module that it was imported from.

    Args:
        imported: graph and program.
        inputs: for each argument of forward(), shape (samples, features...), in its type.
        outputs: the module's, shape (samples, outputs).

    Raises:
        ModelError: they differ; the message names the first layer that does.
    """
    graph = imported.graph
    got = run_graph(graph, pack_inputs(graph, inputs))[: len(outputs)]
    if got.shape != outputs.shape:
        raise ModelError(
            f"The model returns {outputs.shape[1]} values per input, but the program exported "
            f"by torch.export returns {got.shape[1]}. {_STATE}"
        )
    with single_thread():
        for batch in _suspects(got, outputs, graph.batch):
            chosen = np.arange(batch * graph.batch, (batch + 1) * graph.batch) % len(outputs)
            samples = [array[chosen] for array in inputs]
            _check_batch(imported, samples, outputs[chosen], int(chosen[0]))


def _suspects(got: np.ndarray, wanted: np.ndarray, batch: int) -> list[int]:
    """Return the batches to check layer by layer."""
    with np.errstate(invalid="ignore", over="ignore"):
        difference = np.where(got == wanted, 0.0, np.abs(got - wanted)).max(axis=1)
        size = np.nan_to_num(np.abs(wanted).max(axis=1), posinf=0.0)
    relative = np.nan_to_num(difference, nan=np.inf) / np.maximum(size, np.float32(1e-30))
    padded = np.concatenate([relative, np.zeros(-len(relative) % batch)])
    order = np.argsort(-padded.reshape(-1, batch).max(axis=1), kind="stable")
    return sorted({*range(min(_FIRST, len(order))), *order[:_WORST].tolist()})


def _check_batch(
    imported: Imported, inputs: Sequence[np.ndarray], outputs: np.ndarray, first: int
) -> None:
    graph = imported.graph
    recorded = _run_program(imported, inputs)
    values = {name: graph.constants[name] for name in graph.constant_tensors}
    values |= unpack_inputs(graph, pack_inputs(graph, inputs))
    bounded = {name: exact(value) for name, value in values.items()}
    for node in graph.nodes:
        sources = [bounded[name] for name in node.inputs]
        value, error = propagate(graph, node, sources)
        got = run_node(graph, node, [values[name] for name in node.inputs])
        origin = imported.origins.get(node.output)
        if origin is None:
            values[node.output], bounded[node.output] = got, (value, error)
            continue
        call, layout = origin
        wanted = np.ascontiguousarray(recorded[call].transpose(layout)).reshape(got.shape)
        allowed = error + _of_norm(imported, node, sources) + SMALLEST
        _compare(imported, node.output, got, wanted, allowed, first)
        values[node.output], bounded[node.output] = wanted, exact(wanted)
    _check_program(rows_of_samples(graph, pack_outputs(graph, values)[None]), outputs, first)


def _run_program(imported: Imported, inputs: Sequence[np.ndarray]) -> dict[Any, np.ndarray]:
    """Return the result of each call of the exported program, in PyTorch's order."""
    import torch

    program = imported.program
    results: dict[Any, np.ndarray] = {}

    class Recorder(torch.fx.Interpreter):
        def run_node(self, node: Any) -> Any:
            result = super().run_node(node)
            if node.op == "call_function" and isinstance(result, torch.Tensor):
                # A copy, because a later call may modify it in place.
                # Our integers are INT8: UINT8 less 128.
                values = result.to(torch.float32) - (offset_of(node) or 0)
                results[node] = values.numpy(force=True).copy()
            return result

    held = _held(program)
    given = iter(inputs)
    arguments = [
        held[node.name] if node.name in held else torch.from_numpy(next(given).copy())
        for node in program.graph.nodes
        if node.op == "placeholder"
    ]
    with torch.no_grad():
        Recorder(program.graph_module).run(*arguments)
    return results


def _held(program: Any) -> dict[str, Any]:
    """Return the tensor that each placeholder of an exported program stands for."""
    values = {**program.state_dict, **program.constants}
    signature = program.graph_signature
    names = {
        **signature.inputs_to_parameters,
        **signature.inputs_to_buffers,
        **signature.inputs_to_lifted_tensor_constants,
    }
    return {placeholder: values[name] for placeholder, name in names.items()}


def _of_norm(imported: Imported, node: Node, sources: list[Bounded]) -> np.ndarray | float:
    """Return the additional difference allowed for a batch-norm.

    PyTorch subtracts the mean first, or combines mean and bias into one FP32 number: where they
    nearly cancel, most of what remains is rounding error.
    """
    call, _ = imported.origins[node.output]
    if str(call.target) != "aten.batch_norm.default":
        return 0.0
    scale = np.abs(imported.graph.arrays(node)["scale"].astype(np.float64))
    bias, mean = (
        0.0 if given is None else np.abs(imported.constants.array(given).astype(np.float64))
        for given in call.args[2:4]
    )
    with np.errstate(invalid="ignore", over="ignore"):
        allowed = RELATIVE * (scale * (np.abs(sources[0][0]) + mean) + bias)
    return np.where(np.isnan(allowed), np.inf, allowed)


def _compare(
    imported: Imported,
    tensor: str,
    got: np.ndarray,
    wanted: np.ndarray,
    allowed: np.ndarray,
    first: int,
) -> None:
    """Raise ModelError if a layer's result differs from PyTorch's."""
    good = agrees(got, wanted, allowed)
    if good.all():
        return
    index = tuple(np.argwhere(~good)[0])
    reason = (
        f"computes a different result after the import than in PyTorch: for test input "
        f"{first + index[0]}, {(~good).sum()} of {good.size} values differ; the first is "
        f"{got[index]:.9g}, but {wanted[index]:.9g} in PyTorch (allowed: "
        f"{np.broadcast_to(allowed, got.shape)[index]:.2g}, {TOLERANCE_TEXT})"
    )
    raise ModelError(f"{imported.error_message(tensor, reason)} {BUG}; please report it.")


_STATE = (
    "Does forward() keep state between calls, draw random numbers, or depend on values outside "
    "the module?"
)


def _check_program(recorded: np.ndarray, outputs: np.ndarray, first: int) -> None:
    """Raise ModelError if the module's outputs differ from those of the exported program."""
    good = agrees_with_rerun(recorded, outputs)
    if not good.all():
        row, column = np.argwhere(~good)[0]
        raise ModelError(
            f"The model's results differ from those of the program exported by torch.export: "
            f"output {column} of test input {first + row} is {outputs[row, column]:.9g}, but "
            f"{recorded[row, column]:.9g} in the program. {_STATE}"
        )
