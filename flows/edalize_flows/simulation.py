"""Edalize flow ``simulation``: Edalize's flow for simulators, made safe after incomplete builds.

Verilator leaves a complete makefile behind when it rejects a design for its warnings, and a killed
compiler may leave half an object file; make would consider both up to date. Edalize finds this
module as ``edalize.flows.simulation``, for ``flow: simulation`` in a FuseSoC target.
"""

from __future__ import annotations

from pathlib import Path

from edalize.flows.sim import Sim

from flows.fusesoc.errors import as_fusesoc_takes_them
from flows.toolchain.verilator import remove_products

UNFINISHED = "unfinished"
"""File in the work folder from the beginning of a build until it succeeds."""


class Simulation(Sim):
    """Verilator and the C++ compiler; removes what a failed build left behind."""

    argtypes = Sim.argtypes

    def build(self):
        """Build incrementally if the last build succeeded, otherwise from scratch."""
        folder = Path(self.work_root)
        mark = folder / UNFINISHED
        if mark.exists():
            remove_products(folder)
        mark.touch()
        with as_fusesoc_takes_them():
            super().build()
        mark.unlink()
