"""The standard cells that hardware is synthesized to, and how Yosys maps to them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from flows.errors import HeepstorError
from flows.synth.recipe import RESULT, SOURCE, Recipe
from flows.system import tools
from flows.system.processes import run_lines

# Multiplications are Booth's. States are coded as in the source, so that registers have the values
# that a simulation records. Small memories become flip-flops; large ones stay what they are
# after `memory -nomap`. ABC's constraints make it size gates and buffer nets by their loads. Yosys
# maps no latches by liberty.
_SCRIPT = f"""\
read_rtlil {SOURCE}
synth -booth -nofsm -run coarse:fine
opt -fast -full
memory_map -attr !black_box
opt -full
techmap
opt -fast
dfflibmap -liberty cells.lib
techmap -map latches.v
opt -fast
abc -liberty cells.lib -constr abc.constr {{unused}}
opt_clean -purge
select m_*
write_json -selected -noscopeinfo {RESULT}
"""
_SIZE = re.compile(
    r"^MACRO\s+(?P<cell>\w+)$.*?^\s+SIZE\s+(?P<width>[\d.]+)\s+BY\s+(?P<height>[\d.]+)",
    re.MULTILINE | re.DOTALL,
)
# Latches of both polarities, which dfflibmap leaves as they are.
_LATCHES = """\
(* techmap_celltype = "$_DLATCH_P_" *)
module latch_p(input D, E, output Q);
  LATCH _TECHMAP_REPLACE_ (.CLK(E), .D(D), .Q(Q));
endmodule
(* techmap_celltype = "$_DLATCH_N_" *)
module latch_n(input D, E, output Q);
  wire enable;
  INVX1 invert (.A(E), .Y(enable));
  LATCH _TECHMAP_REPLACE_ (.CLK(enable), .D(D), .Q(Q));
endmodule
"""
# What drives the inputs of a module, and the load of its outputs in femtofarads: those of some
# gates.
_CONSTRAINTS = "set_driving_cell INVX4\nset_load 50\n"


@dataclass(frozen=True)
class Technology:
    """Standard cells: their name, what to call figures of them, and their files.

    `gate` is the cell whose area is a gate equivalent. `unused` are the cells, as patterns, that
    logic is not mapped to. Memories of at most `largest_memory` bits are made of flip-flops.
    `voltage` is in volts.
    """

    name: str
    label: str
    liberty: Path
    lef: Path
    gate: str
    unused: tuple[str, ...]
    largest_memory: int
    voltage: float
    tools: tuple[tools.SystemTool, ...]

    def recipe(self) -> Recipe:
        """Return how modules are mapped to its cells."""
        unused = " ".join(f"-dont_use {pattern}" for pattern in self.unused)
        return Recipe(
            _SCRIPT.format(unused=unused),
            {"cells.lib": self.liberty},
            {"latches.v": _LATCHES, "abc.constr": _CONSTRAINTS},
            self.largest_memory,
            keeps_wires=True,
        )

    @cached_property
    def areas(self) -> dict[str, float]:
        """The area of each cell in square micrometres, from the sizes in its LEF file."""
        text = self.lef.read_text(encoding="utf-8")
        return {
            found["cell"]: float(found["width"]) * float(found["height"])
            for found in _SIZE.finditer(text)
        }

    def version(self) -> str:
        """Return hashes of its files and the version of OpenSTA.

        Raises HeepstorError if something of it is missing.
        """
        self.require()
        files = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (self.liberty, self.lef)]
        printed: list[str] = []
        program = tools.OPENSTA.path() or tools.OPENSTA.commands[0]
        run_lines([program, tools.OPENSTA.version_option], printed.append)
        return " ".join([*files, *printed])

    def require(self) -> None:
        """Raise HeepstorError, saying how to install it, if something of it is missing."""
        lacking = [tool for tool in self.tools if tool.path() is None]
        if lacking:
            raise HeepstorError(
                f"synthesis for {self.name} is not possible:\n{tools.describe_missing(lacking)}"
            )


_QFLOW = Path("/usr/share/qflow/tech/osu018")
OSU018 = Technology(
    name="osu018",
    label="180 nm (OSU 0.18 um), typical corner, before layout",
    liberty=_QFLOW / "osu018_stdcells.lib",
    lef=_QFLOW / "osu018_stdcells.lef",
    gate="NAND2X1",
    unused=("TBUF*", "CLKBUF*"),
    largest_memory=1024,
    voltage=1.8,
    tools=(tools.OSU018_CELLS, tools.OPENSTA),
)

TECHNOLOGIES = {technology.name: technology for technology in (OSU018,)}
