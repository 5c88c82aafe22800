"""clang-format for generated C++."""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from modelgen.errors import ModelError

_STYLE_FILE = Path(__file__).resolve().parents[2] / ".clang-format"


@cache
def _executable() -> str:
    """Return the clang-format of this Python environment, else the one on PATH."""
    own = Path(sys.executable).parent / "clang-format"
    found = str(own) if own.exists() else shutil.which("clang-format")
    if found is None:
        raise ModelError(
            "clang-format is missing, which the generated C++ needs. It is a Python package: "
            "install it where HEEPstor is installed."
        )
    return found


def format_cpp(text: str, name: str) -> str:
    """Return C++ in the project's style; `name` says whether it is a header or a source file."""
    command = [_executable(), f"--style=file:{_STYLE_FILE}", f"--assume-filename={name}"]
    result = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if result.returncode:
        raise ModelError(f"clang-format failed on {name}: {result.stderr.strip()}")
    return result.stdout
