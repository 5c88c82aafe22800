"""Edalize flow ``bitstream``: that for Vivado, which never takes an old bitstream for a new one.

Vivado's makefile knows of no dependence between sources and bitstream; here, what was made from
other contents is removed before building, and nothing else is programmed (see
:mod:`flows.fpga.record`). It is found as ``edalize.flows.bitstream``.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from edalize.flows.vivado import Vivado

from flows.errors import HeepstorError
from flows.fpga import record, vivado


class Bitstream(Vivado):
    """Synthesis, placement, routing, bitstream; with the option ``pgm``, programming a board."""

    def build(self):
        """Makes the bitstream, unless there is one of just these sources."""
        folder = Path(self.work_root)
        with _fusesoc_errors():
            if record.why_stale(folder) is None:
                print(f"The bitstream in {folder} is up to date.")
                return
            tool = _vivado_on_path()
            record.clear(folder)
            made_from = record.inputs(folder)
            super().build()
            # With the option pnr=none Vivado stops at the netlist.
            if self.flow_options.get("pnr") != "none":
                record.write(folder, vivado.version(tool), made_from)

    def run(self):
        """Programs the board if ``pgm`` is set, with a bitstream of just these sources only."""
        if not self.flow_options.get("pgm"):
            return
        with _fusesoc_errors():
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


@contextlib.contextmanager
def _fusesoc_errors() -> Iterator[None]:
    """FuseSoC prints a RuntimeError's message and ends with 1; it takes Ctrl-C for success."""
    try:
        yield
    except HeepstorError as error:
        raise RuntimeError(str(error)) from error
    except KeyboardInterrupt:
        raise SystemExit(130) from None
