"""Makes the virtual environment when it is missing or out of date, then runs a task in it.

Started by the script `heepstor` as `python3 -I flows/cli/launcher.py <task> ...`; uses the standard
library alone. `.venv` is trusted only while its stamp, written last, names the same repository
path, requirements and interpreter.
"""

# ruff: noqa: E402  (what is imported takes a while, in which Ctrl-C has to be expected)
from __future__ import annotations

import signal

if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from flows.system import interrupts, streams
from flows.system import tools as system_tools

VENV = ROOT / ".venv"
STAMP = VENV / "heepstor-stamp.json"
LOG = VENV / "install.log"
LOCK = ROOT / ".heepstor.lock"
REQUIREMENTS = ROOT / "requirements.txt"

# Free space for the packages and for pip's temporary copies of them.
NEEDED_BYTES = 3 * 2**30
CPU_TORCH_INDEX = "https://download.pytorch.org/whl/cpu"
# Tasks that never compile anything on the host, and so do without compiler, make and perl.
TASKS_WITHOUT_TOOLS = {"list", "clean", "doctor", "export", "quantize", "generate", "firmware"}


class LauncherError(Exception):
    """The environment cannot be made; the message says why and what to do.

    `touched` says that packages in .venv may have been replaced in part.
    """

    def __init__(self, message: str, touched: bool = False) -> None:
        super().__init__(message)
        self.touched = touched


def say(text: str) -> None:
    print(f"heepstor: {text}", file=sys.stderr, flush=True)


def fingerprint() -> str:
    """Identifies what the environment is made from: the requirements and the repository's path."""
    digest = hashlib.sha256(str(ROOT).encode())
    for name in ("requirements.txt", "pyproject.toml"):
        digest.update(b"\0" + (ROOT / name).read_bytes())
    return digest.hexdigest()


def read_stamp() -> dict[str, str]:
    """The stamp of a finished environment whose interpreter still runs; empty if there is none."""
    try:
        stamp = json.loads(STAMP.read_text())
        runs = os.path.realpath(VENV / "bin" / "python") == stamp["interpreter"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    same_torch = os.environ.get("HEEPSTOR_TORCH", stamp.get("torch")) == stamp.get("torch")
    usable = runs and same_torch and stamp.get("root") == str(ROOT)
    return stamp if usable and os.access(VENV / "bin" / "python", os.X_OK) else {}


def write_stamp() -> None:
    stamp = {
        "fingerprint": fingerprint(),
        "interpreter": os.path.realpath(VENV / "bin" / "python"),
        "root": str(ROOT),
        "torch": torch_choice(),
    }
    partial = STAMP.with_suffix(".partial")
    partial.write_text(json.dumps(stamp, indent=2) + "\n")
    partial.replace(STAMP)


def torch_choice() -> str:
    """Which build of torch to install: "cpu" (small), or "default" (PyPI's; with CUDA on Linux)."""
    return os.environ.get("HEEPSTOR_TORCH", "cpu")


@contextlib.contextmanager
def installation_lock() -> Iterator[None]:
    """One installation at a time in this repository; a second one waits and says so.

    pip inherits the lock: where only the launcher was killed, the next one waits for pip as well.
    """
    import fcntl

    with LOCK.open("a+") as lock:
        os.set_inheritable(lock.fileno(), True)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another heepstor is installing the packages; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def check_prerequisites(task: str) -> None:
    """Stops before the download if it, or the task, would fail for want of something."""
    problem = system_tools.describe_missing_venv()
    if problem:
        raise LauncherError(problem)
    free = shutil.disk_usage(ROOT).free
    if free < NEEDED_BYTES and not VENV.exists():
        raise LauncherError(
            f"{free / 2**30:.1f} GiB are free in {ROOT}: the packages in .venv need "
            f"{NEEDED_BYTES / 2**30:.0f} GiB. Free some space, or move the repository."
        )
    lacking = system_tools.missing()
    message = system_tools.describe_missing(lacking) if lacking else None
    message = system_tools.describe_unbuildable(ROOT) or message
    if message:
        if task not in TASKS_WITHOUT_TOOLS and not task.startswith("-"):
            raise LauncherError(message)
        say("the simulator cannot be built yet.\n" + message)


def make_environment() -> None:
    """Makes .venv from nothing."""
    if VENV.exists() or VENV.is_symlink():
        say(".venv is unfinished, or was made elsewhere: making it again.")
        VENV.unlink() if VENV.is_symlink() else shutil.rmtree(VENV)
    say("making .venv (once; some minutes, about 2 GiB).")
    # Where .venv was activated this Python is the one in .venv, which may just have been removed.
    python = getattr(sys, "_base_executable", sys.executable)
    done = subprocess.run([python, "-I", "-m", "venv", str(VENV)], capture_output=True, text=True)
    if done.returncode != 0:
        raise LauncherError("Python cannot make .venv:\n" + (done.stdout + done.stderr).strip())


class Progress:
    """Shows how far pip is: one line that changes on a terminal, a line now and then elsewhere."""

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
        """Takes in one line of pip's output."""
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
    """This environment without the settings of pip that would install somewhere else."""
    elsewhere = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_PYTHON", "PIP_DRY_RUN")
    environment = {name: value for name, value in os.environ.items() if name not in elsewhere}
    return {
        **environment,
        "PIP_USER": "0",
        "PIP_NO_INPUT": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def run_pip(arguments: list[str], progress: Progress) -> tuple[int, str]:
    """Runs pip in .venv; returns its exit code and what it printed (also kept in install.log)."""
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
    """The line of requirements.txt that pins a package, or an empty string."""
    lines = REQUIREMENTS.read_text().splitlines()
    return next((line for line in lines if line.startswith(f"{name}==")), "")


def cpu_torch_index_answers() -> bool:
    """Whether PyTorch's own index of CPU builds can be reached, within two seconds."""
    answers = []

    def ask() -> None:
        with contextlib.suppress(OSError, ValueError):
            urllib.request.urlopen(f"{CPU_TORCH_INDEX}/torch/", timeout=2).close()
            answers.append(True)

    # Looking up a name has no time limit of its own.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(2)
    return bool(answers)


def is_installed(pin: str) -> bool:
    """Whether .venv has the package at the pinned version, in whatever build."""
    name, _, version = pin.partition("==")
    return any(VENV.glob(f"lib/python*/site-packages/{name}-{version}*.dist-info"))


def install_packages() -> None:
    """Installs what requirements.txt pins, and this repository itself, into .venv."""
    pins = [
        line for line in REQUIREMENTS.read_text().splitlines() if line and not line.startswith("#")
    ]
    with Progress(len(pins)) as progress:
        # On Linux PyPI's torch brings gigabytes of CUDA libraries that nothing here needs.
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


def find_sources() -> None:
    """Lets Python in .venv import the sources from any folder, as FuseSoC by hand has to."""
    for folder in VENV.glob("lib/python*/site-packages"):
        (folder / "heepstor-sources.pth").write_text(f"{ROOT}\n")


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


def explain_pip_failure(code: int, printed: str) -> str:
    """What went wrong in pip, why, and what to do."""
    if "No space left on device" in printed:
        reason = (
            "the disk is full; the packages need about 3 GiB in the repository and, while they "
            "are installed, in the temporary folder (TMPDIR names another one)."
        )
    elif any(sign in printed for sign in NETWORK_SIGNS):
        reason = (
            "the package index cannot be reached. Check the network, or name a proxy "
            "(HTTPS_PROXY) or another index (PIP_INDEX_URL), and run the same command again."
        )
    elif "No matching distribution found" in printed:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        reason = (
            f"where pip looks (PIP_INDEX_URL, PIP_FIND_LINKS, pip.conf) this version is not there "
            f"for Python {version} on {sysconfig.get_platform()}. Name a place that has it; "
            "HEEPSTOR_PYTHON chooses another Python."
        )
    else:
        reason = "see the last lines above."
    lines = [line for line in printed.splitlines() if line and not line.startswith("Ignoring ")]
    tail = "\n".join("  | " + line for line in lines[-12:])
    return f"pip could not install the packages (exit code {code}):\n{tail}\n{reason}\nAll: {LOG}"


def update_environment(stamp: dict[str, str]) -> None:
    """Brings .venv to the present requirements: the whole of it, or the packages alone."""
    started = time.monotonic()
    if stamp:
        say("the requirements have changed: installing what is new.")
        # Without its stamp an environment whose update is interrupted is made again from nothing.
        kept = STAMP.read_text()
        STAMP.unlink()
    else:
        make_environment()
    try:
        install_packages()
    except LauncherError as error:
        if stamp and not error.touched:
            STAMP.write_text(kept)
        raise
    write_stamp()
    say(f"the packages are installed ({time.monotonic() - started:.0f} s).")


def ensure_environment(task: str) -> None:
    """Returns when .venv is what the requirements ask for."""
    if read_stamp().get("fingerprint") == fingerprint():
        return
    if not os.access(ROOT, os.W_OK):
        raise LauncherError(f"{ROOT} cannot be written by this user, but .venv belongs there.")
    with installation_lock():
        stamp = read_stamp()
        if stamp.get("fingerprint") != fingerprint():
            check_prerequisites(task)
            update_environment(stamp)


def task_environment() -> dict[str, str]:
    """The variables with which tasks run: .venv as when it is activated."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONHOME", "PYTHONPATH")}
    return {
        **environment,
        "PATH": f"{VENV / 'bin'}{os.pathsep}{environment.get('PATH', os.defpath)}",
        "VIRTUAL_ENV": str(VENV),
        # Paths that the user gives are relative to where they stand, not to the root.
        "HEEPSTOR_CWD": str(Path.cwd()),
    }


def main(arguments: list[str]) -> int:
    """Runs a task; returns only when the environment cannot be made."""
    streams.open_missing()
    try:
        environment = task_environment()
        with interrupts.as_exceptions():
            ensure_environment(arguments[0] if arguments else "list")
    except LauncherError as error:
        say(str(error))
        return 1
    except OSError as error:
        say(f"{error.strerror or error}: {error.filename or ROOT}. Is it this user's, with space?")
        return 1
    except interrupts.Interrupted as error:
        say("interrupted; the next run installs the packages again.")
        return error.code
    os.chdir(ROOT)
    python = str(VENV / "bin" / "python")
    interrupts.block()
    os.execve(python, [python, "-m", "flows.cli", *arguments], environment)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
