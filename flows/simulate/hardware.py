"""Building the simulator of a hardware configuration: FuseSoC, Verilator, a C++ compiler."""

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
# The default program of FuseSoC's target; not part of the simulator.
SELF_TEST = "heepstor:sim:selftest"
# Its other targets; not part of the simulator.
BOARDS = ("heepstor:boards:zcu104", "heepstor:boards:ulx3s")
TARGET = "sim"
SIMULATOR = "simulator"
TRACER = "tracer"
"""The folder of the simulator whose waveforms omit nothing."""
_HOST_SOURCES = (".cc", ".cpp", ".h", ".hpp")


def folder(config: Config, root: Path = ROOT) -> Path:
    """Return the folder of a configuration's simulator, which all projects share."""
    return build_folder(root) / "hardware" / config.hash


def sources(root: Path = ROOT) -> tuple[Path, ...]:
    """Return every file that the simulator may be built from, besides the configuration."""
    cores = Library(root).sources(SYSTEM_CORE, without=(SELF_TEST, *BOARDS))
    return (root / "fusesoc.conf", *cores, *boot_rom.device_code(root))


def compiler_version() -> str:
    """Return the C++ compiler's version line. Raises HeepstorError if there is no compiler."""
    require_tools()
    compiler = system_tools.COMPILER.path() or "c++"
    done = subprocess.run([compiler, "--version"], capture_output=True, text=True)
    return (done.stdout.splitlines() or [compiler])[0]


def require_tools() -> None:
    """Raise HeepstorError if no simulator can be built here, with the reason."""
    if unbuildable := system_tools.describe_unbuildable(work_folder(ROOT)):
        raise HeepstorError(unbuildable)
    lacking = system_tools.missing()
    if lacking:
        raise HeepstorError(system_tools.describe_missing(lacking))


def build(
    config: Config, config_path: Path, out: Path, progress: Progress, traces_all: bool = False
) -> Path:
    """Build the simulator and copy it to the folder `out`; return its path.

    With `traces_all` its waveforms omit nothing. The work folder next to it is kept, so that the
    next build compiles only what changed.
    """
    require_tools()
    work = folder(config) / ("work_tracer" if traces_all else "work")
    log = folder(config) / ("build_tracer.log" if traces_all else "build.log")
    log.unlink(missing_ok=True)
    made_from = _rtl(), _tools()
    _drop_stale_results(work, *made_from)
    flags = ["--flag=trace_all"] if traces_all else []
    options = [f"--target={TARGET}", "--setup", "--build", f"--work-root={work}"]
    arguments = ["run", *flags, *options, SYSTEM]
    progress.show("FuseSoC")
    fusesoc.run(ROOT, arguments, config_path, log, _show(progress))
    program = _program(work, log)
    _mark(work).write_text("\n".join(made_from))
    return Path(shutil.copy2(program, out / SIMULATOR))


def _drop_stale_results(work: Path, rtl: str, tools: str) -> None:
    """Remove stale results that make would consider current by their time stamps.

    Copies of sources can be older than results of their predecessors (git, rsync and others set
    times back), so results are dropped if the content of their sources changed. The flow's makefile
    ignores C++ headers, so the harness's objects and the program are always rebuilt, which takes
    seconds. Results of failed builds or other tool versions are dropped, too.
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
    """Return the file, written only on success, that says what a work folder was built from."""
    return work / "made_from"


def _rtl() -> str:
    """Return a hash of the sources that Verilator translates."""
    return _content([path for path in sources() if path.suffix not in _HOST_SOURCES])


def _tools() -> str:
    """Return the versions of Verilator and the C++ compiler in one line."""
    return f"verilator {importlib.metadata.version('verilator')}, {compiler_version()}"


def _content(paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(str(path).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _makefiles(work: Path) -> list[Path]:
    """Return Verilator's makefiles for a top module: V<top>.mk builds the program V<top>."""
    return [path for path in work.glob("V*.mk") if not path.stem.endswith("_classes")]


def _program(work: Path, log: Path) -> Path:
    """Return the program; FuseSoC reports success even if it was interrupted."""
    for makefile in _makefiles(work):
        if os.access(work / makefile.stem, os.X_OK):
            return work / makefile.stem
    raise HeepstorError(f"the simulator was not built (interrupted?). Log: {log}")


def _show(progress: Progress) -> Callable[[str], None]:
    """Return a function that shows progress from the build's output."""
    compiled = 0

    def show(line: str) -> None:
        nonlocal compiled
        if " -c -o " in line or " -c " in line:
            compiled += 1
            progress.show(f"compiling the simulator, file {compiled}")
        elif line.startswith(("- V e r i l a t i o n", "verilator")):
            progress.show("Verilator")

    return show
