"""The hardware configuration: reads, checks and identifies ``heepstor_cfg.hjson``.

A knob is declared once, by a field in :mod:`flows.config.configuration`. What other tools need of
it (SystemVerilog package, C++ header, linker script, JSON) is written by the functions of
:mod:`flows.config.writers`.
"""

from __future__ import annotations

from flows.config.configuration import KNOBS, REGION_BYTES, Address, Config, Engine, Memory, Uart
from flows.config.reading import DEFAULT_PATH, changed, from_dict, load, read_json
from flows.config.writers import write_cpp_header, write_json, write_linker_script, write_sv_package

__all__ = [
    "DEFAULT_PATH",
    "KNOBS",
    "REGION_BYTES",
    "Address",
    "Config",
    "Engine",
    "Memory",
    "Uart",
    "changed",
    "from_dict",
    "load",
    "read_json",
    "write_cpp_header",
    "write_json",
    "write_linker_script",
    "write_sv_package",
]
