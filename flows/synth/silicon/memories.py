"""Memories as black boxes: their words, bits and ports, and cells of them for timing analysis.

A box has Yosys's cell `$mem_v2` (``help $mem_v2``): RD_* are the pins of all ports that read, WR_*
of those that write.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flows.synth.netlist import Primitive

TYPE = "$mem_v2"
CLOCKS = ("RD_CLK", "WR_CLK")
OUTPUT = "RD_DATA"
# The data of a read are at the box's pins with the steepest edge that the cells' tables have, so
# that the first gate behind it is not taken beyond them. In nanoseconds.
_EDGE = 0.06
_THRESHOLDS = "".join(
    f"  input_threshold_pct_{edge} : 50; output_threshold_pct_{edge} : 50;\n"
    f"  slew_lower_threshold_pct_{edge} : 20; slew_upper_threshold_pct_{edge} : 80;\n"
    for edge in ("rise", "fall")
)


@dataclass(frozen=True)
class Memory:
    """A memory: its `words` of `width` bits, and its ports that read and that write.

    `clocked` tells for each port that reads whether it does so at the clock's edge, or at once.
    """

    name: str
    words: int
    width: int
    reads: int
    writes: int
    address: int
    clocked: tuple[bool, ...]

    @property
    def bits(self) -> int:
        """All bits that it keeps."""
        return self.words * self.width

    @property
    def kind(self) -> str:
        """Its cell's name: the same for memories with the same pins and timing."""
        ways = "".join("c" if one else "a" for one in self.clocked)
        return f"memory_{self.words}x{self.width}_r{self.reads}{ways}_w{self.writes}_{self.address}"


def of(primitive: Primitive) -> Memory:
    """Return the memory that a cell of the type TYPE is."""

    def number(name: str) -> int:
        return int(primitive.parameters[name], 2)

    reads = number("RD_PORTS")
    clocked = primitive.parameters["RD_CLK_ENABLE"][::-1]
    return Memory(
        name=primitive.name.removeprefix("\\"),
        words=number("SIZE"),
        width=number("WIDTH"),
        reads=reads,
        writes=number("WR_PORTS"),
        address=number("ABITS"),
        clocked=tuple(clocked[port] == "1" for port in range(reads)),
    )


def library(memories: Iterator[Memory]) -> str:
    """Return a liberty file with a cell for each kind of memory, which takes no time.

    Paths end at its inputs, and begin at its outputs at the clock's edge; through a port that reads
    at once they go on, from its address to its data. Units are those of the standard cells' file.
    """
    cells = {memory.kind: memory for memory in memories}
    body = "\n".join(_cell(memory) for _, memory in sorted(cells.items()))
    return (
        "library(memories) {\n"
        '  delay_model : table_lookup; time_unit : "1ns"; voltage_unit : "1V";\n'
        '  current_unit : "1uA"; capacitive_load_unit (1,pf); leakage_power_unit : "1nW";\n'
        '  pulling_resistance_unit : "1kohm"; nom_process : 1; nom_voltage : 1.8;\n'
        "  nom_temperature : 25;\n"
        f"{_THRESHOLDS}{body}\n}}\n"
    )


def _cell(memory: Memory) -> str:
    pins = "\n".join(_pins(memory))
    return f"  cell ({memory.kind}) {{\n    area : 0;\n{pins}\n  }}"


def _pins(memory: Memory) -> Iterator[str]:
    widths = {"ADDR": memory.address, "DATA": memory.width}
    for port in range(memory.writes):
        yield _pin(f"WR_CLK_{port}", "input", "clock : true;")
        ends = {**widths, "EN": memory.width}
        for name, width in ends.items():
            for bit in range(port * width, (port + 1) * width):
                yield _pin(f"WR_{name}_{bit}", "input", _setup(f"WR_CLK_{port}"))
    for port, is_clocked in enumerate(memory.clocked):
        address = [f"RD_ADDR_{port * memory.address + bit}" for bit in range(memory.address)]
        clock = f"RD_CLK_{port}"
        yield _pin(clock, "input", "clock : true;" if is_clocked else "")
        for pin in (*address, f"RD_EN_{port}", f"RD_ARST_{port}", f"RD_SRST_{port}"):
            yield _pin(pin, "input", _setup(clock) if is_clocked else "")
        arc = _arc(clock, "rising_edge") if is_clocked else _arc(" ".join(address), "combinational")
        for bit in range(port * memory.width, (port + 1) * memory.width):
            yield _pin(f"RD_DATA_{bit}", "output", arc)


def _pin(name: str, direction: str, rest: str) -> str:
    return f"    pin({name}) {{ direction : {direction}; capacitance : 0; {rest} }}"


def _setup(clock: str) -> str:
    values = " ".join(f'{edge}_constraint(scalar) {{ values("0"); }}' for edge in ("rise", "fall"))
    return f'timing() {{ related_pin : "{clock}"; timing_type : setup_rising; {values} }}'


def _arc(sources: str, kind: str) -> str:
    tables = " ".join(
        f'cell_{edge}(scalar) {{ values("0"); }} {edge}_transition(scalar) {{ values("{_EDGE}"); }}'
        for edge in ("rise", "fall")
    )
    return f'timing() {{ related_pin : "{sources}"; timing_type : {kind}; {tables} }}'
