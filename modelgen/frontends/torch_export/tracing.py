"""Tracing of a PyTorch module by torch.export."""

from __future__ import annotations

import contextlib
import io
import logging
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from modelgen.errors import ModelError
from modelgen.frontends.torch_export.arguments import Argument
from modelgen.frontends.torch_export.calls import source_line
from modelgen.frontends.torch_export.traceable import check_traceable

if TYPE_CHECKING:
    import torch


def trace(
    model: torch.nn.Module, arguments: Sequence[Argument], batch: int
) -> torch.export.ExportedProgram:
    """Export a module in evaluation mode, with its layers intact: nothing is decomposed.

    Args:
        model: any device, any mode; it is moved to the CPU and put into evaluation mode.
        arguments: what forward() gets.
        batch: samples that one inference takes.

    Raises:
        ModelError: it is not a module, does not fit its inputs, returns anything but tensors, or
            cannot be traced; the message names the layer.
    """
    import torch

    check_traceable(model)
    model = model.to("cpu", torch.float32).eval()
    examples = tuple(argument.example(batch) for argument in arguments)
    tensors_in(try_forward(model, examples))
    try:
        with silent_torch():
            return torch.export.export(model, examples)
    except Exception as error:
        raise ModelError(_trace_message(error)) from error


def _trace_message(error: Exception) -> str:
    """Return a message for an exception of torch.export, which speaks of its own inside."""
    frames = "".join(traceback.format_exception(error))
    line = source_line(str(error)) or source_line(frames)
    where = f"torch.export cannot trace the model{f' at {line}' if line else ''}"
    if "data-dependent" in str(error):
        return (
            f"{where.removesuffix(':')}: control flow that depends on the values of tensors is not "
            "supported. Compute both branches and choose between them, such as with torch.where."
        )
    return f"{where}: {_packing(frames) or _first_line(error)}."


def _packing(frames: str) -> str:
    """Return why sequences cannot be packed, if that is what fails in a stack trace; else ""."""
    if "pack_padded_sequence" not in frames:
        return ""
    return (
        "sequences of varying length (pack_padded_sequence) are not supported; all steps are "
        "computed: multiply what lies beyond the end by a mask"
    )


@contextlib.contextmanager
def silent_torch() -> Iterator[None]:
    """Suppress what torch logs and prints about a failure, which is meant for its developers."""
    logger = logging.getLogger("torch")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logger.setLevel(level)


def try_forward(model: torch.nn.Module, examples: Sequence[torch.Tensor]) -> Any:
    """Run the model once and return what it returns; a ModelError names the layer that fails."""
    import torch

    running: list[tuple[str, torch.nn.Module, Any]] = []

    def enter(name: str) -> Callable[..., None]:
        def hook(module: torch.nn.Module, inputs: Any) -> None:
            running.append((name, module, inputs))

        return hook

    def leave(*_: Any) -> None:
        running.pop()

    hooks = []
    for name, module in model.named_modules():
        hooks.append(module.register_forward_pre_hook(enter(name)))
        hooks.append(module.register_forward_hook(leave))
    try:
        with torch.no_grad():
            return model(*examples)
    except Exception as error:
        raise ModelError(_forward_message(running, examples, error)) from error
    finally:
        for hook in hooks:
            hook.remove()


def tensors_in(returned: Any) -> list[torch.Tensor]:
    """Return the tensors in what a module returns, in the order of `torch.export`, without None.

    Raises:
        ModelError: there is anything else in it, or no tensor at all.
    """
    import torch
    from torch.utils import _pytree

    found = [leaf for leaf in _pytree.tree_leaves(returned) if leaf is not None]
    for leaf in found or [returned]:
        if not isinstance(leaf, torch.Tensor):
            kind = type(leaf).__name__
            raise ModelError(
                f"The model returns a {kind}; expected a tensor, or a tuple, list or dictionary of "
                "tensors."
            )
    return found


def _forward_message(running: list[Any], examples: Sequence[torch.Tensor], error: Exception) -> str:
    reason = _packing("".join(traceback.format_exception(error))) or _first_line(error)
    shapes = " and ".join(shape_text(example.shape) for example in examples)
    single = len(examples) == 1
    inner = next((entry for entry in reversed(running) if entry[0]), None)
    if inner is None:
        what = "an input of shape" if single else "inputs of the shapes"
        return f"The model cannot take {what} {shapes}: {reason}."
    name, module, inputs = inner
    taken = " and ".join(shape_text(i.shape) for i in inputs if hasattr(i, "shape"))
    return (
        f"Layer '{name}' ({type(module).__name__}({module.extra_repr()})) cannot take an input of "
        f"shape {taken}: {reason}. The model's "
        f"{'input has the shape' if single else 'inputs have the shapes'} {shapes} (batch first): "
        "change the layer or the data."
    )


def _first_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0].rstrip(".")


def shape_text(shape: Iterable[int]) -> str:
    """Return a shape as text: 1x3x32x32."""
    return "x".join(str(size) for size in shape) or "scalar"
