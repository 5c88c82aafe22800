"""The operating system's tools that HEEPstor needs, and how to install each.

Only uses the standard library: the launcher imports this before any package is installed.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class SystemTool:
    """A program that does not come with a Python package.

    `commands` are alternatives in the order in which they are tried; `packages` is the name of the
    package for each package manager.
    """

    name: str
    commands: tuple[str, ...]
    purpose: str
    packages: dict[str, str] = field(default_factory=dict)
    version_option: str = "--version"

    def path(self) -> str | None:
        """Return the full path of the first command found, or None."""
        return next(filter(None, map(shutil.which, self.commands)), None)


class SystemFile(SystemTool):
    """Data that a program reads; `commands` are its places in the file system."""

    def path(self) -> str | None:
        """Return the first place where it is, or None."""
        return next((place for place in self.commands if Path(place).is_file()), None)


# Package managers and their install commands; messages use the first one found.
MANAGERS = (
    ("apt-get", "apt-get install"),
    ("dnf", "dnf install"),
    ("yum", "yum install"),
    ("zypper", "zypper install"),
    ("pacman", "pacman -S"),
    ("apk", "apk add"),
    ("brew", "brew install"),
)


def same_name(name: str) -> dict[str, str]:
    """Return the packages of a tool with the same package name everywhere."""
    return {manager: name for manager, _ in MANAGERS}


COMPILER = SystemTool(
    "C++17 compiler",
    ("c++", "g++", "clang++"),
    "compiling the simulator, and the device code's tests on the host",
    {
        **same_name("gcc-c++"),
        "apt-get": "g++",
        "pacman": "gcc",
        "apk": "g++",
        "brew": "gcc",
    },
)
MAKE = SystemTool("make", ("make", "gmake"), "building the simulator", same_name("make"))
PERL = SystemTool("perl", ("perl",), "Verilator's build scripts", same_name("perl"))

TOOLS = (COMPILER, MAKE, PERL)

BROWSER = SystemTool(
    "Chromium",
    ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    "rendering the report's page in the tests",
    same_name("chromium"),
)

OSU018_CELLS = SystemFile(
    "OSU 0.18 um standard cells",
    ("/usr/share/qflow/tech/osu018/osu018_stdcells.lib",),
    "synthesis for silicon (--technology osu018)",
    {"apt-get": "qflow-tech-osu018"},
)
OPENSTA = SystemTool(
    "OpenSTA",
    ("sta",),
    "worst paths of synthesis for silicon (--technology osu018)",
    {"apt-get": "opensta"},
    version_option="-version",
)
FST2VCD = SystemTool(
    "fst2vcd",
    ("fst2vcd",),
    "power of synthesis for silicon (--technology osu018); comes with GTKWave",
    same_name("gtkwave"),
)


def missing() -> list[SystemTool]:
    """Return the tools that are not on PATH."""
    return [tool for tool in TOOLS if tool.path() is None]


def package_manager() -> str | None:
    """Return the first known package manager on PATH, or None."""
    return next((name for name, _ in MANAGERS if shutil.which(name)), None)


def install_command(packages: dict[str, str] | list[dict[str, str]]) -> str | None:
    """Return the command that installs packages with this machine's package manager, or None.

    `packages` maps package managers to the package's name; a list stands for several packages.
    """
    several = packages if isinstance(packages, list) else [packages]
    manager = package_manager()
    names = [names[manager] for names in several if manager in names]
    if manager is None or not names:
        return None
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    prefix = "" if is_root or manager == "brew" else "sudo "
    return prefix + dict(MANAGERS)[manager] + " " + " ".join(names)


def describe_missing(tools: list[SystemTool]) -> str:
    """Return which tools are missing, their purpose, and how to install them; one line each."""
    lines = [
        f"{tool.name} is missing ({' or '.join(tool.commands)}): needed for {tool.purpose}."
        for tool in tools
    ]
    command = install_command([tool.packages for tool in tools])
    lines.append(
        f"Install: {command}"
        if command
        else "Install it with your package manager so that it is on PATH."
    )
    return "\n".join(lines)


def describe_unbuildable(root: Path) -> str | None:
    """Return why no simulator can be built in this folder, or None."""
    if any(letter.isspace() for letter in str(root)):
        return _unusable("a space", root, "GNU make cannot build the simulator")
    return describe_uncompilable(root)


def describe_uncompilable(folder: Path) -> str | None:
    """Return why no code can be compiled in this folder, or None: LLVM replaces % in file names."""
    if "%" not in str(folder):
        return None
    return _unusable("a percent sign", folder, "the compiler for RISC-V cannot write files")


def _unusable(what: str, folder: Path, why: str) -> str:
    return (
        f"The path contains {what} ({folder}), so {why}.\n"
        "Move the repository, or work in another folder, whose path has no spaces and no percent "
        "signs."
    )


def describe_missing_venv() -> str | None:
    """Return what to do if this Python cannot create virtual environments, or None if it can."""
    lacking = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
    if not lacking:
        return None
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    names = {"apt-get": f"python{version}-venv", "zypper": f"python{version.replace('.', '')}"}
    command = install_command(names)
    return (
        f"Python's {' and '.join(lacking)} is missing ({sys.executable}): needed for .venv.\n"
        + (f"Install: {command}" if command else "Install all of Python's standard library.")
    )
