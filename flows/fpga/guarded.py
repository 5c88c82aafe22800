"""The guard against stale bitstreams for Edalize flows (:mod:`flows.fpga.record`).

A makefile goes by time stamps or, like Edalize's for Vivado, has no dependencies between sources
and bitstream at all. The guard removes products of other sources before building. It also rejects
designs that cannot fit the device at once (:mod:`flows.fpga.fit`), not after minutes of synthesis.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from flows.fpga import fit, record
from flows.fusesoc.errors import as_fusesoc_takes_them


class Guarded:
    """Mixin before an Edalize flow's base class: `build` makes a bitstream and its record."""

    work_root: str

    def build(self) -> None:
        """Build the bitstream, unless there is one from exactly these sources."""
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
        """Return the programs' name of the device."""
        raise NotImplementedError

    def programs(self) -> str:
        """Return the programs and their versions. Raises HeepstorError if they are missing."""
        raise NotImplementedError

    def products(self, project: str) -> Iterable[str]:
        """Return the names of the programs' products, besides the bitstream."""
        raise NotImplementedError

    def makes_bitstream(self) -> bool:
        """Return whether the flow's options include building a bitstream."""
        return True
