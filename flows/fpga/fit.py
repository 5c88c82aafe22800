"""Whether a configuration can fit a device, estimated from its numbers before any synthesis.

docs/synthesis.md has the measurements behind the formulas, and their errors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flows import config as configuration
from flows.config import Config
from flows.errors import HeepstorError
from flows.fpga import record
from flows.repository import page
from flows.synth.devices import XCZU7EV

_LUT_ERROR = 0.10
"""Allowed overestimate of the LUTs. Multipliers and RAM blocks are exact counts."""
_ARRAY = ("engine.array_size", "engine.port_words")
_MEMORY = ("memory.banks", "memory.bank_kib", "engine.buffer_words", "engine.accumulator_depth")
_KNOBS = {
    "LUT4": _ARRAY,
    "LUT": ("engine.array_size",),
    "multiplier 18 x 18": _ARRAY,
    "DSP": ("engine.array_size",),
    "block RAM 18 Kibit": _MEMORY,
    "block RAM 36 Kibit": _MEMORY,
    "UltraRAM": _MEMORY,
}
"""For each resource, the knobs with the most influence on its estimate."""


@dataclass(frozen=True)
class Part:
    """A device: its name, its capacity, and the resources that a configuration needs."""

    name: str
    holds: dict[str, float]
    estimate: Callable[[Config], dict[str, float]]


def _ecp5(config: Config) -> dict[str, float]:
    """Return the resources as mapped by Yosys's synth_ecp5 and nextpnr's packer."""
    engine, size = config.engine, config.engine.array_size
    bank = _blocks_of_18_kibit(256 * config.memory.bank_kib)
    lane = _blocks_of_18_kibit(engine.buffer_words // size)
    # Shallow accumulators are made of LUTs.
    is_deep = engine.accumulator_depth > 64
    accumulator = _blocks_of_18_kibit(engine.accumulator_depth) if is_deep else 0
    return {
        "LUT4": 42_640
        + 2_350 * size
        + 62 * size**2
        + 6_750 * (engine.port_words - 1)
        + 2_400 * _more_lanes(config),
        "multiplier 18 x 18": 2 * size**2
        + size
        + 11 * engine.port_words
        + 4 * _more_lanes(config)
        + 25,
        "block RAM 18 Kibit": config.memory.banks * bank
        + size * (lane + accumulator)
        + 2 * engine.port_words
        + 2,
    }


def _more_lanes(config: Config) -> int:
    """Return the lanes of the store path beyond the words of the memory port."""
    return config.hardware().store_words - config.engine.port_words


def _blocks_of_18_kibit(words: int) -> int:
    """Return the blocks of a dual-port memory of 32-bit words: pairs of 1024 x 18 bits."""
    return 2 * -(-words // 1024)


def _xczu7ev(config: Config) -> dict[str, float]:
    """Return the resources as mapped by Yosys's synth_xilinx -uram: two words per UltraRAM row."""
    size = config.engine.array_size
    lane_words = config.engine.buffer_words // size
    bank_words = 256 * config.memory.bank_kib
    ultra, block = _ultra_and_block(config.memory.banks, bank_words)
    more_ultra, more_block = _ultra_and_block(size, lane_words)
    accumulators = size * -(-config.engine.accumulator_depth // 1024)
    integer = config.engine.int8
    lanes = config.hardware().integer_lanes if integer else 0
    return {
        "LUT": 30_130
        + 1_349 * size
        + 625 * _more_lanes(config)
        + integer * (630 + 260 * size)
        + 238 * lanes,
        "DSP": size**2
        + 2 * _more_lanes(config)
        + 2 * config.engine.port_words
        + 43
        + integer * 6
        + 27 * lanes // 8,
        "block RAM 36 Kibit": block
        + more_block
        + accumulators * (1 + integer)
        + config.engine.port_words
        + 1
        + lanes,
        "UltraRAM": ultra + more_ultra,
    }


def _ultra_and_block(banks: int, words: int) -> tuple[int, int]:
    """Return the UltraRAMs and block RAMs of 32-bit memories; large ones are UltraRAM."""
    return (banks * -(-words // 8192), 0) if words >= 4096 else (0, banks * -(-words // 1024))


_PARTS = {
    "85k": Part(
        "LFE5U-85F",
        {"LUT4": 83_640, "multiplier 18 x 18": 156, "block RAM 18 Kibit": 208},
        _ecp5,
    ),
    "xczu7ev": Part(
        "XCZU7EV",
        {
            "LUT": XCZU7EV.holds.lut,
            "DSP": XCZU7EV.holds.dsp,
            "block RAM 36 Kibit": XCZU7EV.holds.bram,
            "UltraRAM": XCZU7EV.holds.uram,
        },
        _xczu7ev,
    ),
}
"""The boards' devices, by the prefix of the tools' names for them."""


def check_project(folder: Path, device: str) -> None:
    """Raise HeepstorError if the project in FuseSoC's work folder cannot fit `device`.

    A design without its own configuration or on an unknown device is not checked.
    """
    part = find(device)
    if part is not None and (path := record.file(folder, "heepstor_config.json")):
        check(configuration.read_json(path), part)


def find(device: str) -> Part | None:
    """Return the part with this tool's name, or None if it is unknown."""
    return next((part for name, part in _PARTS.items() if device.startswith(name)), None)


def check(config: Config, part: Part) -> None:
    """Raise HeepstorError with the resources that a device lacks and the knobs to lower."""
    lines = [
        f"  {name}: {needed:,.0f} needed, {part.holds[name]:,.0f} available; lower "
        + ", ".join(f"{knob} ({_value(config, knob)})" for knob in _KNOBS[name])
        for name, needed in part.estimate(config).items()
        if needed > part.holds[name] * (1 + _LUT_ERROR * name.startswith("LUT"))
    ]
    if lines:
        raise HeepstorError(
            f"the configuration {config.hash} does not fit the {part.name}, according to an "
            f"estimate before synthesis ({page('synthesis.md')}):\n"
            + "\n".join(lines)
            + "\nWithout "
            "HEEPSTOR_CONFIG, --config and --set the board's own configuration is built, which "
            "fits."
        )


def _value(config: Config, knob: str) -> int:
    section, name = knob.split(".")
    return getattr(getattr(config, section), name)
