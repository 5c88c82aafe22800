"""A netlist's resource usage on a Xilinx device: counts of its primitives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

LUT_RAM = {
    "RAM32X1S": 1, "RAM32X1D": 2, "RAM32M": 4, "RAM32M16": 8,
    "RAM64X1S": 1, "RAM64X1D": 2, "RAM64M": 4, "RAM64M8": 8,
    "RAM128X1S": 2, "RAM128X1D": 4, "RAM256X1S": 4, "RAM256X1D": 8, "RAM512X1S": 8,
    "RAM32X16DR8": 8, "RAM64X8SW": 8,
    "SRL16E": 1, "SRLC16E": 1, "SRLC32E": 1,
}  # fmt: skip
"""LUTs per memory or shift register made of LUTs (UltraScale CLB guide, UG574)."""

BLOCK_RAM = {"RAMB36E1": 1.0, "RAMB36E2": 1.0, "RAMB18E1": 0.5, "RAMB18E2": 0.5}
FLIP_FLOPS = {
    *("FDRE", "FDSE", "FDCE", "FDPE", "LDCE", "LDPE"),
    *("FDRE_1", "FDSE_1", "FDCE_1", "FDPE_1"),
}
"""Registers and latches; those ending in _1 use the falling edge."""


@dataclass(frozen=True)
class Resources:
    """Primitives of a Xilinx device.

    `lut` counts all LUTs, `lut_ram` those used as memory or shift registers. Inverters count as
    LUTs, and two small functions that could share a LUT count twice. A block RAM has 36 Kibit, an
    UltraRAM 288 Kibit.
    """

    lut: int = 0
    lut_ram: int = 0
    ff: int = 0
    dsp: int = 0
    bram: float = 0.0
    uram: int = 0

    def __add__(self, other: Resources) -> Resources:
        return self._combined(other, lambda one, two: one + two)

    @property
    def size(self) -> float:
        """What instances are sorted by."""
        return self.lut

    def largest(self, other: Resources) -> Resources:
        """Return the larger count of each resource."""
        return self._combined(other, max)

    def times(self, factor: float) -> Resources:
        """Return the counts scaled, and rounded up to allowed amounts."""
        scaled = {name: getattr(self, name) * factor for name in NAMES}
        whole = {name: -int(-value // 1) for name, value in scaled.items()}
        return Resources(**(whole | {"bram": -(-scaled["bram"] * 2 // 1) / 2}))

    def _combined(self, other: Resources, function) -> Resources:
        values = {name: function(getattr(self, name), getattr(other, name)) for name in NAMES}
        return Resources(**values)


NAMES = tuple(field.name for field in fields(Resources))
"""Names of the resources, in the order of tables."""

HEADINGS = {
    "lut": "LUT",
    "lut_ram": "LUT-RAM",
    "ff": "FF",
    "dsp": "DSP",
    "bram": "BRAM",
    "uram": "URAM",
}
"""Their display names."""


def count(cells: Mapping[str, int]) -> Resources:
    """Return a netlist's resources from the number of its cells of each type."""
    memory = sum(n * LUT_RAM.get(cell, 0) for cell, n in cells.items())
    logic = sum(n for cell, n in cells.items() if cell.startswith("LUT") or cell == "INV")
    return Resources(
        lut=logic + memory,
        lut_ram=memory,
        ff=sum(n for cell, n in cells.items() if cell in FLIP_FLOPS),
        dsp=sum(n for cell, n in cells.items() if cell.startswith("DSP48")),
        bram=sum(n * BLOCK_RAM.get(cell, 0.0) for cell, n in cells.items()),
        uram=sum(n for cell, n in cells.items() if cell.startswith("URAM")),
    )
