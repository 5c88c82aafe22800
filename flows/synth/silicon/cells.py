"""What a netlist of standard cells takes: area, gate equivalents, registers and memory bits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from flows.errors import HeepstorError
from flows.synth.netlist import Netlist
from flows.synth.silicon import memories

REGISTERS = ("DFF", "LATCH")
"""How the names of flip-flops and latches begin."""


@dataclass(frozen=True)
class Cells:
    """Standard cells: their `area` in square micrometres without memories, `registers` (flip-flops
    and latches), and `memory_bits` of memories, which are black boxes."""

    area: float = 0.0
    registers: int = 0
    memory_bits: int = 0

    def __add__(self, other: Cells) -> Cells:
        return Cells(
            self.area + other.area,
            self.registers + other.registers,
            self.memory_bits + other.memory_bits,
        )

    def largest(self, other: Cells) -> Cells:
        """Return the larger of each."""
        return Cells(
            max(self.area, other.area),
            max(self.registers, other.registers),
            max(self.memory_bits, other.memory_bits),
        )

    @property
    def size(self) -> float:
        """What instances are sorted by."""
        return self.area

    def as_json(self, gate: float) -> dict:
        """Return the fields with `gates`, the area in that of one gate."""
        rounded = {**asdict(self), "area": round(self.area, 1)}
        return {"area": rounded.pop("area"), "gates": round(self.area / gate, 1), **rounded}


def count(netlist: Netlist, areas: Mapping[str, float]) -> Cells:
    """Return what a module's own cells take. Raises HeepstorError for a cell without an area."""
    area, registers, bits = 0.0, 0, 0
    for primitive in netlist.primitives:
        if primitive.type == memories.TYPE:
            bits += memories.of(primitive).bits
            continue
        if primitive.type not in areas:
            raise HeepstorError(
                f"Yosys left a cell {primitive.type} ({primitive.name}), which the standard cells "
                "do not have. This is a bug in HEEPstor; please report it."
            )
        area += areas[primitive.type]
        registers += primitive.type.startswith(REGISTERS)
    return Cells(area, registers, bits)
