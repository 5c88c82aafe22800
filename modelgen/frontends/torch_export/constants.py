"""What an exported program computes without its inputs: parameters, and whatever follows from them.

Position indices, masks, initial states of recurrent layers, or weights that the model normalizes
are the same for each inference. PyTorch computes them once, during the import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from modelgen.frontends.torch_export.aliases import changes_its_input
from modelgen.frontends.torch_export.calls import arguments, has_fixed_shape, shape_of
from modelgen.frontends.torch_export.integers import integers_of
from modelgen.ir.integer_constants import IntegerConstant

if TYPE_CHECKING:
    import torch


_OF_SHAPES = {
    f"aten.{name}.default"
    for name in ("zeros_like", "ones_like", "full_like", "new_zeros", "new_ones", "new_full")
}
"""Operators that only take shape and type from a tensor, their first argument."""


class Constants:
    """The values of an exported program that do not depend on its inputs."""

    def __init__(self, program: torch.export.ExportedProgram) -> None:
        self._targets = _targets(program)
        self._values = _held(program, self._targets)
        self._read: dict[Any, torch.Tensor] = {}
        """What other calls have read, if it is modified in place later."""
        self._integers: dict[Any, IntegerConstant] = {}
        self._compute(program)

    def __contains__(self, node: Any) -> bool:
        return node in self._values

    def name(self, node: Any) -> str:
        """Return a constant's name: that of the parameter or buffer, or of the call."""
        return self._targets.get(node.name, node.name)

    def array(self, node: Any) -> np.ndarray:
        """Return a constant in FP32."""
        value = self._read.get(node, self._values[node])
        array: np.ndarray = value.detach().to("cpu").float().contiguous().numpy()
        return array

    def integers(self, node: Any) -> IntegerConstant | None:
        """Return the integers of which a constant is made, in PyTorch's order, or None."""
        return self._integers.get(node)

    def _compute(self, program: torch.export.ExportedProgram) -> None:
        import torch

        read: set[Any] = set()
        for node in program.graph.nodes:
            if node.op != "call_function":
                continue
            needed = node.all_input_nodes
            known = self._values
            if str(node.target) in _OF_SHAPES and has_fixed_shape(needed[0].meta["val"]):
                any_values = torch.zeros(shape_of(needed[0]), dtype=needed[0].meta["val"].dtype)
                known = {**known, needed[0]: any_values}
            if _is_random(node) or not all(other in known for other in needed):
                read.update(needed)
                continue
            self._keep(node, read)
            args = torch.fx.node.map_arg(node.args, known.__getitem__)
            kwargs = torch.fx.node.map_arg(node.kwargs, known.__getitem__)
            with torch.no_grad():
                self._values[node] = node.target(*args, **kwargs)
            found = integers_of(node, known, self._integers)
            if found is not None:
                self._integers[node] = found

    def _keep(self, call: Any, read: set[Any]) -> None:
        """Copy what other calls have read of the memory that a call is about to modify."""
        if changes_its_input(call):
            memory = self._values[call.args[0]].untyped_storage().data_ptr()
            for node in read & self._values.keys() - self._read.keys():
                value = self._values[node]
                if value.untyped_storage().data_ptr() == memory:
                    self._read[node] = value.clone()


def _is_random(call: Any) -> bool:
    """Return whether a call draws random numbers: others each time, which are no constants."""
    import torch

    if torch.Tag.nondeterministic_seeded not in getattr(call.target, "tags", ()):
        return False
    given = arguments(call)
    # Dropouts and attention draw some only if told so.
    return bool(given.get("train", given.get("dropout_p", True)))


def _targets(program: torch.export.ExportedProgram) -> dict[str, str]:
    """Return the name of the parameter, buffer or constant that each placeholder stands for."""
    signature = program.graph_signature
    return {
        **signature.inputs_to_parameters,
        **signature.inputs_to_buffers,
        **signature.inputs_to_lifted_tensor_constants,
    }


def _held(program: torch.export.ExportedProgram, targets: dict[str, str]) -> dict[Any, Any]:
    held = {**program.state_dict, **program.constants}
    return {
        # A copy, because a call may modify it in place.
        node: held[targets[node.name]].detach().clone()
        for node in program.graph.nodes
        if node.op == "placeholder" and node.name in targets
    }
