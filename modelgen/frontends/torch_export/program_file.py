"""Reading of programs that torch.export has saved, which bring their example inputs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from modelgen.errors import ModelError
from modelgen.frontends.torch_export.calls import has_fixed_shape, inputs_of
from modelgen.frontends.torch_export.tracing import silent_torch

if TYPE_CHECKING:
    import torch


def read_program(path: Path) -> tuple[torch.export.ExportedProgram, int]:
    """Return a program, and the inputs that one inference takes: its first input's first dimension.

    Sizes that the program leaves open become those of its example inputs.

    Args:
        path: a file that torch.export.save wrote.

    Raises:
        ModelError: the file is missing or is not such a file, or has no example inputs.
    """
    import torch

    # The operators of quantized models are known from here on.
    import torch.ao.quantization.fx._decomposed
    from torch.utils._pytree import tree_leaves

    if not path.is_file():
        raise ModelError(f"There is no {path}.")
    try:
        with silent_torch():
            program = torch.export.load(path)
    except Exception as error:
        raise ModelError(
            f"{path} is not an exported program: {type(error).__name__}: {error}. Write it with "
            "torch.export.save(torch.export.export(model.eval(), (example_input,)), path)."
        ) from error
    given = program.example_inputs
    tensors = [each for each in tree_leaves(given) if torch.is_tensor(each)]
    if given is None or not tensors or not tensors[0].dim():
        raise ModelError(
            f"The program in {path} has no example inputs with a batch as first dimension, so its "
            "sizes are unknown. Export it with such inputs."
        )
    if not all(has_fixed_shape(node.meta["val"]) for node in inputs_of(program)):
        with silent_torch():
            program = torch.export.export(program.module(), *given)
    return program, len(tensors[0])
