"""The user's module, run unmodified in PyTorch: the ground truth for everything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from modelgen.errors import ModelError
from modelgen.frontends.torch_export.tracing import shape_text, try_forward
from modelgen.progress import Progress
from modelgen.threads import single_thread

if TYPE_CHECKING:
    import torch


def run_module(
    model: torch.nn.Module, inputs: np.ndarray, batch: int, progress: Progress
) -> np.ndarray:
    """Return the outputs of a module in evaluation mode, in FP32 on the CPU.

    Args:
        model: any device, any mode; it is moved to the CPU and put into evaluation mode.
        inputs: FP32, shape (inputs, features...), in PyTorch's order.
        batch: inputs that the module gets at a time; the last batch is padded with the first.
        progress: reports progress.

    Returns:
        FP32, shape (inputs, outputs...), in PyTorch's order.

    Raises:
        ModelError: the module fails, does not return one tensor with a result for each input, or
            modifies its own values.
    """
    import torch

    model = model.to("cpu", torch.float32).eval()
    before = _contents(model)
    source = np.concatenate([inputs, inputs[:1].repeat(-len(inputs) % batch, axis=0)])
    batches = torch.from_numpy(np.ascontiguousarray(source, np.float32)).split(batch)
    with single_thread():
        parts = [
            _numbers(_forward(model, values.clone()), batch)
            for values in progress.track(batches, "running the module", len(batches))
        ]
    _check_unchanged(before, model)
    return np.concatenate(parts)[: len(inputs)]


def _forward(model: torch.nn.Module, values: torch.Tensor) -> torch.Tensor:
    import torch

    try:
        with torch.no_grad():
            return model(values)
    except Exception:
        # Run again to find out which layer fails.
        return try_forward(model, values)


def _numbers(output: torch.Tensor, batch: int) -> np.ndarray:
    """Return a module's output as FP32, one row per input of the batch."""
    import torch

    if not isinstance(output, torch.Tensor):
        kind = type(output).__name__
        raise ModelError(f"The model returns a {kind}; expected one tensor.")
    if output.numel() % batch:
        raise ModelError(
            f"The model's output has the shape {shape_text(output.shape)}, which is not one result "
            f"for each of the {batch} inputs of a batch. Keep the batch as the first dimension."
        )
    values = output.to(torch.float32)
    whole = values.dim() > 0 and len(values) == batch
    return (values if whole else values.reshape(batch, -1)).numpy(force=True).copy()


def _contents(model: torch.nn.Module) -> dict[str, bytes]:
    return {n: value.numpy(force=True).tobytes() for n, value in model.state_dict().items()}


def _check_unchanged(before: dict[str, bytes], model: torch.nn.Module) -> None:
    """Raise ModelError if a module has modified its parameters or buffers."""
    for name, value in _contents(model).items():
        if value != before[name]:
            raise ModelError(
                f"forward() modifies '{name}' in evaluation mode: the model's outputs would depend "
                "on earlier inputs, which is not supported. Modify it in training mode only."
            )
