"""The hardware configuration: reading, checking and identifying ``heepstor_cfg.hjson``.

Each knob is declared once, as a field in :mod:`flows.config.configuration`. The functions of
:mod:`flows.config.writers` write it for other tools: as a SystemVerilog package, a C++ header, a
linker script and JSON.
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
