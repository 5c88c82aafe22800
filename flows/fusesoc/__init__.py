"""Running FuseSoC in its own process, with messages that point to the repository's files."""

from __future__ import annotations

import configparser
import io
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

from flows.errors import HeepstorError
from flows.fusesoc.core_library import Library
from flows.repository import COMMAND, ROOT, build_folder, is_installed, programs, work_folder
from flows.system.files import write_whole
from flows.system.processes import run_lines

_COPY = re.compile(r"(?:[^\s:'\"(]*/)?src/(?P<core>[^/\s:]+)/(?P<file>[^\s:'\",)]+)")
# Vivado prints hundreds of warnings ("WARNING: [Synth 8-1]"), none of them a reason to fail.
_LOUD = re.compile(
    r"%(Error|Warning)|\berror\b|\bERROR\b|undefined reference|\*\*\*|WARNING(?!: \[)"
)

# How much of a failed build's output is shown; the log has all of it.
_SHOWN_LINES = 25


def command() -> str:
    """Return the path of the `fusesoc` program that belongs to this Python."""
    found = (folder / "fusesoc" for folder in programs(ROOT))
    path = next((path for path in found if path.exists()), None)
    if path is None:
        raise HeepstorError(
            f"fusesoc is not installed next to {sys.executable}; it builds the hardware.\n"
            f"{COMMAND} doctor says how to install it."
        )
    return str(path)


def environment(root: Path, config_path: Path) -> dict[str, str]:
    """Return the environment variables for FuseSoC, our flows in it, and its generators.

    This Python and the sources in `root` come first; the generators read the configuration.
    """
    known = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    # FuseSoC runs the generators in folders of its own.
    path = [root, *map(os.path.abspath, known)]
    return {
        **os.environ,
        "PATH": os.pathsep.join([*map(str, programs(root)), os.environ.get("PATH", os.defpath)]),
        "PYTHONPATH": os.pathsep.join(map(str, path)),
        "HEEPSTOR_CONFIG": str(config_path),
        "HEEPSTOR_CWD": str(work_folder(root)),
    }


def settings(root: Path) -> Path:
    """Return FuseSoC's configuration file for the core library in `root`.

    For an installed package it is written to the working folder, as nothing can be put next to the
    cores.
    """
    file = root / "fusesoc.conf"
    if not is_installed(root):
        return file
    parser = configparser.ConfigParser()
    parser.read_string(file.read_text(encoding="utf-8"))
    main = parser["main"]
    for name in ("build_root", "cache_root"):
        main[name] = _literal(work_folder(root) / main[name])
    del main["ignored_dirs"]
    parser["library.heepstor"]["location"] = _literal(root)
    text = io.StringIO()
    parser.write(text)
    written = build_folder(root) / file.name
    write_whole(written, text.getvalue())
    return written


def _literal(path: Path) -> str:
    """A path as FuseSoC's settings hold it: there `%` begins the name of another setting."""
    return str(path).replace("%", "%%")


def run(
    root: Path,
    arguments: list[str],
    config_path: Path,
    log_path: Path,
    on_line: Callable[[str], None],
) -> None:
    """Run `fusesoc <arguments>` on the cores in `root`; keep its output in a log.

    Raises HeepstorError with the relevant lines if it fails. FuseSoC's exit code is 0 when it is
    interrupted, so callers must check that the product exists.
    """
    whole = [command(), "--config", str(settings(root)), *arguments]
    run_logged(root, whole, environment(root, config_path), log_path, on_line)


def run_logged(
    root: Path,
    arguments: list[str],
    variables: dict[str, str],
    log_path: Path,
    on_line: Callable[[str], None],
) -> None:
    """Run a build program and append its output to a log. Raises HeepstorError if it fails."""
    printed: list[str] = []

    def take(line: str) -> None:
        printed.append(line)
        on_line(line)

    log_path.parent.mkdir(parents=True, exist_ok=True)
    code = run_lines(arguments, take, cwd=work_folder(root), environment=variables)
    with log_path.open("a") as log:
        log.write(f"$ {' '.join(arguments)}\n" + "\n".join(printed) + "\n")
    if code != 0:
        shown = "\n".join("  | " + line for line in worth_showing(printed, core_folders(root)))
        name = Path(arguments[0]).name
        raise HeepstorError(f"{name} failed (exit code {code}):\n{shown}\nLog: {log_path}")


def worth_showing(printed: list[str], folders: dict[str, str]) -> list[str]:
    """Return the lines of a failed build's output that say why, with original paths."""
    loud = [index for index, line in enumerate(printed) if _LOUD.search(line)]
    if loud:
        first = loud[0]
        chosen = printed[first : first + _SHOWN_LINES]
    else:
        chosen = printed[-_SHOWN_LINES:]
    return [original_paths(line, folders) for line in chosen]


def core_folders(root: Path) -> dict[str, str]:
    """Return each core's folder, relative to the root, by the name of its copy in builds."""
    # FuseSoC's name of the copy: a:ip:engine:1.0.0 becomes a_ip_engine_1.0.0.
    return {
        core.name.lstrip(":").replace(":", "_"): core.path.parent.relative_to(root).as_posix()
        for core in Library(root).cores
    }


def original_paths(line: str, folders: dict[str, str]) -> str:
    """Return a line of a tool's output with the paths of FuseSoC's copies mapped back."""

    def original(match: re.Match[str]) -> str:
        folder = next((f for name, f in folders.items() if match["core"].startswith(name)), None)
        return match[0] if folder is None else (Path(folder) / match["file"]).as_posix()

    return _COPY.sub(original, line)
