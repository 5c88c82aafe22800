"""The system's debugging tools: OpenOCD, and a GDB that supports RISC-V."""

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
    "connecting GDB to JTAG (0.12 or later)",
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
    "debugging the program: breakpoints, variables, single steps",
    {
        "apt-get": "gdb-multiarch",
        "pacman": "riscv64-elf-gdb",
        "apk": "gdb-multiarch",
        "brew": "riscv64-elf-gdb",
        # Their gdb supports all architectures.
        **dict.fromkeys(_GDB_OF_ALL, "gdb"),
    },
)


@dataclass(frozen=True)
class Tools:
    """Paths of the programs."""

    openocd: str
    gdb: str


def find() -> Tools:
    """Return the tools. Raises HeepstorError with what is missing and how to install it."""
    openocd, gdb = OPENOCD.path(), GDB.path() or _gdb_of_all()
    if openocd and gdb:
        return Tools(openocd, gdb)
    lacking = [tool for tool, path in ((OPENOCD, openocd), (GDB, gdb)) if path is None]
    raise HeepstorError(system_tools.describe_missing(lacking))


def _gdb_of_all() -> str | None:
    """Return Fedora's or SUSE's own gdb if it is there; these support RISC-V."""
    return shutil.which("gdb") if system_tools.package_manager() in _GDB_OF_ALL else None
