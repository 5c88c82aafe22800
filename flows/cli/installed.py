"""The programs of an installed package: `heepstor`, and the `verilator` that FuseSoC runs.

The package keeps the sources under `heepstor` in site-packages, laid out as in the repository, so
`flows` and `modelgen` are not top-level packages there. They still import each other by these
names, so this module puts the folder that holds them on Python's path.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


def heepstor() -> int:
    """Run the tasks named on the command line; return the exit code."""
    from flows.cli.__main__ import main
    from flows.repository import ROOT, programs
    from flows.system import interrupts

    folders = [*map(str, programs(ROOT)), os.environ.get("PATH", os.defpath)]
    os.environ["PATH"] = os.pathsep.join(folders)
    try:
        return main()
    finally:
        # Nothing is left to interrupt, and Python would print a traceback.
        interrupts.ignore()


def verilator() -> None:
    """Replace this process with Verilator; see `flows.toolchain.verilator`."""
    from flows.toolchain.verilator import main

    main()
