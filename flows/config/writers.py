"""The hardware configuration for other tools: SystemVerilog, C++, linker script, JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import NamedTuple

from flows.config.configuration import KNOBS, Config
from flows.config.knobs import Kind, leaf
from flows.repository import ROOT

LINKER_TEMPLATE = ROOT / "sw" / "link.ld.template"
_NOTICE = "Generated from heepstor_cfg.hjson: do not edit."


class Constant(NamedTuple):
    """A constant in generated files: `Name` in SystemVerilog, `kName` in C++."""

    name: str
    value: int
    meaning: str
    is_hex: bool = False
    is_hardware: bool = True


def constants(config: Config) -> list[Constant]:
    """Return the constants for the knobs and for values derived from them."""
    arena = config.arena_bytes or 0
    return [
        Constant("ConfigHash", int(config.hash, 16), "soc_ctrl holds it", is_hex=True),
        *_knobs(config),
        Constant("MemoryBytes", config.memory.bytes, "size of the main memory"),
        Constant("UartDivider", config.uart_divider, "clock cycles of one bit"),
        Constant("StackBytes", config.stack_bytes, "the CPU's stack", is_hardware=False),
        Constant("ArenaBytes", arena, "fixed size of the arena, or 0", is_hardware=False),
    ]


def _knobs(config: Config) -> Iterator[Constant]:
    values = config.to_dict()
    for name, knob in KNOBS.items():
        if knob.constant:
            is_hex = knob.kind is Kind.ADDRESS
            value = leaf(values, name)
            yield Constant(knob.constant, value, knob.meaning, is_hex, knob.is_hardware)


def write_sv_package(config: Config, path: str | Path) -> None:
    """Write the package ``heepstor_config_pkg``: the constants of the hardware."""
    lines = [
        f"// {_NOTICE}",
        "",
        "/// The hardware configuration as constants.",
        "package heepstor_config_pkg;",
    ]
    for name, value, meaning, is_hex, is_hardware in constants(config):
        kind, text = "int unsigned", str(value)
        if is_hex:
            kind, text = "logic [31:0]", f"32'h{value:08x}"
        elif isinstance(value, bool):
            kind, text = "bit", f"1'b{value:d}"
        if is_hardware:
            lines.append(f"  localparam {kind} {name} = {text};  // {meaning}")
    lines += ["endpackage", ""]
    Path(path).write_text("\n".join(lines), encoding="utf-8")


def write_cpp_header(config: Config, path: str | Path) -> None:
    """Write the header ``heepstor_config.hpp`` (namespace ``heepstor::config``)."""
    lines = [
        f"// {_NOTICE}",
        "#pragma once",
        "",
        "#include <cstdint>",
        "",
        "namespace heepstor::config {",
        "",
    ]
    for name, value, meaning, is_hex, _ in constants(config):
        kind, text = "std::uint32_t", f"0x{value:08x}u" if is_hex else f"{value}u"
        if isinstance(value, bool):
            kind, text = "bool", str(value).lower()
        lines.append(f"inline constexpr {kind} k{name} = {text};  // {meaning}")
    lines += ["", "}  // namespace heepstor::config", ""]
    Path(path).write_text("\n".join(lines), encoding="utf-8")


def write_linker_script(config: Config, path: str | Path) -> None:
    """Write the linker script: the template, filled in with this configuration's constants."""
    values = {constant.name: f"{constant.value:#x}" for constant in constants(config)}
    text = Template(LINKER_TEMPLATE.read_text(encoding="utf-8")).substitute(values)
    Path(path).write_text(text, encoding="utf-8")


def write_json(config: Config, path: str | Path) -> None:
    """Write every knob as JSON, with the hash; addresses are numbers."""
    values = {"hash": config.hash, **config.to_dict()}
    Path(path).write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
