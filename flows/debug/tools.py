"""The debugging tools of the system: OpenOCD, and a GDB that knows RISC-V."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from flows.errors import HeepstorError
from flows.system import tools as system_tools
from flows.system.tools import SystemTool

_GDB_OF_ALL = ("dnf", "yum", "zypper")

OPENOCD = SystemTool(
    "OpenOCD",
    ("openocd",),
    "the way from GDB to JTAG (0.12 or later)",
    {**system_tools.same_name("openocd"), "brew": "open-ocd"},
)
GDB = SystemTool(
    "GDB for RISC-V",
    (
        "gdb-multiarch",
        "riscv32-unknown-elf-gdb",
        "riscv64-unknown-elf-gdb",
        "riscv64-elf-gdb",
        "riscv-none-elf-gdb",
    ),
    "looking at the program: breakpoints, variables, steps",
    {
        "apt-get": "gdb-multiarch",
        "pacman": "riscv64-elf-gdb",
        "apk": "gdb-multiarch",
        "brew": "riscv64-elf-gdb",
        # Their own gdb knows all architectures.
        **dict.fromkeys(_GDB_OF_ALL, "gdb"),
    },
)


@dataclass(frozen=True)
class Tools:
    """Paths of the programs."""

    openocd: str
    gdb: str


def find() -> Tools:
    """The tools, or HeepstorError that says what is missing and how to install it."""
    openocd, gdb = OPENOCD.path(), GDB.path() or _gdb_of_all()
    if openocd and gdb:
        return Tools(openocd, gdb)
    lacking = [tool for tool, path in ((OPENOCD, openocd), (GDB, gdb)) if path is None]
    raise HeepstorError(system_tools.describe_missing(lacking))


def _gdb_of_all() -> str | None:
    """Fedora's and SUSE's own gdb, which knows RISC-V."""
    return shutil.which("gdb") if system_tools.package_manager() in _GDB_OF_ALL else None
