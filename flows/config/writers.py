"""What other tools read of the hardware configuration: SystemVerilog, C++, linker script, JSON."""

from __future__ import annotations

import json
from pathlib import Path
from string import Template

from flows.config.configuration import Config
from flows.repository import ROOT

LINKER_TEMPLATE = ROOT / "sw" / "link.ld.template"
_NOTICE = "Generated from heepstor_cfg.hjson: do not edit."


def _constants(config: Config) -> dict[str, tuple[int, str]]:
    """Name in UpperCamelCase -> (value, meaning) of every constant of hardware and software."""
    return {
        "ConfigHash": (int(config.hash, 16), "identifies this configuration; soc_ctrl holds it"),
        "ClockHz": (config.clock_hz, "frequency of the clock"),
        "MemoryBase": (config.address.memory, "first address of the main memory"),
        "MemoryBytes": (config.memory.bytes, "size of the main memory"),
        "MemoryBanks": (config.memory.banks, "word-interleaved banks"),
        "BootRomBase": (config.address.boot_rom, "first address of the boot ROM"),
        "SocCtrlBase": (config.address.soc_ctrl, "exit and identification registers"),
        "UartBase": (config.address.uart, "serial line"),
        "TimerBase": (config.address.timer, "machine timer"),
        "EngineBase": (config.address.engine, "tensor accelerator"),
        "DebugBase": (config.address.debug, "debug module: what the CPU runs while halted"),
        "UartBaud": (config.uart.baud, "bits per second"),
        "UartDivider": (config.uart_divider, "clock cycles of one bit"),
        "UartFifoDepth": (config.uart.fifo_depth, "characters buffered each way"),
        "ArraySize": (config.engine.array_size, "rows and columns of the systolic array"),
        "PortWords": (config.engine.port_words, "words the engine moves in one cycle"),
        "BufferWords": (config.engine.buffer_words, "words of the activation buffer"),
        "AccumulatorDepth": (config.engine.accumulator_depth, "rows of accumulators"),
    }


def _reads_better_in_hex(name: str) -> bool:
    return name.endswith(("Base", "Hash"))


def write_sv_package(config: Config, path: str | Path) -> None:
    """Writes the package ``heepstor_config_pkg``."""
    lines = [
        f"// {_NOTICE}",
        "",
        "/// The hardware configuration as constants.",
        "package heepstor_config_pkg;",
    ]
    for name, (value, meaning) in _constants(config).items():
        is_hex = _reads_better_in_hex(name)
        kind = "logic [31:0]" if is_hex else "int unsigned"
        text = f"32'h{value:08x}" if is_hex else str(value)
        lines.append(f"  localparam {kind} {name} = {text};  // {meaning}")
    lines += ["endpackage", ""]
    Path(path).write_text("\n".join(lines), encoding="utf-8")


def write_cpp_header(config: Config, path: str | Path) -> None:
    """Writes the header ``heepstor_config.hpp`` (namespace ``heepstor::config``)."""
    constants = {**_constants(config), "StackBytes": (config.stack_kib * 1024, "CPU stack")}
    lines = [
        f"// {_NOTICE}",
        "#pragma once",
        "",
        "#include <cstdint>",
        "",
        "namespace heepstor::config {",
        "",
    ]
    for name, (value, meaning) in constants.items():
        text = f"0x{value:08x}u" if _reads_better_in_hex(name) else f"{value}u"
        lines.append(f"inline constexpr std::uint32_t k{name} = {text};  // {meaning}")
    lines += ["", "}  // namespace heepstor::config", ""]
    Path(path).write_text("\n".join(lines), encoding="utf-8")


def write_linker_script(config: Config, path: str | Path) -> None:
    """Writes the linker script: the template with the sizes of this configuration."""
    values = {
        "memory_base": config.address.memory,
        "memory_bytes": config.memory.bytes,
        "stack_bytes": config.stack_kib * 1024,
        "arena_bytes": (config.arena_kib or 0) * 1024,
    }
    text = Template(LINKER_TEMPLATE.read_text(encoding="utf-8")).substitute(
        {name: f"{value:#x}" for name, value in values.items()}
    )
    Path(path).write_text(text, encoding="utf-8")


def write_json(config: Config, path: str | Path) -> None:
    """Writes every knob as JSON, with the hash; addresses are numbers."""
    values = {"hash": config.hash, **config.to_dict()}
    Path(path).write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
