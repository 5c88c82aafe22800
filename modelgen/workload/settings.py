"""A project's settings: names, valid values, defaults."""

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
"""Largest number of inputs that one inference takes."""


@dataclass(frozen=True)
class Training:
    """The built-in training, which runs on first use."""

    steps: int = 2000
    """Number of batches, regardless of the size of the data."""
    batch: int = 128
    learning_rate: float = 2e-3
    """Peak learning rate; it rises and falls in one cycle."""
    seed: int = 0


@dataclass(frozen=True)
class Settings:
    """All settings with their defaults; `settings = {...}` in project.py overrides them."""

    inputs: int = 10
    """Number of test inputs to simulate."""
    batch: int = 1
    """Inputs that one inference takes."""
    softmax: bool = False
    """Append a softmax to a model that returns logits."""
    quantization: str = "per_channel"
    """Scales of the INT8 weights: "per_channel" or "per_tensor"."""
    scale: str = "max"
    """How those scales are chosen: "max", so that the largest weight is exact; or "mse", so that
    the sum of the weights' squared errors is smallest."""
    checkpoint: str | None = None
    """state_dict file of a trained model, relative to the project's folder; replaces training."""
    device: str = "auto"
    """Where training and evaluation run: "auto", "cpu" or "cuda"."""
    training: Training | None = field(default=None)
    """None: the model is used as returned by model(), or as trained by the project's train()."""
    metric: str = "metric"
    """Name of the project's own metric() in reports."""


def parse(values: Any) -> Settings:
    """Return the settings from a project's dictionary.

    Raises:
        ModelError: a setting is wrong; the message names it and the valid values.
    """
    if not isinstance(values, Mapping):
        raise ModelError(f"settings is a {type(values).__name__}; expected a dictionary.")
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
        raise ModelError(f"Setting 'softmax' is {settings.softmax!r}; expected True or False.")
    if not isinstance(settings.metric, str) or not settings.metric:
        raise ModelError(
            f"Setting 'metric' is {settings.metric!r}; expected a name for what metric() measures."
        )
    check_printable("The metric", settings.metric)
    if settings.checkpoint is not None and not isinstance(settings.checkpoint, str):
        raise ModelError(
            f"Setting 'checkpoint' is {settings.checkpoint!r}; expected the name of a file."
        )
    return settings


def with_batch(settings: Settings, batch: int) -> Settings:
    """Return the settings with a different batch.

    Raises:
        ModelError: the batch is not an integer from 1 to MOST_BATCH.
    """
    _check_integer("batch", batch, 1, MOST_BATCH)
    return replace(settings, batch=batch)


def _parse_training(values: Any) -> Training:
    if not isinstance(values, Mapping):
        raise ModelError(f"Setting 'training' is {values!r}; expected a dictionary, or None.")
    _check_names(values, Training, "training setting")
    training = Training(**values)
    _check_integer("training.steps", training.steps, 1)
    _check_integer("training.batch", training.batch, 1)
    _check_integer("training.seed", training.seed, 0)
    rate = training.learning_rate
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 < rate < 10:
        raise ModelError(
            f"Setting 'training.learning_rate' is {rate!r}; expected a number above 0 and below 10."
        )
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
            f"Setting '{name}' is {_shown(value)}; expected an integer >= {least} and <= {most:,}."
        )


def _shown(value: Any) -> str:
    """Return repr(value); large integers in hexadecimal, as Python refuses to print them."""
    return f"{value:#x}" if isinstance(value, int) and abs(value) > 2**63 else repr(value)


def _check_choice(name: str, value: Any, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ModelError(f"Setting '{name}' is {value!r}. Valid choices: {', '.join(allowed)}.")
