"""What the user chose on the command line, checked."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from flows import config as configuration
from flows.terminal.arguments import check_choice, user_path, whole_number
from flows.units import UNITS

OPERATORS = ("engine", "software")
QUANTIZATIONS = ("per_channel", "per_tensor")
SCALES = ("max", "mse")


@dataclass(frozen=True)
class Options:
    """The choices. None and "" stand for what project and configuration say themselves."""

    project: str
    config_path: Path
    """The hardware configuration, with `overrides` applied."""
    operators: str = "engine"
    assertions: bool = True
    inputs: int | None = None
    batch: int | None = None
    quantization: str = ""
    scale: str = ""
    random_weights: bool = False
    unit: str = "cycles"
    clock_hz: int | None = None
    """The clock of the report's times; None: the configuration's."""
    typed: tuple[str, ...] = ()
    """The options that differ from their defaults, as they are typed."""

    @classmethod
    def from_command_line(
        cls,
        root: Path,
        project: str,
        config: str = "",
        set: str = "",
        operators: str = "engine",
        assertions: bool = True,
        inputs: str = "",
        batch: str = "",
        quantization: str = "",
        scale: str = "",
        random_weights: bool = False,
        unit: str = "cycles",
        clock_hz: str = "",
    ) -> Options:
        """Checks what was typed. Raises HeepstorError with what is allowed."""
        check_choice("operators", operators, OPERATORS)
        check_choice("quantization", quantization, ("", *QUANTIZATIONS))
        check_choice("scale", scale, ("", *SCALES))
        check_choice("unit", unit, UNITS)
        typed = {
            "config": config,
            "set": set,
            "operators": "" if operators == "engine" else operators,
            "assertions": assertions,
            "inputs": inputs,
            "batch": batch,
            "quantization": quantization,
            "scale": scale,
            "random-weights": random_weights,
            "unit": "" if unit == "cycles" else unit,
            "clock-hz": clock_hz,
        }
        return cls(
            project=project,
            config_path=config_file(root, config, set),
            operators=operators,
            assertions=assertions,
            inputs=whole_number("inputs", inputs, 1),
            batch=whole_number("batch", batch, 1),
            quantization=quantization,
            scale=scale,
            random_weights=random_weights,
            unit=unit,
            clock_hz=whole_number("clock-hz", clock_hz, 1),
            typed=tuple(_as_typed(typed)),
        )

    def command(self, task: str) -> str:
        """The command line that runs a task with these options."""
        project = ("--project", self.project) if self.project else ()
        return shlex.join(["./heepstor", task, *project, *self.typed])


def config_file(
    root: Path, config: str, overrides: str, default: str = "heepstor_cfg.hjson"
) -> Path:
    """The file of the hardware configuration that was chosen, with some knobs changed.

    `default`, seen from the root, is taken where neither `config` nor HEEPSTOR_CONFIG names one.
    """
    path = config or os.environ.get("HEEPSTOR_CONFIG", "")
    chosen = user_path(path) if path else root / default
    return configuration.changed(chosen, overrides, root / "build" / "configurations")


def _as_typed(options: dict[str, str | bool]) -> list[str]:
    words = []
    for name, value in options.items():
        if name == "assertions":
            words += [] if value else ["--no-assertions"]
        elif value is True:
            words.append(f"--{name}")
        elif value:
            words += [f"--{name}", value]
    return words
