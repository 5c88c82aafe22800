"""What every Edalize flow for a bitstream has: the guard on stale ones (:mod:`flows.fpga.record`).

A makefile goes by time stamps or, as Edalize's for Vivado, knows of no dependence between sources
and bitstream at all. Here, what was made of other contents is removed before building. What
cannot fit the device is refused at once (:mod:`flows.fpga.fit`), not after minutes of synthesis.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from flows.fpga import fit, record
from flows.fusesoc.errors import as_fusesoc_takes_them


class Guarded:
    """Mixin of an Edalize flow, before its base: `build` makes a bitstream and its record."""

    work_root: str

    def build(self) -> None:
        """Makes the bitstream, unless there is one of just these sources."""
        folder = Path(self.work_root)
        with as_fusesoc_takes_them():
            if record.why_stale(folder) is None:
                print(f"The bitstream in {folder} is up to date.")
                return
            fit.check_project(folder, self.device())
            made_by = self.programs()
            record.clear(folder, self.products(record.project(folder)))
            made_from = record.inputs(folder)
            super().build()  # type: ignore[misc]  # of Edaflow, which comes after it
            if self.makes_bitstream():
                record.write(folder, made_by, made_from)

    def device(self) -> str:
        """The device, as the programs call it."""
        raise NotImplementedError

    def programs(self) -> str:
        """The programs that make the bitstream, with their versions; HeepstorError without them."""
        raise NotImplementedError

    def products(self, project: str) -> Iterable[str]:
        """Names of the files and folders that the programs make beside the bitstream."""
        raise NotImplementedError

    def makes_bitstream(self) -> bool:
        """Whether the flow's options let it come as far as that."""
        return True
