"""Trial of a random module: compile it, and compare the device's outputs with the module's own.

The module's weights are on a grid that INT8 represents exactly (`random_modules.weights`), so
quantization loses nothing: the device's outputs must equal the module's. With INT8 activations, the
layers must give the results of their rules for what they get.
"""

from __future__ import annotations

import re
import traceback
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from modelgen.agreement import agrees, differences
from modelgen.errors import ModelError
from modelgen.frontends.torch_export.arguments import arguments_of
from modelgen.frontends.torch_export.import_check import BUG, check_import
from modelgen.frontends.torch_export.importer import import_with_origins
from modelgen.frontends.torch_export.module_run import run_module
from modelgen.hardware import Hardware
from modelgen.ir.execute import run_graph
from modelgen.ir.graph import Contract, Graph
from modelgen.ir.packing import pack_inputs, rows_of_samples
from modelgen.ir.tolerance import output_tolerance
from modelgen.passes.integers.fuse import fuse_integers
from modelgen.passes.integers.prepare import prepare
from modelgen.passes.simplify import simplify
from modelgen.plan.compiler import compile_graph
from modelgen.plan.program import Program
from modelgen.progress import Silent
from modelgen.quantize.activations.post_training import Recipe, quantize_activations
from modelgen.quantize.weights import quantize
from modelgen.threads import single_thread
from modelgen.verify import random_modules
from modelgen.verify.golden import golden_outputs
from modelgen.verify.layers import differing_layers
from modelgen.verify.random_modules import RandomModule

if TYPE_CHECKING:
    import torch

INFERENCES = 2
_NAMES_A_LAYER = re.compile(
    r"(Layer '|Tensor '|Function ).+ |The model('s| has| returns) |torch.export .* at \S+:\d+:"
)
"""How a refusal begins if it names its subject: a layer, a line, or the model as a whole."""


@dataclass(frozen=True)
class Case:
    """A module that was compiled, with inputs and golden outputs."""

    module: RandomModule
    program: Program
    inputs: np.ndarray
    """FP32, the row of each inference; see `modelgen.ir.packing`."""
    expected: np.ndarray
    """FP32, likewise."""


@dataclass(frozen=True)
class Refusal:
    """A module that the compiler refuses, and its reason."""

    module: RandomModule
    message: str

    @property
    def reason(self) -> str:
        """The messages without the parts that differ from module to module."""
        return "; ".join(dict.fromkeys(map(_reason, self.message.splitlines())))


def _reason(message: str) -> str:
    text = re.sub(r" The model's inputs? ha(s|ve) .*", "", message)
    text = re.sub(r", at [^ ]+:\d+: .*", "", text)
    text = re.sub(r"Layer '.*?'(?: \(\w+\))?|torch\.export .*?: (?=control)", "", text)
    return re.sub(r"\d+(x\d+)*|'.*?'", "#", text).strip()


@dataclass(frozen=True)
class Failure:
    """A module that HEEPstor fails on, or computes wrongly."""

    module: RandomModule
    reason: str
    """The kind of failure, a colon, and the details."""

    @property
    def kind(self) -> str:
        """The kind of failure, such as "wrong" or "KeyError"."""
        return self.reason.split(":", maxsplit=1)[0]


def attempt(
    module: RandomModule, hardware: Hardware, activations: str = "fp32"
) -> Case | Refusal | Failure:
    """Compile a module, run it on the reference, and compare the outputs with the module's own.

    Args:
        module: any.
        hardware: sizes of the engine.
        activations: "fp32", or "int8": those that the module has after post-training quantization.
    """
    try:
        with single_thread(), warnings.catch_warnings(action="ignore"):
            return _compiled(module, hardware, activations)
    except ModelError as error:
        message = str(error)
        if BUG in message:
            return Failure(module, f"wrong: {message}")
        if all(map(_NAMES_A_LAYER.match, message.splitlines())):
            return Refusal(module, message)
        return Failure(module, f"refused without a layer: {message}")
    except _WrongError as error:
        return Failure(module, f"wrong: {error}")
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{place.filename.rsplit('/', 1)[-1]}:{place.lineno}"
        return Failure(module, f"{type(error).__name__}: {error} ({where})")


class _WrongError(Exception):
    """The outputs differ from the module's."""


def _compiled(module: RandomModule, hardware: Hardware, activations: str) -> Case:
    model = _make(module).train(module.train)
    values = random_modules.draw_inputs(module, INFERENCES)
    outputs = _rows(run_module(model, values, module.batch, Silent()))
    model = model.train(module.train)
    imported = import_with_origins(model, arguments_of(values), module.batch)
    check_import(imported, values, outputs)
    graph = imported.graph if activations == "fp32" else _of_integers(imported.graph, values)
    quantized = quantize(simplify(graph), "per_channel", module.scale)
    hardware = replace(
        hardware,
        buffer_words=module.buffer_words,
        accumulator_depth=module.accumulator_depth,
    )
    program = compile_graph(quantized, hardware)
    rows = pack_inputs(quantized, values)
    expected = golden_outputs(program, rows)
    for difference in differing_layers(program, rows[0]):
        raise _WrongError(str(difference))
    if quantized.contract is Contract.FP32:
        _compare(outputs, rows_of_samples(quantized, expected), (imported.graph, quantized), values)
    return Case(module, program, rows, expected)


def _of_integers(graph: Graph, values: Sequence[np.ndarray]) -> Graph:
    """Return a graph with INT8 activations, whose ranges are those for some inputs."""
    prepared = prepare(graph)
    calibrated = quantize_activations(prepared, pack_inputs(prepared, values), Recipe())
    return fuse_integers(calibrated, Contract.EXACT)


def _rows(outputs: Sequence[np.ndarray]) -> np.ndarray:
    """Return the outputs of each sample one after another."""
    return np.concatenate([output.reshape(len(output), -1) for output in outputs], axis=1)


def _make(module: RandomModule) -> torch.nn.Module:
    """Return the module with its weights."""
    model = random_modules.make_class(module)()
    random_modules.fill(model, module.seed, module.weights)
    return model


def _compare(
    outputs: np.ndarray,
    got: np.ndarray,
    graphs: tuple[Graph, Graph],
    values: Sequence[np.ndarray],
) -> None:
    """Compare the device's outputs with the module's own.

    The tolerance is that of `modelgen.ir.tolerance` for both graphs, as simplifications change
    where results are rounded; plus what the imported graph differs from the module, as they have
    been compared layer by layer.

    Args:
        outputs: the module's, shape (samples, outputs).
        got: the device's, likewise.
        graphs: the graph as imported, and quantized.
        values: for each argument of forward(), shape (samples, features...).
    """
    imported, quantized = graphs
    wanted = outputs.astype(np.float64)
    rows = pack_inputs(imported, values)
    allowed = differences(run_graph(imported, rows), wanted) + output_tolerance(imported, rows)
    allowed = allowed + output_tolerance(quantized, pack_inputs(quantized, values))
    good = agrees(got, wanted, allowed)
    if not good.all():
        i = tuple(np.argwhere(~good)[0])
        raise _WrongError(
            f"{(~good).sum()} of the device's {good.size} outputs differ from the module's; the "
            f"first is {got[i]:.9g} instead of {wanted[i]:.9g} (allowed: {allowed[i]:.2g})"
        )
