"""Common code of the FuseSoC generators: reading the request, writing the generated core."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from flows import config
from flows.config import boards
from flows.errors import HeepstorError

FILE_TYPES = {
    ".sv": "systemVerilogSource",
    ".svh": "systemVerilogSource",
    ".v": "verilogSource",
    ".vlt": "vlt",
    ".cpp": "cppSource",
    ".hpp": "cppSource",
}


@dataclass(frozen=True)
class Request:
    """FuseSoC's request to a generator.

    ``vlnv`` is the name of the core to write, ``files_root`` the folder of the requesting core, and
    ``parameters`` those in its ``generate`` section. Output goes to the current folder.
    """

    vlnv: str
    files_root: Path
    parameters: dict[str, Any]


def read_request(path: str | Path) -> Request:
    """Read the YAML file that FuseSoC passes to a generator."""
    values = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    return Request(values["vlnv"], Path(values["files_root"]), values.get("parameters") or {})


def configuration(request: Request) -> config.Config:
    """Return the hardware configuration to build.

    In order of precedence: the environment variable HEEPSTOR_CONFIG, the board given by the
    parameter ``board``, the one at the repository's root.
    """
    board = request.parameters.get("board")
    if board is None or os.environ.get("HEEPSTOR_CONFIG"):
        return config.load()
    return config.load(config.DEFAULT_PATH.parent / boards.find(board).configuration)


def write_core(
    request: Request,
    description: str,
    files: Sequence[str],
    depend: Sequence[str] = (),
    include_paths: dict[str, str] | None = None,
    file_types: dict[str, str] | None = None,
) -> None:
    """Write a core file that lists ``files`` (relative to the current folder) in this order.

    ``include_paths`` maps include files among them to the folder they are included from;
    ``file_types`` maps files to types that differ from their suffix.
    """
    include_paths = include_paths or {}
    entries = [_file_entry(name, include_paths, file_types or {}) for name in files]
    core = {
        "name": request.vlnv,
        "description": description,
        "filesets": {
            "rtl": {
                "files": entries,
                "depend": list(depend),
            }
        },
        "targets": {"default": {"description": description, "filesets": ["rtl"]}},
    }
    text = "CAPI=2:\n" + yaml.safe_dump(core, sort_keys=False)
    Path(request.vlnv.replace(":", "_") + ".core").write_text(text, encoding="utf-8")


def _file_entry(
    name: str, include_paths: dict[str, str], file_types: dict[str, str]
) -> dict[str, Any]:
    by_suffix = FILE_TYPES.get(Path(name).suffix, "user")
    attributes: dict[str, Any] = {"file_type": file_types.get(name, by_suffix)}
    if name in include_paths:
        attributes |= {"is_include_file": True, "include_path": include_paths[name]}
    return {name: attributes}


def run(generate) -> None:
    """Run ``generate(request)`` as a program; user errors end without a traceback."""
    try:
        generate(read_request(sys.argv[1]))
    except HeepstorError as error:
        sys.exit(f"error: {error}")
