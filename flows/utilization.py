"""What a netlist takes of a Xilinx device: counts of its primitives, module by module.

As a program: ``python -m flows.utilization stat.json utilization.json`` reads the statistics of
Yosys, writes the counts, and prints them as a table.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

LUT_RAM = {
    "RAM32X1S": 1, "RAM32X1D": 2, "RAM32M": 4, "RAM32M16": 8,
    "RAM64X1S": 1, "RAM64X1D": 2, "RAM64M": 4, "RAM64M8": 8,
    "RAM128X1S": 2, "RAM128X1D": 4, "RAM256X1S": 4, "RAM512X1S": 8,
    "SRL16E": 1, "SRLC16E": 1, "SRLC32E": 1,
}  # fmt: skip
"""LUTs that a memory or shift register made of LUTs takes (UltraScale CLB guide, UG574)."""

BLOCK_RAM = {"RAMB36E1": 1.0, "RAMB36E2": 1.0, "RAMB18E1": 0.5, "RAMB18E2": 0.5}
FLIP_FLOPS = {"FDRE", "FDSE", "FDCE", "FDPE", "FDRE_1", "FDCE_1", "LDCE"}


@dataclass(frozen=True)
class Resources:
    """Primitives of a Xilinx device. Inverters count as LUTs; a block RAM has 36 Kibit."""

    lut: int = 0
    lut_ram: int = 0
    ff: int = 0
    dsp: int = 0
    bram: float = 0.0
    uram: int = 0


def count(cells: Mapping[str, int]) -> Resources:
    """Resources of a netlist, from the number of its cells of each type."""
    return Resources(
        lut=sum(n for cell, n in cells.items() if cell.startswith("LUT") or cell == "INV"),
        lut_ram=sum(n * LUT_RAM.get(cell, 0) for cell, n in cells.items()),
        ff=sum(n for cell, n in cells.items() if cell in FLIP_FLOPS),
        dsp=sum(n for cell, n in cells.items() if cell.startswith("DSP48")),
        bram=sum(n * BLOCK_RAM.get(cell, 0.0) for cell, n in cells.items()),
        uram=sum(n for cell, n in cells.items() if cell.startswith("URAM")),
    )


def summarize(statistics: dict) -> dict[str, dict]:
    """Resources of the whole design, and of each kind of module with all that it contains.

    Returns a mapping from the module's name to a dictionary of ``instances``, how often the module
    stands in the design, and the resources of its largest instance. The design itself comes first.
    """
    modules = {
        name.lstrip("\\"): {cell.lstrip("\\"): n for cell, n in module["num_cells_by_type"].items()}
        for name, module in statistics["modules"].items()
    }
    contained = {cell for cells in modules.values() for cell in cells if cell in modules}
    top = next(name for name in modules if name not in contained)
    instances = _instances(modules, top)
    summary: dict[str, dict] = {}
    for name in sorted(modules, key=lambda name: (name != top, name)):
        if instances[name]:
            resources = asdict(count(_flatten(modules, name)))
            row = summary.setdefault(_kind(name), {"instances": 0, **resources})
            row["instances"] += instances[name]
            row |= {key: max(row[key], value) for key, value in resources.items()}
    return summary


def _kind(name: str) -> str:
    """The module's name in its source: Yosys adds the instance's path, or its parameters."""
    return name.split("$")[0] or name


def _flatten(modules: dict[str, dict[str, int]], name: str) -> dict[str, int]:
    """Primitives of a module and of all modules in it."""
    total: dict[str, int] = {}
    for cell, n in modules[name].items():
        inner = _flatten(modules, cell) if cell in modules else {cell: 1}
        for primitive, m in inner.items():
            total[primitive] = total.get(primitive, 0) + n * m
    return total


def _instances(modules: dict[str, dict[str, int]], top: str) -> dict[str, int]:
    """How often each module stands in the design."""
    found = dict.fromkeys(modules, 0)

    def visit(name: str, times: int) -> None:
        found[name] += times
        for cell, n in modules[name].items():
            if cell in modules:
                visit(cell, times * n)

    visit(top, 1)
    return found


def table(summary: dict[str, dict]) -> Table:
    """The summary for people: a row a kind of module, its largest instance; the design first."""
    result = Table(title="Resources of one instance (UltraScale+, Yosys)", title_justify="left")
    result.add_column("module")
    for heading in ("instances", "LUT", "LUT-RAM", "FF", "DSP", "BRAM", "URAM"):
        result.add_column(heading, justify="right")
    for name, row in summary.items():
        values = [row[key] for key in ("instances", "lut", "lut_ram", "ff", "dsp", "bram", "uram")]
        result.add_row(name, *(f"{value:,}" for value in values))
    return result


def main() -> None:
    """Reads Yosys' statistics from the first argument; writes the summary to the second."""
    source, target = map(Path, sys.argv[1:3])
    summary = summarize(json.loads(source.read_text(encoding="utf-8")))
    Console(width=100).print(table(summary))
    target.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
