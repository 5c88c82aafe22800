"""The hardware configuration: reads, checks and identifies ``heepstor_cfg.hjson``.

The file itself explains every knob. What other tools need of it (SystemVerilog package, C++ header,
linker script, JSON) is written by the functions re-exported from :mod:`flows.config.writers`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hjson

from flows.config.rules import check_fields, check_knob, check_values
from flows.config.writers import write_cpp_header, write_json, write_linker_script, write_sv_package
from flows.errors import HeepstorError
from flows.repository import ROOT
from flows.system.files import write_whole

if TYPE_CHECKING:
    from modelgen.hardware import Hardware

__all__ = [
    "Address",
    "Config",
    "Engine",
    "Memory",
    "Uart",
    "from_dict",
    "load",
    "read_json",
    "write_cpp_header",
    "write_json",
    "write_linker_script",
    "write_sv_package",
]

_MOST_BYTES = 1 << 20
DEFAULT_PATH = ROOT / "heepstor_cfg.hjson"


@dataclass(frozen=True)
class Memory:
    """Word-interleaved main memory: ``banks`` banks of ``bank_kib`` KiB."""

    banks: int
    bank_kib: int

    @property
    def bytes(self) -> int:
        """Size of the whole memory in bytes."""
        return self.banks * self.bank_kib * 1024


@dataclass(frozen=True)
class Uart:
    """Serial line: ``baud`` bits per second, ``fifo_depth`` characters each way."""

    baud: int
    fifo_depth: int


@dataclass(frozen=True)
class Engine:
    """Accelerator: sizes in processing elements, 32-bit words, words and rows."""

    array_size: int
    port_words: int
    buffer_words: int
    accumulator_depth: int


@dataclass(frozen=True)
class Address:
    """First byte address of every region."""

    boot_rom: int
    soc_ctrl: int
    uart: int
    timer: int
    engine: int
    debug: int
    memory: int


@dataclass(frozen=True)
class Config:
    """A checked configuration. ``arena_kib`` is None for "as much as the model needs"."""

    clock_hz: int
    memory: Memory
    stack_kib: int
    arena_kib: int | None
    uart: Uart
    engine: Engine
    address: Address

    @property
    def hash(self) -> str:
        """Eight hex digits that identify the hardware.

        Knobs of the software alone (stack, arena) are left out: they need no new hardware.
        The same number can be read from soc_ctrl and is ``kConfigHash`` in C++.
        """
        values = self.to_dict()
        del values["stack_kib"], values["arena_kib"]
        canonical = json.dumps(values, sort_keys=True).encode()
        return hashlib.sha256(canonical).hexdigest()[:8]

    @property
    def uart_divider(self) -> int:
        """Clock cycles of one bit on the serial line."""
        return round(self.clock_hz / self.uart.baud)

    def to_dict(self) -> dict[str, Any]:
        """All knobs as plain nested dictionaries; every value as a number, or None."""
        return dataclasses.asdict(self)

    def hardware(self) -> Hardware:
        """What the compiler has to know about the hardware."""
        from modelgen.hardware import Hardware

        return Hardware(
            array_size=self.engine.array_size,
            port_words=self.engine.port_words,
            buffer_words=self.engine.buffer_words,
            accumulator_depth=self.engine.accumulator_depth,
            memory_bytes=self.memory.bytes,
            stack_bytes=self.stack_kib * 1024,
            arena_bytes=None if self.arena_kib is None else self.arena_kib * 1024,
            clock_hz=self.clock_hz,
        )


def load(path: str | Path | None = None) -> Config:
    """Reads and checks a configuration file.

    Without a path: the file named by the environment variable HEEPSTOR_CONFIG, else the one at the
    repository's root. Raises HeepstorError that names every problem found.
    """
    path = Path(path or os.environ.get("HEEPSTOR_CONFIG") or DEFAULT_PATH)
    return from_dict(_read(path), source=str(path))


def _read(path: Path) -> Any:
    """A configuration file's values, unchecked."""
    try:
        return hjson.loads(_text(path), object_pairs_hook=_section)
    except OSError as error:
        raise HeepstorError(
            f"cannot read the hardware configuration {path}: {error.strerror}; "
            "name an existing file with --config or HEEPSTOR_CONFIG"
        ) from error
    except RecursionError as error:
        raise HeepstorError(
            f"the hardware configuration {path} is nested too deeply; expected knobs, and "
            "sections of knobs"
        ) from error
    except ValueError as error:
        raise HeepstorError(
            f"the hardware configuration {path} is not valid Hjson: {error}"
        ) from error


def read_json(path: Path) -> Config:
    """The configuration that `write_json` has written."""
    values = json.loads(path.read_text(encoding="utf-8"))
    del values["hash"]
    values["arena_kib"] = "auto" if values["arena_kib"] is None else values["arena_kib"]
    return from_dict(values, source=str(path))


def _text(path: Path) -> str:
    """The content of a file that is read more than once, and not endless."""
    if path.exists() and not path.is_file():
        kind = "a folder" if path.is_dir() else "a pipe or a device"
        raise HeepstorError(f"the hardware configuration {path} is {kind}; expected a file")
    size = path.stat().st_size
    if size > _MOST_BYTES:
        raise HeepstorError(
            f"the hardware configuration {path} has {size:,} bytes; expected an Hjson file of at "
            f"most {_MOST_BYTES:,}"
        )
    return path.read_text(encoding="utf-8-sig")


def _section(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A section of the configuration; every knob has one value."""
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice} is given more than once")
    return values


def changed(path: Path, overrides: str, folder: Path) -> Path:
    """A configuration with other values for some knobs, as a file in `folder`.

    `overrides` is such as "engine.array_size=16,arena_kib=auto"; without any, `path` itself is
    returned. Raises HeepstorError that names a knob that does not exist, or every impossible value.
    """
    if not overrides:
        return path
    values = _read(path)
    for assignment in overrides.split(","):
        _assign(values, assignment.strip())
    config = from_dict(values, source=f"{path} with --set {overrides}")
    text = json.dumps(values, indent=2) + "\n"
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    target = folder / f"{config.hash}-{digest}.hjson"
    write_whole(target, text)
    return target


def _assign(values: dict[str, Any], assignment: str) -> None:
    """Sets one knob, such as "memory.banks=16"; only those that the configuration has."""
    name, _, text = (part.strip() for part in assignment.partition("="))
    if not name or not text:
        raise HeepstorError(
            f"--set has {assignment!r}: it takes knobs of the hardware configuration with their "
            "values and commas between, such as engine.array_size=16,memory.bank_kib=64."
        )
    check_knob(name)
    *sections, last = name.split(".")
    for section in sections:
        values = values.setdefault(section, {}) if isinstance(values, dict) else None
    # What else is wrong with the file is said when all of it is checked.
    if isinstance(values, dict):
        values[last] = int(text) if re.fullmatch("[0-9]{1,18}", text) else text


def from_dict(values: Any, source: str = "configuration") -> Config:
    """Makes a Config of nested dictionaries; ``source`` names them in error messages."""
    normalized, problems = check_fields(values)
    if not problems:
        problems = check_values(normalized)
    if problems:
        lines = "\n".join(f"  - {problem}" for problem in problems)
        raise HeepstorError(f"the hardware configuration {source} can't be built:\n{lines}")
    return Config(
        clock_hz=normalized["clock_hz"],
        memory=Memory(**normalized["memory"]),
        stack_kib=normalized["stack_kib"],
        arena_kib=normalized["arena_kib"],
        uart=Uart(**normalized["uart"]),
        engine=Engine(**normalized["engine"]),
        address=Address(**normalized["address"]),
    )
