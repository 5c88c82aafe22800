"""What a hardware configuration may contain: names, types, and the values that can be built."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from flows.errors import HeepstorError

REGION_BYTES = 4096
"""Size of every region of the address map except the main memory."""

SCHEMA: dict[str, Any] = {
    "clock_hz": "number",
    "memory": {"banks": "number", "bank_kib": "number"},
    "stack_kib": "number",
    "arena_kib": "number or auto",
    "uart": {"baud": "number", "fifo_depth": "number"},
    "engine": {
        "array_size": "number",
        "port_words": "number",
        "buffer_words": "number",
        "accumulator_depth": "number",
    },
    "address": {
        "boot_rom": "address",
        "soc_ctrl": "address",
        "uart": "address",
        "timer": "address",
        "engine": "address",
        "debug": "address",
        "memory": "address",
    },
}


def check_fields(values: Any) -> tuple[dict[str, Any], list[str]]:
    """Converts every knob to a number; returns them and the problems of names and types."""
    problems: list[str] = []
    return _check_section(values, SCHEMA, "", problems), problems


def _check_section(values: Any, schema: Mapping, prefix: str, problems: list[str]) -> dict:
    if not isinstance(values, Mapping):
        where = prefix.rstrip(".") or "the file"
        problems.append(f"{where} must be a section: {{ {', '.join(schema)} }}")
        return {}
    problems += [_unknown(name, schema, prefix) for name in values if name not in schema]
    result: dict[str, Any] = {}
    for name, kind in schema.items():
        if name not in values:
            problems.append(f"{prefix}{name} is missing")
        elif isinstance(kind, Mapping):
            result[name] = _check_section(values[name], kind, f"{prefix}{name}.", problems)
        else:
            result[name] = _number(values[name], kind, prefix + name, problems)
    return result


def _unknown(name: str, schema: Mapping, prefix: str) -> str:
    near = difflib.get_close_matches(name, schema, 1)
    hint = f"did you mean {near[0]}?" if near else f"valid choices: {', '.join(schema)}"
    return f"{prefix}{name} is not a knob; {hint}"


def check_knob(name: str) -> None:
    """Raise HeepstorError if there is no knob of this name, such as "engine.array_size"."""
    known = list(_knobs(SCHEMA))
    if name in known:
        return
    near = [knob for knob in known if knob.startswith(f"{name}.")] or _similar(name, known)
    hint = f"did you mean {' or '.join(near)}?" if near else f"valid choices: {', '.join(known)}"
    raise HeepstorError(f"--set: {name!r} is not a knob of the hardware configuration; {hint}")


def _similar(name: str, known: list[str]) -> list[str]:
    """The knobs whose whole name is like this one's, or else the name within its section."""
    if near := difflib.get_close_matches(name, known, 1):
        return near
    within = {knob: knob.rpartition(".")[2] for knob in known}
    last = difflib.get_close_matches(name.rpartition(".")[2], set(within.values()), 1)
    return [knob for knob in known if within[knob] in last]


def _knobs(schema: Mapping, prefix: str = "") -> Iterator[str]:
    for name, kind in schema.items():
        if isinstance(kind, Mapping):
            yield from _knobs(kind, f"{prefix}{name}.")
        else:
            yield prefix + name


def _number(value: Any, kind: str, name: str, problems: list[str]) -> int | None:
    if kind == "number or auto" and value == "auto":
        return None
    if kind == "address" and isinstance(value, str):
        try:
            return int(value, 16)
        except ValueError:
            pass
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    expected = {
        "number": "a whole number",
        "number or auto": 'a whole number or "auto"',
        "address": 'a hexadecimal string such as "0x10000000"',
    }
    problems.append(f"{name} is {value!r}; it must be {expected[kind]}")
    return None


def check_values(values: dict[str, Any]) -> list[str]:
    """The problems of values that can't be built; empty if there are none."""
    problems = _memory_problems(values) + _engine_problems(values["engine"])
    problems += _uart_problems(values)
    # Sizes that are wrong themselves would only give misleading overlaps.
    return problems or _address_problems(values)


def _is_power_of_two(value: int) -> bool:
    return value > 0 and value & (value - 1) == 0


def _power_of_two(value: int, low: int, high: int, name: str) -> list[str]:
    if _is_power_of_two(value) and low <= value <= high:
        return []
    return [f"{name} is {value}; it must be a power of two from {low} to {high}"]


def _memory_problems(values: dict[str, Any]) -> list[str]:
    banks, bank_kib = values["memory"]["banks"], values["memory"]["bank_kib"]
    problems = _power_of_two(banks, 1, 32, "memory.banks")
    if banks < values["engine"]["port_words"]:
        problems.append(
            f"memory.banks is {banks}, less than engine.port_words "
            f"({values['engine']['port_words']}): every word of the port needs a bank"
        )
    if not (4 <= bank_kib <= 16384 and bank_kib % 4 == 0):
        problems.append(
            f"memory.bank_kib is {bank_kib}; it must be a multiple of 4 from 4 to 16384"
        )
    reserved = values["stack_kib"] + (values["arena_kib"] or 0)
    if not 1 <= values["stack_kib"] <= 1024:
        problems.append(f"stack_kib is {values['stack_kib']}; it must be 1 to 1024")
    if values["arena_kib"] is not None and values["arena_kib"] < 1:
        problems.append(f'arena_kib is {values["arena_kib"]}; it must be at least 1, or "auto"')
    if not problems and reserved >= banks * bank_kib:
        problems.append(
            f"stack_kib and arena_kib take {reserved} KiB, but the memory has only "
            f"{banks * bank_kib} KiB (memory.banks * memory.bank_kib)"
        )
    return problems


def _engine_problems(engine: dict[str, int]) -> list[str]:
    problems = []
    size = engine["array_size"]
    if not (4 <= size <= 32 and size % 4 == 0):
        problems.append(f"engine.array_size is {size}; it must be 4, 8, 12, 16, 20, 24, 28 or 32")
    if engine["port_words"] not in (1, 2, 4):
        problems.append(f"engine.port_words is {engine['port_words']}; it must be 1, 2 or 4")
    problems += _power_of_two(engine["buffer_words"], 256, 65536, "engine.buffer_words")
    problems += _power_of_two(engine["accumulator_depth"], 16, 4096, "engine.accumulator_depth")
    return problems


def _uart_problems(values: dict[str, Any]) -> list[str]:
    clock_hz, baud = values["clock_hz"], values["uart"]["baud"]
    problems = _power_of_two(values["uart"]["fifo_depth"], 2, 256, "uart.fifo_depth")
    if not 1_000_000 <= clock_hz <= 1_000_000_000:
        return [*problems, f"clock_hz is {clock_hz}; it must be 1000000 to 1000000000"]
    if baud < 1 or not 8 <= round(clock_hz / baud) <= 65535:
        low, high = -(-clock_hz // 65535), clock_hz // 8
        return [*problems, f"uart.baud is {baud}; at this clock_hz it must be {low} to {high}"]
    divider = round(clock_hz / baud)
    error = abs(clock_hz / divider / baud - 1)
    if error > 0.02:
        problems.append(
            f"uart.baud is {baud}, but clock_hz / {divider} is {error:.1%} off; "
            f"the nearest exact rate is {clock_hz // divider}"
        )
    return problems


def _address_problems(values: dict[str, Any]) -> list[str]:
    memory_bytes = values["memory"]["banks"] * values["memory"]["bank_kib"] * 1024
    problems, regions = [], []
    for name, start in values["address"].items():
        size = memory_bytes if name == "memory" else REGION_BYTES
        alignment = 1 << (size - 1).bit_length()
        if not 0 <= start < 2**32 - size:
            problems.append(f"address.{name} is {start:#x}: beyond the 32-bit address space")
        elif start % alignment:
            problems.append(
                f"address.{name} is {start:#x}; it must be a multiple of {alignment:#x}"
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
