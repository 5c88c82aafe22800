"""A project's settings: names, values that are allowed, defaults."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from modelgen.errors import ModelError
from modelgen.workload.names import check_printable

_QUANTIZATIONS = ("per_channel", "per_tensor")
_SCALES = ("max", "mse")
_DEVICES = ("auto", "cpu", "cuda")

MOST_BATCH = 65_536
"""Inputs that one inference takes, at most."""


@dataclass(frozen=True)
class Training:
    """How the model is trained on first use."""

    steps: int = 2000
    """Batches; a fixed number, whatever the size of the data."""
    batch: int = 128
    learning_rate: float = 2e-3
    """The largest; it rises and falls in one cycle."""
    seed: int = 0


@dataclass(frozen=True)
class Settings:
    """All settings; `settings = {...}` in project.py names those that differ."""

    inputs: int = 10
    """Test inputs that are simulated."""
    batch: int = 1
    """Inputs that one inference takes."""
    softmax: bool = False
    """Add a softmax at the end of a model that gives logits."""
    quantization: str = "per_channel"
    """Scales of the INT8 weights: "per_channel" or "per_tensor"."""
    scale: str = "max"
    """How those scales are chosen: "max", the largest weight is exact; or "mse", the sum of the
    squared errors of the weights is least."""
    checkpoint: str | None = None
    """state_dict file of a trained model, relative to the project's folder: nothing is trained."""
    device: str = "auto"
    """Where training and evaluation run: "auto", "cpu" or "cuda"."""
    training: Training | None = field(default=None)
    """None: the model is used as model() returns it, or as the project's own train() leaves it."""
    metric: str = "metric"
    """What reports call the value of the project's own metric()."""


def parse(values: Any) -> Settings:
    """Check the dictionary that a project gives.

    Raises:
        ModelError: names the setting, and what is allowed.
    """
    if not isinstance(values, Mapping):
        raise ModelError(f"settings must be a dictionary, not a {type(values).__name__}.")
    values = dict(values)
    _check_names(values, Settings, "setting")
    training = values.get("training")
    if training is not None:
        values["training"] = _parse_training(training)
    settings = Settings(**values)
    _check_integer("inputs", settings.inputs, 1)
    _check_integer("batch", settings.batch, 1, MOST_BATCH)
    _check_choice("quantization", settings.quantization, _QUANTIZATIONS)
    _check_choice("scale", settings.scale, _SCALES)
    _check_choice("device", settings.device, _DEVICES)
    if not isinstance(settings.softmax, bool):
        raise ModelError(f"Setting 'softmax' is {settings.softmax!r}; it must be True or False.")
    if not isinstance(settings.metric, str) or not settings.metric:
        raise ModelError("Setting 'metric' must be the name of what metric() measures.")
    check_printable("The metric", settings.metric)
    if settings.checkpoint is not None and not isinstance(settings.checkpoint, str):
        raise ModelError("Setting 'checkpoint' must be the name of a file.")
    return settings


def with_batch(settings: Settings, batch: int) -> Settings:
    """Return the settings with another batch.

    Raises:
        ModelError: the batch is not a whole number from 1 to MOST_BATCH.
    """
    _check_integer("batch", batch, 1, MOST_BATCH)
    return replace(settings, batch=batch)


def _parse_training(values: Any) -> Training:
    if not isinstance(values, Mapping):
        raise ModelError("Setting 'training' must be a dictionary, or None.")
    _check_names(values, Training, "training setting")
    training = Training(**values)
    _check_integer("training.steps", training.steps, 1)
    _check_integer("training.batch", training.batch, 1)
    _check_integer("training.seed", training.seed, 0)
    rate = training.learning_rate
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 < rate < 10:
        raise ModelError(f"Setting 'training.learning_rate' is {rate!r}; it must be above 0.")
    return training


def _check_names(values: Mapping[str, Any], kind: type, what: str) -> None:
    known = [item.name for item in fields(kind)]
    for name in values:
        if name in known:
            continue
        close = difflib.get_close_matches(str(name), known, n=1)
        hint = f" Did you mean '{close[0]}'?" if close else ""
        raise ModelError(f"Unknown {what} '{name}'.{hint} Valid choices: {', '.join(known)}.")


def _check_integer(name: str, value: Any, least: int, most: int = 2**31 - 1) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ModelError(
            f"Setting '{name}' is {_shown(value)}; it must be a whole number >= {least} and "
            f"<= {most:,}."
        )


def _shown(value: Any) -> str:
    """Return a value as Python writes it; large integers, which it refuses to, in hexadecimal."""
    return f"{value:#x}" if isinstance(value, int) and abs(value) > 2**63 else repr(value)


def _check_choice(name: str, value: Any, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ModelError(f"Setting '{name}' is {value!r}; it must be one of {', '.join(allowed)}.")
