"""Edalize flow ``bitstream``: that for Vivado, which never takes an old bitstream for a new one.

It is found as ``edalize.flows.bitstream``, that is, as ``flow: bitstream`` of a FuseSoC target.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from edalize.flows.vivado import Vivado

from flows.errors import HeepstorError
from flows.fpga import record, vivado
from flows.fpga.guarded import Guarded
from flows.fusesoc.errors import as_fusesoc_takes_them

# What Vivado makes. It takes runs that it completed for current, whatever has changed since.
_FILES = ("xpr", "bin", "v", "edn")
_FOLDERS = ("runs", "cache", "hw", "gen", "ip_user_files", "sim", "srcs")


class Bitstream(Guarded, Vivado):
    """Synthesis, placement, routing, bitstream; with the option ``pgm``, programming a board."""

    def device(self) -> str:
        """The part."""
        return self.edam["flow_options"]["part"]

    def programs(self) -> str:
        """Vivado, and puts it where make finds it as well."""
        return f"Vivado {vivado.version(_vivado_on_path())}"

    def products(self, project: str) -> Iterator[str]:
        """Vivado's project, and what it keeps beside it."""
        return (f"{project}.{suffix}" for suffix in (*_FILES, *_FOLDERS))

    def makes_bitstream(self) -> bool:
        """With the option pnr=none Vivado stops at the netlist."""
        return self.flow_options.get("pnr") != "none"

    def run(self):
        """Programs the board if ``pgm`` is set, with a bitstream of just these sources only."""
        if not self.flow_options.get("pgm"):
            return
        with as_fusesoc_takes_them():
            _vivado_on_path()
            if reason := record.why_stale(Path(self.work_root)):
                raise HeepstorError(
                    f"the bitstream in {self.work_root} is not programmed: {reason}. "
                    "Build it first: the same command with --build."
                )
            super().run()


def _vivado_on_path() -> Path:
    """The program `vivado`, which make finds as well, wherever it is installed."""
    program = vivado.require()
    os.environ["PATH"] = f"{program.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return program
