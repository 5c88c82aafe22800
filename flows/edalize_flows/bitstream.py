"""Edalize flow ``bitstream``: Edalize's flow for Vivado, guarded against stale bitstreams.

Edalize finds it as ``edalize.flows.bitstream``, for ``flow: bitstream`` in a FuseSoC target.
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

# Vivado's products. It considers a completed run current, whatever has changed since.
_FILES = ("xpr", "bin", "v", "edn")
_FOLDERS = ("runs", "cache", "hw", "gen", "ip_user_files", "sim", "srcs")


class Bitstream(Guarded, Vivado):
    """Synthesis, placement, routing, bitstream and, with the option ``pgm``, programming."""

    def device(self) -> str:
        """Return the part."""
        return self.edam["flow_options"]["part"]

    def programs(self) -> str:
        """Return Vivado and its version, and put it on PATH for make."""
        return f"Vivado {vivado.version(_vivado_on_path())}"

    def products(self, project: str) -> Iterator[str]:
        """Yield Vivado's project and the files that it keeps next to it."""
        return (f"{project}.{suffix}" for suffix in (*_FILES, *_FOLDERS))

    def makes_bitstream(self) -> bool:
        """Return False with the option pnr=none, with which Vivado stops at the netlist."""
        return self.flow_options.get("pnr") != "none"

    def run(self):
        """Program the board if ``pgm`` is set, provided the bitstream matches the sources."""
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
    """Return the program `vivado`, wherever it is installed, after putting it on PATH for make."""
    program = vivado.require()
    os.environ["PATH"] = f"{program.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return program
