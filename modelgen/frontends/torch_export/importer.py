"""Import of a PyTorch module as a graph, by way of torch.export.

ATen operators are kept at the level of layers (linear, conv2d, ...): nothing is decomposed. Feature
maps, (batch, channels, rows, columns) in PyTorch, become (batch, rows, columns, channels) where
operators need that order (see `layouts`). The graph's outputs are in PyTorch's order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from modelgen.errors import ModelError
from modelgen.frontends.torch_export import (
    arithmetic,
    attention,
    broadcasting,
    convolution,
    distances,
    embedding,
    functions,
    joining,
    linear,
    normalization,
    padding,
    pooling,
    products,
    quantization,
    recurrent,
    reductions,
    repetition,
    resampling,
    selection,
    shapes,
    sums_and_products,
    windows,
)
from modelgen.frontends.torch_export.aliases import changed_memory, stale_view
from modelgen.frontends.torch_export.arguments import Argument
from modelgen.frontends.torch_export.calls import (
    ASSIGNMENT,
    function_name,
    has_fixed_shape,
    is_layer,
    shape_of,
    subject,
)
from modelgen.frontends.torch_export.complaints import (
    Complaint,
    about_output,
    complaint,
    merged,
    unsupported,
)
from modelgen.frontends.torch_export.constants import Constants
from modelgen.frontends.torch_export.contexts import inline_contexts
from modelgen.frontends.torch_export.input_layouts import layouts_of_inputs
from modelgen.frontends.torch_export.layouts import Layout
from modelgen.frontends.torch_export.tracing import trace
from modelgen.frontends.torch_export.translation import RejectedError, Translation
from modelgen.ir.graph import Graph

if TYPE_CHECKING:
    import torch

_ASSERTION = "aten._assert_tensor_metadata.default"
"""An assertion that torch.export adds before `to`; it holds in the program that it exports."""


_DECOMPOSED = "ATEN"
"""What torch.export calls the operators of programs from run_decompositions()."""
_ABOUT_DECOMPOSED = Complaint(
    "",
    (),
    "",
    ("The model has been taken apart by run_decompositions(), and parts are not supported alone",),
    ("Save the program that torch.export.export returns.",),
)


@dataclass(frozen=True)
class Imported:
    """A graph and the program that it was imported from."""

    program: torch.export.ExportedProgram
    graph: Graph
    origins: dict[str, tuple[Any, Layout]]
    """Tensor of the graph -> the node of the program that computes it in PyTorch, and the tensor's
    layout. Tensors that exist only in the graph are left out."""
    constants: Constants
    """What the program computes without its inputs."""

    def error_message(self, tensor: str, reason: str) -> str:
        """Return a message that says which layer fails, why, and where it is in the model."""
        return str(complaint(self.origins[tensor][0], reason))


class UnsupportedError(ModelError):
    """A model with operators that cannot be translated."""

    def __init__(self, complaints: Sequence[Complaint]) -> None:
        """Join the messages, one a line."""
        super().__init__("\n".join(map(str, complaints)))
        self.complaints = tuple(complaints)


def import_model(model: torch.nn.Module, features: tuple[int, ...], batch: int) -> Graph:
    """Trace a module with a single input, of FP32, into a graph; see `import_with_origins`.

    `features` is the shape of one sample of the input.
    """
    return import_with_origins(model, [Argument(features)], batch).graph


def import_with_origins(
    model: torch.nn.Module, arguments: Sequence[Argument], batch: int
) -> Imported:
    """Trace a module into a graph, and record where its tensors come from.

    Args:
        model: any device, any mode; it is moved to the CPU and put into evaluation mode.
        arguments: what forward() gets.
        batch: samples that one inference takes.

    Raises:
        UnsupportedError: the model uses operators that are not supported; the message names all of
            them by their layers.
        ModelError: the model does not fit its inputs, or cannot be traced.
    """
    return import_program(trace(model, arguments, batch), batch)


def import_program(program: torch.export.ExportedProgram, batch: int) -> Imported:
    """Translate an exported program of fixed sizes into a graph.

    Args:
        program: as `trace` makes it.
        batch: inputs that one inference takes.

    Raises:
        UnsupportedError: as for `import_with_origins`.
    """
    inline_contexts(program.graph_module)
    translation = Translation(program, batch, layouts_of_inputs(program))
    complaints = [
        *_lasting_changes(program, translation.constants),
        *_stale_views(program, translation.constants),
        *_translate_all(translation),
        *_about_outputs(program, batch),
    ]
    if complaints and program.verifier.dialect == _DECOMPOSED:
        raise UnsupportedError([_ABOUT_DECOMPOSED])
    if complaints:
        raise UnsupportedError(merged(complaints))
    graph = translation.graph()
    known = translation.origins
    origins = {name: known[name] for name in graph.tensors if name in known}
    return Imported(program, graph, origins, translation.constants)


def _about_outputs(program: torch.export.ExportedProgram, batch: int) -> Iterator[Complaint]:
    """Yield a complaint about each output without a result for each sample."""
    (returned,) = (node for node in program.graph.nodes if node.op == "output")
    for value in returned.args[0]:
        if hasattr(value, "meta") and has_fixed_shape(value.meta["val"]):
            found = about_output(shape_of(value), batch)
            yield from () if found is None else (found,)


def _lasting_changes(
    program: torch.export.ExportedProgram, constants: Constants
) -> Iterator[Complaint]:
    """Yield a complaint about each parameter or buffer that is modified in place.

    Layers of torch.nn only modify their statistics, and only in training mode.
    """
    for call, changed in changed_memory(list(program.graph.nodes)):
        if changed.op == "placeholder" and changed in constants and not is_layer(call):
            reason = f"modifies '{constants.name(changed)}', on which later outputs would depend"
            yield complaint(call, reason, "Modify it in training mode only.")


def _stale_views(
    program: torch.export.ExportedProgram, constants: Constants
) -> Iterator[Complaint]:
    """Yield a complaint if a tensor is modified in place and then read under another name."""
    found = stale_view(list(program.graph.nodes), constants)
    if found is None:
        return
    call, reader = found
    if function_name(call) == ASSIGNMENT:
        yield unsupported(call)
        return
    other = "the model's output" if reader.op == "output" else _lower_case(subject(reader))
    reason = f"modifies a tensor in place, and {other} reads the same memory under another name"
    yield complaint(call, reason, "Use the operator's out-of-place form.")


def _lower_case(text: str) -> str:
    return text[0].lower() + text[1:]


def _translate_all(translation: Translation) -> Iterator[Complaint]:
    """Translate all calls; yield a complaint about each that cannot be translated."""
    for call in translation.calls:
        if translation.is_lost(call):
            translation.give_up(call)
            continue
        try:
            _translate(translation, call)
        except RejectedError as error:
            translation.give_up(call)
            yield error.complaint


def _translate(translation: Translation, call: Any) -> None:
    operator = str(call.target)
    if operator == _ASSERTION:
        return
    add = OPERATORS.get(operator)
    if add is None:
        in_other_forms = _family(operator) in _FAMILIES
        raise RejectedError(unsupported(call, in_other_forms=in_other_forms))
    add(translation, call)


_MODULES = (
    arithmetic,
    attention,
    broadcasting,
    convolution,
    distances,
    embedding,
    functions,
    joining,
    linear,
    normalization,
    padding,
    pooling,
    products,
    quantization,
    recurrent,
    reductions,
    repetition,
    resampling,
    selection,
    shapes,
    sums_and_products,
    windows,
)
OPERATORS: dict[str, Callable[[Translation, Any], None]] = {
    name: add for module in _MODULES for name, add in module.OPERATORS.items()
}
"""ATen operator -> the function that adds it."""


def _family(operator: str) -> str:
    """Return the name that the forms of an ATen operator have in common."""
    return operator.rpartition(".")[0] or operator


_FAMILIES = set(map(_family, OPERATORS))
