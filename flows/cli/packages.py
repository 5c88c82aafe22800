"""Installs what requirements.txt pins into .venv, with pip; shows how far it is.

Uses the standard library alone: the launcher imports this before any package is there.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import sysconfig
import threading
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
LOG = VENV / "install.log"
REQUIREMENTS = ROOT / "requirements.txt"
CPU_TORCH_INDEX = "https://download.pytorch.org/whl/cpu"
NETWORK_SIGNS = (
    "NewConnectionError",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "Name or service not known",
    "Temporary failure in name resolution",
    "Network is unreachable",
    "ProxyError",
    "SSLError",
    "Connection broken",
    "IncompleteRead",
)


class LauncherError(Exception):
    """The environment cannot be created; the message says why and what to do.

    `touched` means that some packages in .venv may already have been replaced.
    """

    def __init__(self, message: str, touched: bool = False) -> None:
        super().__init__(message)
        self.touched = touched


def torch_choice() -> str:
    """Return the build of torch to install: "cpu" (small) or "default" (PyPI's, CUDA on Linux)."""
    return os.environ.get("HEEPSTOR_TORCH", "cpu")


class Progress:
    """Shows pip's progress: one changing line on a terminal, an occasional line elsewhere."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.count = 0
        self.text = "starting"
        self.started = time.monotonic()
        self.is_terminal = sys.stderr.isatty()
        self.interval = 0.2 if self.is_terminal else 15.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._show_until_stopped, daemon=True)

    def __enter__(self) -> Progress:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        if self.is_terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def note(self, line: str) -> None:
        """Process one line of pip's output."""
        words = line.split()
        if not words:
            return
        if line.startswith(("Collecting", "Processing", "Requirement already satisfied")):
            self.count = min(self.count + 1, self.total)
        elif words[0] == "Installing":
            self.text = "copying the packages into .venv"
            return
        if words[0] in ("Collecting", "Processing", "Downloading"):
            self.text = line.strip().split(" (from ")[0]

    def _show_until_stopped(self) -> None:
        while not self._stop.wait(self.interval):
            seconds = time.monotonic() - self.started
            line = f"heepstor: {seconds:4.0f} s, {self.count}/{self.total} packages: {self.text}"
            if self.is_terminal:
                width = shutil.get_terminal_size().columns - 1
                print("\r\033[K" + line[:width], end="", file=sys.stderr, flush=True)
            else:
                print(line, file=sys.stderr, flush=True)


def pip_environment() -> dict[str, str]:
    """Return this environment without the pip settings that would install elsewhere."""
    elsewhere = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_PYTHON", "PIP_DRY_RUN")
    environment = {name: value for name, value in os.environ.items() if name not in elsewhere}
    return {
        **environment,
        "PIP_USER": "0",
        "PIP_NO_INPUT": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def run_pip(arguments: list[str], progress: Progress) -> tuple[int, str]:
    """Run pip in .venv; return its exit code and what it printed (also kept in install.log)."""
    command = [str(VENV / "bin" / "python"), "-I", "-m", "pip", "install", *arguments]
    printed = []
    with (
        LOG.open("a") as log,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=pip_environment(),
            cwd=ROOT,
            close_fds=False,
        ) as pip,
    ):
        try:
            for line in pip.stdout or ():
                log.write(line)
                printed.append(line)
                progress.note(line)
        except BaseException:
            pip.terminate()
            raise
    return pip.returncode, "".join(printed)


def requirement(name: str) -> str:
    """Return the line of requirements.txt that pins a package, or an empty string."""
    lines = REQUIREMENTS.read_text().splitlines()
    return next((line for line in lines if line.startswith(f"{name}==")), "")


def cpu_torch_index_answers() -> bool:
    """Return whether PyTorch's index of CPU builds answers within two seconds."""
    answers = []

    def ask() -> None:
        with contextlib.suppress(OSError, ValueError):
            urllib.request.urlopen(f"{CPU_TORCH_INDEX}/torch/", timeout=2).close()
            answers.append(True)

    # A name lookup has no timeout of its own.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(2)
    return bool(answers)


def is_installed(pin: str) -> bool:
    """Return whether .venv has the package at the pinned version, in any build."""
    name, _, version = pin.partition("==")
    return any(VENV.glob(f"lib/python*/site-packages/{name}-{version}*.dist-info"))


def install_packages() -> None:
    """Install the packages that requirements.txt pins into .venv, and the repository itself."""
    pins = [
        line for line in REQUIREMENTS.read_text().splitlines() if line and not line.startswith("#")
    ]
    with Progress(len(pins)) as progress:
        # On Linux, PyPI's torch pulls in gigabytes of CUDA libraries that nothing here needs.
        torch = requirement("torch")
        wanted = torch and torch_choice() == "cpu" and sys.platform == "linux"
        if wanted and not is_installed(torch):
            progress.text = "looking for the CPU build of torch"
            if cpu_torch_index_answers():
                run_pip(["--no-deps", "--index-url", CPU_TORCH_INDEX, torch], progress)
        progress.text = "asking the package index"
        steps = (
            ["--requirement", str(REQUIREMENTS)],
            ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)],
        )
        for step in steps:
            code, printed = run_pip(step, progress)
            if code != 0:
                touched = "Installing collected packages" in printed
                raise LauncherError(explain_pip_failure(code, printed), touched)
    find_sources()
    # Some packages hold cores, which whoever adds this repository to FuseSoC does not ask for.
    (VENV / "FUSESOC_IGNORE").touch()


def find_sources() -> None:
    """Let Python in .venv import the sources from any folder, as FuseSoC run by hand needs."""
    for folder in VENV.glob("lib/python*/site-packages"):
        (folder / "heepstor-sources.pth").write_text(f"{ROOT}\n")


def explain_pip_failure(code: int, printed: str) -> str:
    """Return what went wrong in pip, why, and how to fix it."""
    if "No space left on device" in printed:
        reason = (
            "the disk is full; the packages need about 3 GiB in the repository and, during "
            "installation, in the temporary folder (set TMPDIR to use another one)."
        )
    elif any(sign in printed for sign in NETWORK_SIGNS):
        reason = (
            "the package index cannot be reached. Check the network, or set a proxy "
            "(HTTPS_PROXY) or another index (PIP_INDEX_URL), and run the same command again."
        )
    elif "No matching distribution found" in printed:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        reason = (
            f"this version is not where pip looks (PIP_INDEX_URL, PIP_FIND_LINKS, pip.conf) "
            f"for Python {version} on {sysconfig.get_platform()}. Configure an index that has it, "
            "or set HEEPSTOR_PYTHON to another Python."
        )
    else:
        reason = "see the last lines above."
    lines = [line for line in printed.splitlines() if line and not line.startswith("Ignoring ")]
    tail = "\n".join("  | " + line for line in lines[-12:])
    return f"pip could not install the packages (exit code {code}):\n{tail}\n{reason}\nLog: {LOG}"
