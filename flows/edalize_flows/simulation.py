"""Edalize flow ``simulation``: that for simulators, which never goes on from an unfinished build.

Verilator leaves a complete makefile behind when it refuses a design for its warnings, and a killed
compiler may leave half an object: make would take either for current. It is found as
``edalize.flows.simulation``, that is, as ``flow: simulation`` of a FuseSoC target.
"""

from __future__ import annotations

from pathlib import Path

from edalize.flows.sim import Sim

from flows.fusesoc.errors import as_fusesoc_takes_them
from flows.toolchain.verilator import remove_products

UNFINISHED = "unfinished"
"""Lies in the work folder from the beginning of a build to its success."""


class Simulation(Sim):
    """Verilator and the C++ compiler; what is left of a build that did not succeed is removed."""

    argtypes = Sim.argtypes

    def build(self):
        """Build on what the last build made, if that succeeded; else everything."""
        folder = Path(self.work_root)
        mark = folder / UNFINISHED
        if mark.exists():
            remove_products(folder)
        mark.touch()
        with as_fusesoc_takes_them():
            super().build()
        mark.unlink()
