"""Builds the simulator of a hardware configuration: FuseSoC, Verilator, a C++ compiler."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from flows import fusesoc
from flows.config import Config
from flows.errors import HeepstorError
from flows.fusesoc.core_library import Library
from flows.repository import ROOT, build_folder, work_folder
from flows.system import tools as system_tools
from flows.terminal.progress import Progress
from flows.toolchain import boot_rom
from flows.toolchain.verilator import remove_products

SYSTEM = "heepstor"
SYSTEM_CORE = "heepstor:systems:heepstor"
# The program that FuseSoC's target runs when no other is named; not part of the simulator.
SELF_TEST = "heepstor:sim:selftest"
# Its other targets: no part of the simulator.
BOARDS = ("heepstor:boards:zcu104", "heepstor:boards:ulx3s")
TARGET = "sim"
SIMULATOR = "simulator"
_HOST_SOURCES = (".cc", ".cpp", ".h", ".hpp")


def folder(config: Config, root: Path = ROOT) -> Path:
    """Where a configuration's simulator is built; shared by all projects."""
    return build_folder(root) / "hardware" / config.hash


def sources(root: Path = ROOT) -> tuple[Path, ...]:
    """Every file that the simulator may be made from, but for the configuration's values."""
    cores = Library(root).sources(SYSTEM_CORE, without=(SELF_TEST, *BOARDS))
    return (root / "fusesoc.conf", *cores, *boot_rom.device_code(root))


def compiler_version() -> str:
    """What the C++ compiler says of itself; raises HeepstorError when there is none."""
    require_tools()
    compiler = system_tools.COMPILER.path() or "c++"
    done = subprocess.run([compiler, "--version"], capture_output=True, text=True)
    return (done.stdout.splitlines() or [compiler])[0]


def require_tools() -> None:
    """Raises HeepstorError that says why no simulator can be built here."""
    if unbuildable := system_tools.describe_unbuildable(work_folder(ROOT)):
        raise HeepstorError(unbuildable)
    lacking = system_tools.missing()
    if lacking:
        raise HeepstorError(system_tools.describe_missing(lacking))


def build(config: Config, config_path: Path, out: Path, progress: Progress) -> Path:
    """Builds the simulator and puts it into the folder `out`; returns its path.

    The work folder beside it stays, so that the next build compiles only what has changed.
    """
    require_tools()
    work = folder(config) / "work"
    log = folder(config) / "build.log"
    log.unlink(missing_ok=True)
    made_from = _rtl(), _tools()
    _drop_stale_results(work, *made_from)
    arguments = ["run", f"--target={TARGET}", "--setup", "--build", f"--work-root={work}", SYSTEM]
    progress.show("FuseSoC")
    fusesoc.run(ROOT, arguments, config_path, log, _show(progress))
    program = _program(work, log)
    _mark(work).write_text("\n".join(made_from))
    return Path(shutil.copy2(program, out / SIMULATOR))


def _drop_stale_results(work: Path, rtl: str, tools: str) -> None:
    """Removes what make would take for current by its time stamps alone.

    Copies of sources can be older than results made from their predecessors (git, rsync and others
    set times back), so results are dropped when the content they came from has changed. The flow's
    own rules know nothing of C++ headers: the harness's objects and the program are always made
    again, which takes seconds. Nothing is kept of a build that did not succeed, or of other tools.
    """
    work.mkdir(parents=True, exist_ok=True)
    mark = _mark(work)
    made_from = mark.read_text().splitlines() if mark.exists() else []
    mark.unlink(missing_ok=True)
    if made_from[1:] != [tools]:
        remove_products(work)
    for makefile in _makefiles(work):
        (work / makefile.stem).unlink(missing_ok=True)
    if made_from[:1] != [rtl]:
        for makefile in work.glob("V*.mk"):
            makefile.unlink()
    for result in work.glob("*.o"):
        if not result.name.startswith(("V", "verilated")):
            result.unlink()


def _mark(work: Path) -> Path:
    """Says what the results in a work folder were made from; there after a success alone."""
    return work / "made_from"


def _rtl() -> str:
    """A hash of the sources that Verilator translates."""
    return _content([path for path in sources() if path.suffix not in _HOST_SOURCES])


def _tools() -> str:
    """The versions of Verilator and the C++ compiler, in one line."""
    return f"verilator {importlib.metadata.version('verilator')}, {compiler_version()}"


def _content(paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(str(path).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _makefiles(work: Path) -> list[Path]:
    """The makefiles that Verilator wrote for a top module: V<top>.mk; the program is V<top>."""
    return [path for path in work.glob("V*.mk") if not path.stem.endswith("_classes")]


def _program(work: Path, log: Path) -> Path:
    """The program that was made; FuseSoC says that all is well even if it was interrupted."""
    for makefile in _makefiles(work):
        if os.access(work / makefile.stem, os.X_OK):
            return work / makefile.stem
    raise HeepstorError(f"the simulator was not made (interrupted?). What was printed: {log}")


def _show(progress: Progress) -> Callable[[str], None]:
    """Follows the build by what it prints."""
    compiled = 0

    def show(line: str) -> None:
        nonlocal compiled
        if " -c -o " in line or " -c " in line:
            compiled += 1
            progress.show(f"compiling the simulator, file {compiled}")
        elif line.startswith(("- V e r i l a t i o n", "verilator")):
            progress.show("Verilator")

    return show
