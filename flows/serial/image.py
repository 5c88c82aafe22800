"""The parts of a program that have to be loaded into the board's memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile


@dataclass(frozen=True)
class Segment:
    """Bytes at an address."""

    address: int
    data: bytes

    @property
    def end(self) -> int:
        """The first address after the segment."""
        return self.address + len(self.data)


@dataclass(frozen=True)
class Image:
    """A program: its entry point, and its segments by ascending address."""

    entry: int
    segments: tuple[Segment, ...]

    @property
    def bytes(self) -> int:
        """Number of bytes to send."""
        return sum(len(segment.data) for segment in self.segments)


def read(elf: Path) -> Image:
    """Read a linked program, without the sections that start-up code clears or paints."""
    with elf.open("rb") as file:
        program = ELFFile(file)
        loaded = [
            Segment(segment["p_paddr"], segment.data())
            for segment in program.iter_segments("PT_LOAD")
            if segment["p_filesz"]
        ]
        entry = program["e_entry"]
    return Image(entry, tuple(sorted(loaded, key=lambda segment: segment.address)))
