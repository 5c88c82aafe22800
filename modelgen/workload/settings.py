"""A project's settings: names, valid values, defaults."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from modelgen.errors import ModelError
from modelgen.workload.names import check_printable

_QUANTIZATIONS = ("per_channel", "per_tensor")
_SCALES = ("max", "mse")
_DEVICES = ("auto", "cpu", "cuda")
_ACTIVATIONS = ("fp32", "int8")
_INTERFACES = ("fp32", "int8")
_WEIGHTS = ("int8", "int4")
_CALIBRATIONS = ("mse", "minmax", "percentile")

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
class AwareTraining:
    """The quantization-aware training, after which a network is quantized."""

    steps: int = 500
    """Number of batches."""
    batch: int = 64
    learning_rate: float = 2e-4
    """Of the first step; it falls to zero in the last."""
    seed: int = 0


@dataclass(frozen=True)
class LayerSettings:
    """What differs for one layer; None: nothing."""

    activations: str | None = None
    weights: str | None = None


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
    activations: str = "fp32"
    """What layers compute with: "fp32", or "int8" wherever there is an operator on integers."""
    interface: str = "fp32"
    """What the network takes and returns: "fp32", or "int8" if its activations are INT8."""
    weights: str = "int8"
    """"int8" (-127 .. 127) or "int4" (-7 .. 7)."""
    calibration: str = "mse"
    """How ranges of INT8 activations are chosen: "mse" (least squared error), "minmax" (all values)
    or "percentile" (all but one in 10,000)."""
    calibration_inputs: int = 128
    """Number of training inputs that these ranges are measured with."""
    equalization: bool = False
    """Whether channels are scaled, before they are quantized, so that they have similar ranges."""
    bias_correction: bool = False
    """Whether biases make up for the mean errors of quantized layers."""
    qat: AwareTraining | None = None
    """Quantization-aware training; None: none."""
    layers: Mapping[str, LayerSettings] = field(default_factory=dict)
    """Layer, or module of several -> what differs for it."""
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
        values["training"] = _parse_steps("training", training, Training)
    if values.get("qat") is not None:
        values["qat"] = _parse_steps("qat", values["qat"], AwareTraining)
    values["layers"] = _parse_layers(values.get("layers", {}))
    settings = Settings(**values)
    _check_integer("inputs", settings.inputs, 1)
    _check_integer("batch", settings.batch, 1, MOST_BATCH)
    _check_choice("quantization", settings.quantization, _QUANTIZATIONS)
    _check_choice("scale", settings.scale, _SCALES)
    _check_choice("device", settings.device, _DEVICES)
    _check_choice("activations", settings.activations, _ACTIVATIONS)
    _check_choice("interface", settings.interface, _INTERFACES)
    _check_choice("weights", settings.weights, _WEIGHTS)
    _check_choice("calibration", settings.calibration, _CALIBRATIONS)
    _check_integer("calibration_inputs", settings.calibration_inputs, 1)
    for name in ("equalization", "bias_correction"):
        _check_switch(name, getattr(settings, name))
    _check_switch("softmax", settings.softmax)
    check_interface(settings.interface, settings.activations)
    if settings.qat is not None and settings.activations != "int8":
        raise ModelError(
            "Setting 'qat' trains a network for INT8 activations, but 'activations' is "
            f"'{settings.activations}'. Set 'activations' to 'int8', or remove 'qat'."
        )
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


def check_interface(interface: str, activations: str) -> None:
    """Raise ModelError if a network of FP32 is to take and return integers."""
    if interface == "int8" and activations != "int8":
        raise ModelError(
            "'interface' is 'int8', so inputs and outputs are to be integers, but 'activations' is "
            f"'{activations}'. Set 'activations' to 'int8', or 'interface' to 'fp32'."
        )


def with_batch(settings: Settings, batch: int) -> Settings:
    """Return the settings with a different batch.

    Raises:
        ModelError: the batch is not an integer from 1 to MOST_BATCH.
    """
    _check_integer("batch", batch, 1, MOST_BATCH)
    return replace(settings, batch=batch)


def with_precision(settings: Settings, options: Mapping[str, str]) -> Settings:
    """Return the settings with other activations and weights, where options name them."""
    return replace(
        settings,
        activations=options.get("activations") or settings.activations,
        weights=options.get("weights") or settings.weights,
    )


_Steps = TypeVar("_Steps", Training, AwareTraining)


def _parse_steps(name: str, values: Any, kind: type[_Steps]) -> _Steps:
    """Return a training from a setting."""
    if not isinstance(values, Mapping):
        raise ModelError(f"Setting '{name}' is {values!r}; expected a dictionary, or None.")
    _check_names(values, kind, f"{name} setting")
    training = kind(**values)
    _check_integer(f"{name}.steps", training.steps, 1)
    _check_integer(f"{name}.batch", training.batch, 1)
    _check_integer(f"{name}.seed", training.seed, 0)
    rate = training.learning_rate
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 < rate < 10:
        raise ModelError(
            f"Setting '{name}.learning_rate' is {rate!r}; expected a number above 0 and below 10."
        )
    return training


def _parse_layers(values: Any) -> dict[str, LayerSettings]:
    if not isinstance(values, Mapping):
        raise ModelError(
            f"Setting 'layers' is {values!r}; expected a dictionary from names of layers to "
            "dictionaries of settings."
        )
    layers = {}
    for name, given in values.items():
        what = f"layers['{name}']"
        if not isinstance(given, Mapping):
            raise ModelError(f"Setting {what} is {given!r}; expected a dictionary of settings.")
        _check_names(given, LayerSettings, f"setting of {what}:")
        if "activations" in given:
            _check_choice(f"{what}: activations", given["activations"], _ACTIVATIONS)
        if "weights" in given:
            _check_choice(f"{what}: weights", given["weights"], _WEIGHTS)
        layers[str(name)] = LayerSettings(**given)
    return layers


def _check_switch(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise ModelError(f"Setting '{name}' is {value!r}; expected True or False.")


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
