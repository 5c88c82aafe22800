"""The checked options from the command line.

Each option of the stages' tasks is declared once, as a field of `Options`: the tasks, the checks,
the commands in manifests and the table in the user guide follow from it.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from flows import config as configuration
from flows.errors import HeepstorError
from flows.repository import COMMAND, build_folder, projects
from flows.terminal.arguments import check_choice, user_path, whole_number
from flows.units import UNITS

_OPTION = "option"
PRECISION = ("activations", "interface", "weights", "quantization", "scale")
"""How a model is quantized."""


@dataclass(frozen=True)
class Option:
    """How an option is typed, explained and parsed."""

    help: str
    value: str
    """Placeholder for the value in the documentation; "" for a switch."""
    read: Callable[[str, Any], Any]
    """Parses the value, given the option's name and what was typed. Raises HeepstorError."""


def _option(
    help: str,
    value: str = "",
    default: Any = "",
    read: Callable[[str, Any], Any] = lambda name, typed: typed,
) -> Any:
    return field(default=default, metadata={_OPTION: Option(help, value, read)})


def _choice(help: str, *allowed: str, default: str = "") -> Any:
    """Return an option with fixed choices; the default "" leaves the choice to the project."""

    def read(name: str, typed: str) -> str:
        check_choice(name, typed, dict.fromkeys((*allowed, default)))
        return typed

    return _option(help, "|".join(allowed), default, read)


def _count(help: str) -> Any:
    """Return an option that is an integer >= 1, or None if omitted."""
    return _option(help, "N", None, lambda name, typed: whole_number(name, typed or "", 1))


@dataclass(frozen=True)
class Options:
    """Values of the options. None and "" stand for the project's or the configuration's setting."""

    project: str
    """A name in `projects/`, or the path of a project's folder."""
    config_path: Path
    """The hardware configuration, after applying `set`."""
    model: str = _option(
        "a .tflite or .onnx model in place of a project",
        "FILE",
        read=lambda name, typed: typed and str(user_path(typed)),
    )
    data: str = _option(
        "inputs for --model: .npy, or .npz with an array for each input and perhaps 'labels' "
        "(default: random inputs)",
        "FILE",
        read=lambda name, typed: typed and str(user_path(typed)),
    )
    build_dir: str = _option(
        "folder for the results (default: build/projects/NAME/; for projects elsewhere, build/ "
        "next to project.py; for a model in a file, build/NAME/ next to it)",
        "DIR",
        read=lambda name, typed: typed and str(user_path(typed)),
    )
    config: str = _option(
        "hardware configuration (default: heepstor_cfg.hjson next to project.py, else the "
        "repository's)",
        "FILE",
    )
    set: str = _option(
        "change knobs of the configuration: engine.array_size=16,memory.banks=16",
        "KNOB=VALUE,...",
    )
    operators: str = _choice(
        "where layers run: engine, or software (all on the CPU, with the same results bit for bit)",
        *("engine", "software"),
        default="engine",
    )
    assertions: bool = _option("assertions in the device code (default: on)", "", True)
    inputs: int | None = _count(
        "number of test inputs to simulate (default: the project's setting)"
    )
    batch: int | None = _count("inputs per inference (default: the project's setting)")
    activations: str = _choice(
        "what layers compute with: fp32, or int8 wherever there is an operator on integers "
        "(default: the project's setting)",
        *("fp32", "int8"),
    )
    interface: str = _choice(
        "what the network takes and returns: fp32, or int8 if its activations are (default: the "
        "project's setting)",
        *("fp32", "int8"),
    )
    weights: str = _choice(
        "integers of the weights: int8 or int4 (default: the project's setting)", "int8", "int4"
    )
    quantization: str = _choice(
        "scales of the weights: per_channel (output) or per_tensor (default: the project's "
        "setting)",
        *("per_channel", "per_tensor"),
    )
    scale: str = _choice(
        "weight scales: max (from the largest weight) or mse (least squared error) (default: the "
        "project's setting)",
        *("max", "mse"),
    )
    random_weights: bool = _option(
        "use seeded random weights without training, to measure only speed", "", False
    )
    technology: str = _choice(
        "what synth maps to: fpga (XCZU7EV) or osu018 (standard cells of 180 nm)",
        *("fpga", "osu018"),
        default="fpga",
    )
    unit: str = _choice("unit of times in the report: cycles, us or ms", *UNITS, default="cycles")
    clock_hz: int | None = _count(
        "clock for times in us and ms (default: the configuration's); changes nothing else"
    )

    @property
    def place(self) -> str:
        """What names the project: itself, or the file of a model in its place."""
        return self.model or self.project

    @property
    def precision(self) -> dict[str, str]:
        """Options that override the project's settings of how it is quantized, by name."""
        return {name: getattr(self, name) for name in PRECISION}

    @classmethod
    def from_command_line(cls, root: Path, project: str, **typed: Any) -> Options:
        """Parse what was typed; options that are missing were not typed.

        Raises HeepstorError with the valid choices.
        """
        declared = options()
        model = typed.get("model", "")
        if model:
            projects.check_model(model, project)
        elif typed.get("data"):
            raise HeepstorError("--data has the inputs of a model in a file; give that by --model.")
        values = {name: declared[name].read(_flag(name), text) for name, text in typed.items()}
        build_dir, config = values.get("build_dir", ""), values.get("config", "")
        found = projects.lookup(root, model or project, build_dir)
        beside = found.configuration if found else None
        return cls(
            project=found.typed if found and not model else project,
            config_path=config_file(root, config, values.get("set", ""), beside),
            **values,
        )

    def command(self, task: str) -> str:
        """Return the command line that runs a task with these options."""
        project = ("--project", self.project) if self.project else ()
        return shlex.join([COMMAND, task, *project, *self._typed()])

    def _typed(self) -> Iterator[str]:
        """Yield the options that differ from their defaults, as they are typed."""
        for item in fields(self):
            value = getattr(self, item.name)
            if _OPTION in item.metadata and value != item.default:
                no = "no-" if item.default is True else ""
                yield f"--{no}{_flag(item.name)}"
                if not isinstance(value, bool):
                    yield str(value)


def options() -> Mapping[str, Option]:
    """Return the options of the stages' tasks by name, except `project`."""
    return {item.name: item.metadata[_OPTION] for item in fields(Options) if item.metadata}


def defaults() -> Mapping[str, str | bool]:
    """Return each option's default for Invoke."""
    found: dict[str, Any] = {item.name: item.default for item in fields(Options) if item.metadata}
    return {name: "" if value is None else value for name, value in found.items()}


def documentation() -> str:
    """Return the rows of the user guide's table of options."""
    rows = []
    for name, option in options().items():
        no = "no-" if defaults()[name] is True else ""
        typed = f"--{no}{_flag(name)} {option.value}".strip().replace("|", "\\|")
        rows.append(f"| `{typed}` | {option.help} |\n")
    return "".join(rows)


def config_file(root: Path, config: str, overrides: str, beside: Path | None = None) -> Path:
    """Return the file of the selected hardware configuration, with some knobs changed.

    In order of precedence: `config`, HEEPSTOR_CONFIG, `beside`, the repository's.
    """
    path = config or os.environ.get("HEEPSTOR_CONFIG", "")
    chosen = user_path(path) if path else beside or root / projects.CONFIGURATION
    return configuration.changed(chosen, overrides, build_folder(root) / "configurations")


def _flag(name: str) -> str:
    return name.replace("_", "-")
