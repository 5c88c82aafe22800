"""The programs of an installed package: `heepstor`, and the `verilator` that FuseSoC runs.

The package keeps the sources below `heepstor` in site-packages, as they lie in the repository, so
that `flows` and `modelgen` are no packages of their own there. They import each other by these
names all the same: the folder that holds them is put on Python's path here.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


def heepstor() -> int:
    """Run the tasks that the command line names; return the exit code."""
    from flows.cli.__main__ import main
    from flows.system import interrupts

    try:
        return main()
    finally:
        # There is nothing left to interrupt, and Python would print where it was.
        interrupts.ignore()


def verilator() -> None:
    """Become Verilator; see `flows.toolchain.verilator`."""
    from flows.toolchain.verilator import main

    main()
