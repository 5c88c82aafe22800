"""The command line, and other programs of Python, in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

from flows.repository import ROOT


def cli(*arguments: str, module: str = "flows.cli", **options) -> subprocess.CompletedProcess[str]:
    """Runs the command line in a process of its own."""
    command = [sys.executable, "-m", module, *arguments]
    pipes = {name: subprocess.PIPE for name in ("stdout", "stderr") if name not in options}
    return subprocess.run(command, cwd=ROOT, text=True, timeout=120, **pipes, **options)


def run_python(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
