"""Create the virtual environment if it is missing or out of date, then run a task in it.

The script `heepstor` starts it as `python3 -I flows/cli/launcher.py <task> ...`; it uses only the
standard library. `.venv` is trusted only if its stamp, which is written last, has the same
repository path, requirements and interpreter.
"""

# ruff: noqa: E402  (the imports take a while, during which Ctrl-C must already work)
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
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from flows.cli.packages import VENV, LauncherError, install_packages, torch_choice
from flows.system import interrupts, streams
from flows.system import tools as system_tools

STAMP = VENV / "heepstor-stamp.json"
LOCK = ROOT / ".heepstor.lock"

# Free space for the packages and for pip's temporary copies of them.
NEEDED_BYTES = 3 * 2**30
# Tasks that never compile anything on the host, so they need no compiler, make or perl.
TASKS_WITHOUT_TOOLS = {"list", "clean", "doctor", "export", "quantize", "generate", "firmware"}


def say(text: str) -> None:
    print(f"heepstor: {text}", file=sys.stderr, flush=True)


def fingerprint() -> str:
    """Identify what the environment is made from: the requirements and the repository's path."""
    digest = hashlib.sha256(str(ROOT).encode())
    for name in ("requirements.txt", "pyproject.toml"):
        digest.update(b"\0" + (ROOT / name).read_bytes())
    return digest.hexdigest()


def read_stamp() -> dict[str, str]:
    """Return the stamp of a complete environment whose interpreter still runs, or an empty one."""
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


@contextlib.contextmanager
def installation_lock() -> Iterator[None]:
    """Allow one installation at a time in this repository; a second one waits and says so.

    pip inherits the lock: if only the launcher is killed, the next one still waits for pip.
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
    """Fail before the download if something that it or the task needs is missing."""
    problem = system_tools.describe_missing_venv()
    if problem:
        raise LauncherError(problem)
    free = shutil.disk_usage(ROOT).free
    if free < NEEDED_BYTES and not VENV.exists():
        raise LauncherError(
            f"only {free / 2**30:.1f} GiB are free in {ROOT}; the packages in .venv need "
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
    """Create .venv from scratch."""
    if VENV.exists() or VENV.is_symlink():
        say(".venv is incomplete or was created elsewhere; creating it again.")
        VENV.unlink() if VENV.is_symlink() else shutil.rmtree(VENV)
    say("creating .venv (once; takes a few minutes and about 2 GiB).")
    # With .venv activated, this Python is the one in .venv, which may just have been removed.
    python = getattr(sys, "_base_executable", sys.executable)
    done = subprocess.run([python, "-I", "-m", "venv", str(VENV)], capture_output=True, text=True)
    if done.returncode != 0:
        raise LauncherError("Python cannot create .venv:\n" + (done.stdout + done.stderr).strip())


def update_environment(stamp: dict[str, str]) -> None:
    """Bring .venv up to date with the requirements: recreate it, or update its packages."""
    started = time.monotonic()
    if stamp:
        say("the requirements changed; updating the packages.")
        # Without a stamp, an environment whose update is interrupted is created again from scratch.
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
    """Make sure that .venv matches the requirements, creating or updating it as needed."""
    if read_stamp().get("fingerprint") == fingerprint():
        return
    if not os.access(ROOT, os.W_OK):
        raise LauncherError(f"{ROOT} is not writable by this user, but .venv belongs there.")
    with installation_lock():
        stamp = read_stamp()
        if stamp.get("fingerprint") != fingerprint():
            check_prerequisites(task)
            update_environment(stamp)


def task_environment() -> dict[str, str]:
    """Return the environment variables for tasks: those of an activated .venv."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONHOME", "PYTHONPATH")}
    return {
        **environment,
        "PATH": f"{VENV / 'bin'}{os.pathsep}{environment.get('PATH', os.defpath)}",
        "VIRTUAL_ENV": str(VENV),
        # Paths the user types are relative to their working folder, not to the root.
        "HEEPSTOR_CWD": str(Path.cwd()),
    }


def main(arguments: list[str]) -> int:
    """Run a task; return only if the environment cannot be created."""
    streams.open_missing()
    try:
        environment = task_environment()
        with interrupts.as_exceptions():
            ensure_environment(arguments[0] if arguments else "list")
    except LauncherError as error:
        say(str(error))
        return 1
    except OSError as error:
        say(f"{error.strerror or error}: {error.filename or ROOT}. Check owner and free space.")
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
