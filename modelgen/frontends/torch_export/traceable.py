"""Models that cannot be traced, whatever their inputs are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modelgen.errors import ModelError

if TYPE_CHECKING:
    import torch

_QUANTIZED = "torch.ao.nn.quantized."
_OF_FLOATS = ("FloatFunctional", "FXFloatFunctional")
"""Modules there that stand for operators of a model that is to be quantized."""


def check_traceable(model: object) -> None:
    """Raise ModelError if this is not a module, or has layers or values that cannot be traced."""
    import torch

    if not isinstance(model, torch.nn.Module):
        kind = type(model).__name__
        raise ModelError(f"model() returned a {kind}; expected a torch.nn.Module.")
    for name, layer in model.named_modules():
        reason = _reason(layer)
        if reason:
            what = f"Layer '{name}'" if name else "The model that model() returned"
            raise ModelError(f"{what} {reason}")


def _reason(layer: torch.nn.Module) -> str:
    """Return why a layer cannot be traced, or ""."""
    import torch

    kind = type(layer)
    if isinstance(layer, torch.jit.ScriptModule):
        return (
            f"is a TorchScript {kind.__name__}, which torch.export cannot trace. Build it from "
            "Python classes, and name the file with its weights in the setting 'checkpoint'."
        )
    if isinstance(layer, torch._dynamo.OptimizedModule):
        return "is compiled by torch.compile. Return the module that it was made of."
    if kind.__module__.startswith(_QUANTIZED) and kind.__name__ not in _OF_FLOATS:
        return (
            f"is quantized already ({kind.__name__}). Return the module before its quantization: "
            "the weights are quantized for the device."
        )
    for name, values in (
        *layer.named_parameters(recurse=False),
        *layer.named_buffers(recurse=False),
    ):
        if values.is_meta:
            return f"has no values for '{name}', which is on the device 'meta'. Make it on the CPU."
        if values.is_complex():
            return f"has complex numbers in '{name}'. Keep real and imaginary parts separately."
    return ""
