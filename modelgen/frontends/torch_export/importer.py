"""Import of a PyTorch module as a graph, by way of torch.export.

ATen operators are kept at the level of layers (linear, conv2d, ...): nothing is decomposed. Feature
maps, (batch, channels, rows, columns) in PyTorch, become (batch, rows, columns, channels) here, and
weights are reordered to match, including those of a linear layer that reads flattened maps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from modelgen.errors import ModelError
from modelgen.frontends.torch_export import feature_maps, rows
from modelgen.frontends.torch_export.aliases import stale_view
from modelgen.frontends.torch_export.calls import error_message, layer_name
from modelgen.frontends.torch_export.tracing import trace
from modelgen.frontends.torch_export.translation import Translation
from modelgen.ir.graph import Graph

if TYPE_CHECKING:
    import torch

_ASSERTION = "aten._assert_tensor_metadata.default"
"""An assertion that torch.export adds before `to`; it holds in the program that it exports."""

SUPPORTED = (
    "nn.Linear, nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, "
    "nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.Sigmoid, addition, arithmetic with numbers, "
    "nn.Flatten (also view, reshape, squeeze, unsqueeze), nn.Dropout, nn.Identity, torch.cat, and "
    "nn.Softmax over the last dimension or the channels of feature maps, and argmax over the last "
    "dimension"
)


@dataclass(frozen=True)
class Imported:
    """A graph and the program that it was imported from."""

    program: torch.export.ExportedProgram
    graph: Graph
    calls: dict[str, Any]
    """Tensor of the graph -> the node of the program that computes it in PyTorch. Tensors that
    exist only in the graph are left out."""
    flattened: dict[str, tuple[int, ...]]
    """Tensor of flattened maps -> their channels, rows, columns, where the order matters."""

    def error_message(self, tensor: str, reason: str) -> str:
        """Return a message that says which layer fails, why, and where it is in the model."""
        calls = [node for node in self.program.graph.nodes if node.op == "call_function"]
        return error_message(calls, self.calls[tensor], reason)


def import_model(model: torch.nn.Module, features: tuple[int, ...], batch: int) -> Graph:
    """Trace a module into a graph; see `import_with_origins`."""
    return import_with_origins(model, features, batch).graph


def import_with_origins(model: torch.nn.Module, features: tuple[int, ...], batch: int) -> Imported:
    """Trace a module into a graph, and record where its tensors come from.

    Args:
        model: any device, any mode; it is moved to the CPU and put into evaluation mode.
        features: shape of one input, without the batch.
        batch: inputs that one inference takes.

    Raises:
        ModelError: the model does not fit its input, cannot be traced, or uses an unsupported
            operator; the message names the layer.
    """
    program = trace(model, features, batch)
    _refuse_stale_views(program)
    translation = Translation(program, batch)
    for call in translation.calls:
        _translate(translation, call)
    graph = translation.graph()
    return Imported(program, graph, translation.origins(), translation.flattened)


def _refuse_stale_views(program: torch.export.ExportedProgram) -> None:
    """Raise ModelError if a tensor is modified in place and then read under another name."""
    nodes = list(program.graph.nodes)
    found = stale_view(nodes)
    if found is None:
        return
    call, reader = found
    other = "the model's output" if reader.op == "output" else f"'{layer_name(reader)}'"
    calls = [node for node in nodes if node.op == "call_function"]
    reason = f"modifies a tensor in place, and {other} reads the same memory under another name"
    raise ModelError(f"{error_message(calls, call, reason)} Use the operator's out-of-place form.")


def _translate(translation: Translation, call: Any) -> None:
    operator = str(call.target)
    if operator == _ASSERTION:
        return
    add = _OPERATORS.get(operator)
    if add is None:
        reason = f"uses the operator {operator}, which is not supported"
        translation.reject(call, reason, f"Supported layers: {SUPPORTED}.")
    add(translation, call)


_OPERATORS = {**rows.OPERATORS, **feature_maps.OPERATORS}
