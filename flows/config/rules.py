"""What a hardware configuration may contain: names, types, and values that can be built."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Mapping
from typing import Any

from flows.config.configuration import KNOBS, REGION_BYTES, SCHEMA, Config
from flows.config.knobs import ADDRESS_SPACE, Kind, Knob, Schema, leaf
from flows.errors import HeepstorError
from modelgen.errors import ModelError
from modelgen.hardware import wrong_port


def check_fields(values: Any) -> tuple[dict[str, Any], list[str]]:
    """Convert every knob to a number; return these and the problems of names and types."""
    problems: list[str] = []
    return _check_section(values, SCHEMA, "", problems), problems


def _check_section(values: Any, schema: Schema, prefix: str, problems: list[str]) -> dict:
    if not isinstance(values, Mapping):
        where = prefix.rstrip(".") or "the file"
        problems.append(f"{where} must be a section: {{ {', '.join(schema)} }}")
        return {}
    problems += [_unknown(name, schema, prefix) for name in values if name not in schema]
    result: dict[str, Any] = {}
    for name, knob in schema.items():
        if name not in values:
            problems.append(f"{prefix}{name} is missing")
        elif isinstance(knob, Knob):
            result[name] = _number(values[name], knob.kind, prefix + name, problems)
        else:
            result[name] = _check_section(values[name], knob, f"{prefix}{name}.", problems)
    return result


def _unknown(name: str, schema: Schema, prefix: str) -> str:
    near = difflib.get_close_matches(name, schema, 1)
    hint = f"did you mean {near[0]}?" if near else f"valid choices: {', '.join(schema)}"
    return f"{prefix}{name} is not a knob; {hint}"


def check_knob(name: str) -> None:
    """Raise HeepstorError if there is no knob of this name, such as "engine.array_size"."""
    if name in KNOBS:
        return
    known = list(KNOBS)
    near = [knob for knob in known if knob.startswith(f"{name}.")] or _similar(name, known)
    hint = f"did you mean {' or '.join(near)}?" if near else f"valid choices: {', '.join(known)}"
    raise HeepstorError(f"--set: {name!r} is not a knob of the hardware configuration; {hint}")


def _similar(name: str, known: list[str]) -> list[str]:
    """Return the knobs whose name has the typed one in it, or else a similar one."""
    section, _, word = name.rpartition(".")
    if near := [knob for knob in known if knob.startswith(section) and _has(knob, word)]:
        return near
    if near := difflib.get_close_matches(name, known, 1):
        return near
    within = {knob: knob.rpartition(".")[2] for knob in known}
    last = difflib.get_close_matches(name.rpartition(".")[2], set(within.values()), 1)
    return [knob for knob in known if within[knob] in last]


def _has(knob: str, word: str) -> bool:
    """Return whether a word is one of those that a knob's name is made of."""
    return word in knob.rpartition(".")[2].split("_")


def _number(value: Any, kind: Kind, name: str, problems: list[str]) -> int | None:
    try:
        return kind.read(value)
    except ValueError:
        problems.append(f"{name} is {value!r}; it must be {kind.value}")
        return None


def check_values(values: dict[str, Any]) -> list[str]:
    """Return the problems of values that can't be built; empty if there are none."""
    # Values that are invalid by themselves would only cause misleading follow-up errors.
    if problems := list(_impossible(values)):
        return problems
    config = Config.from_dict(values)
    engine = config.engine
    if problems := wrong_port(engine.array_size, engine.port_words):
        return [f"engine.{problem}" for problem in problems]
    problems = [*_memory_problems(config), *_uart_problems(config)]
    return problems or _address_problems(config)


def _impossible(values: dict[str, Any]) -> list[str]:
    """Return the problems of values that are invalid whatever the other knobs are."""
    found = {name: leaf(values, name) for name in KNOBS}
    return [
        f"{name} is {KNOBS[name].kind.show(value)}; expected {KNOBS[name].allowed}"
        + (' or "auto"' if KNOBS[name].kind is Kind.NUMBER_OR_AUTO else "")
        for name, value in found.items()
        if value not in KNOBS[name].allowed
        and not (value is None and KNOBS[name].kind is Kind.NUMBER_OR_AUTO)
    ]


def _memory_problems(config: Config) -> list[str]:
    problems = []
    if config.memory.banks < config.engine.port_words:
        problems.append(
            f"memory.banks is {config.memory.banks}, less than engine.port_words "
            f"({config.engine.port_words}): every word of the port needs a bank"
        )
    try:
        config.hardware()
    except ModelError as error:
        problems.append(f"{error} (stack_kib + arena_kib; memory.banks * memory.bank_kib)")
    return problems


def _uart_problems(config: Config) -> list[str]:
    clock_hz, baud = config.clock_hz, config.uart.baud
    least = config.least_uart_divider
    if not least <= config.uart_divider <= 65535:
        low, high = -(-clock_hz // 65535), clock_hz // least
        return [
            f"uart.baud is {baud}; at this clock_hz and cpu.clock_divider expected {low} to {high}"
        ]
    divider = config.uart_divider
    error = abs(clock_hz / divider / baud - 1)
    if error > 0.02:
        return [
            f"uart.baud is {baud}, but clock_hz / {divider} is {error:.1%} off; "
            f"the nearest exact rate is {clock_hz // divider}"
        ]
    return []


def _address_problems(config: Config) -> list[str]:
    problems, regions = [], []
    for name, start in config.to_dict()["address"].items():
        size = config.memory.bytes if name == "memory" else REGION_BYTES
        alignment = 1 << (size - 1).bit_length()
        if start > ADDRESS_SPACE - size:
            problems.append(f"address.{name} is {start:#x}: beyond the 32-bit address space")
        elif start % alignment:
            problems.append(
                f"address.{name} is {start:#x}; expected a multiple of {alignment:#x}, "
                "the memory's size rounded up to a power of two"
            )
        regions.append((start, start + size, name))
    regions.sort()
    for (start, end, name), (next_start, _, next_name) in itertools.pairwise(regions):
        if next_start < end:
            problems.append(
                f"address.{name} ({start:#x} to {end - 1:#x}) overlaps "
                f"address.{next_name} ({next_start:#x})"
            )
    return problems
