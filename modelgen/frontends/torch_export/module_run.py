"""The user's module, run unmodified in PyTorch: the ground truth for everything else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from modelgen.errors import ModelError
from modelgen.frontends.torch_export.complaints import about_output
from modelgen.frontends.torch_export.tracing import tensors_in, try_forward
from modelgen.progress import Progress
from modelgen.threads import single_thread

if TYPE_CHECKING:
    import torch


def run_module(
    model: torch.nn.Module, inputs: Sequence[np.ndarray], batch: int, progress: Progress
) -> tuple[np.ndarray, ...]:
    """Return the outputs of a module in evaluation mode, in FP32 on the CPU.

    Args:
        model: any device, any mode; it is moved to the CPU and put into evaluation mode.
        inputs: for each argument of forward(), shape (samples, features...), in PyTorch's order
            and in the type that it gets.
        batch: samples that the module gets at a time; the last batch is padded with the first.
        progress: reports progress.

    Returns:
        For each tensor that the module returns, FP32, shape (samples, ...), in PyTorch's order.

    Raises:
        ModelError: the module fails, does not return tensors with a result for each sample, or
            modifies its own values.
    """
    import torch

    model = model.to("cpu", torch.float32).eval()
    before = _contents(model)
    samples = len(inputs[0])
    starts = range(0, samples, batch)
    with single_thread():
        parts = [
            _outputs(_forward(model, batch_at(inputs, start, batch)), batch)
            for start in progress.track(starts, "running the module", len(starts))
        ]
    _check_unchanged(before, model)
    return tuple(np.concatenate(batches)[:samples] for batches in zip(*parts, strict=True))


def batch_at(inputs: Sequence[np.ndarray], start: int, batch: int) -> list[torch.Tensor]:
    """Return a batch of samples for each argument, padded with the first sample."""
    import torch

    chosen = np.arange(start, start + batch)
    chosen[chosen >= len(inputs[0])] = 0
    # A copy, because the module may modify it in place.
    return [torch.from_numpy(np.ascontiguousarray(array[chosen])) for array in inputs]


def _forward(model: torch.nn.Module, values: Sequence[torch.Tensor]) -> Any:
    import torch

    try:
        with torch.no_grad():
            return model(*values)
    except Exception:
        # Run again to find out which layer fails.
        return try_forward(model, values)


def _outputs(returned: Any, batch: int) -> tuple[np.ndarray, ...]:
    """Return the tensors that a module returns as FP32, one row per sample of the batch."""
    return tuple(_numbers(output, batch) for output in tensors_in(returned))


def _numbers(output: torch.Tensor, batch: int) -> np.ndarray:
    problem = about_output(output.shape, batch)
    if problem is not None:
        raise ModelError(str(problem))
    values = output.float()
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
