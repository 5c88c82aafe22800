"""From a project's settings to how its network is quantized."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelgen.quantize.activations.placement import is_named
from modelgen.quantize.activations.post_training import Recipe

_BITS = {"int8": 8, "int4": 4}


def recipe_of(settings: Mapping[str, Any]) -> Recipe:
    """Return how a network is quantized.

    Args:
        settings: by name, as `modelgen.stages.files.read_description` returns them.
    """
    layers: Mapping[str, Mapping[str, str | None]] = settings["layers"]

    def bits_of(layer: str) -> int:
        own = [each["weights"] for name, each in layers.items() if is_named(layer, [name])]
        return _BITS[next(filter(None, own), settings["weights"])]

    return Recipe(
        scheme=settings["quantization"],
        choice=settings["scale"],
        bits_of=bits_of,
        calibration=settings["calibration"],
        equalization=settings["equalization"],
        bias_correction=settings["bias_correction"],
        interface=settings["interface"] == "int8",
        in_fp32=tuple(name for name, each in layers.items() if each["activations"] == "fp32"),
    )
