"""Records of what a bitstream was built from, written next to it and checked before it is used.

FuseSoC's work folder has copies of all sources and a description of the project (`*.eda.yml`). The
record `<project>.bit.json` next to the bitstream keeps their content hashes and the bitstream's.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from flows.errors import HeepstorError
from flows.system.files import write_whole

SCHEMA = 2
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Options in the project's description that only affect programming or parallelism.
_WITHOUT_EFFECT = {"pgm", "hw_target", "jtag_freq", "jobs", "build_runner", "flow_make_options"}
# Files for other tools: lint waivers, C++ headers and linker scripts.
_OTHER_TOOLS = ("vlt", "cppSource", "cSource")


def description_file(folder: Path) -> Path:
    """Return FuseSoC's project description in a work folder. Raises HeepstorError without one."""
    found = sorted(folder.glob("*.eda.yml"))
    if len(found) != 1:
        raise HeepstorError(f"{folder} has no FuseSoC project: create it with fusesoc run --setup.")
    return found[0]


def project(folder: Path) -> str:
    """Return the name of the project in a work folder."""
    return description_file(folder).name.removesuffix(".eda.yml")


def bitstream_file(folder: Path) -> Path:
    """Return the path of a work folder's bitstream, whether it exists or not."""
    return folder / f"{project(folder)}.bit"


def record_file(bitstream: Path) -> Path:
    """Return the path of a bitstream's record."""
    return bitstream.with_name(f"{bitstream.name}.json")


def file(folder: Path, name: str) -> Path | None:
    """Return the project's file with that base name in a work folder, or None."""
    found = (Path(file["name"]) for file in _description(folder)["files"])
    return next((folder / path for path in found if path.name == name), None)


def inputs(folder: Path) -> dict[str, str]:
    """Return everything a work folder's bitstream is built from: names and content hashes."""
    description = _description(folder)
    found = {"settings": _settings(description)}
    for file in description["files"]:
        if not file.get("file_type", "").startswith(_OTHER_TOOLS):
            found[file["name"]] = _hash(folder / file["name"])
    # The scripts that our own flows write for Yosys; other scripts are Edalize's.
    found |= {script.name: _hash(script) for script in sorted(folder.glob("*.ys"))}
    found["version of edalize"] = importlib.metadata.version("edalize")
    return found


def _description(folder: Path) -> dict[str, Any]:
    return yaml.load(description_file(folder).read_text(encoding="utf-8"), Loader=_LOADER)


def _settings(description: dict[str, Any]) -> str:
    """Return a hash of the top module, the parameters, the options and the order of the files."""
    options = description.get("flow_options", {})
    chosen = {
        "toplevel": description.get("toplevel"),
        "parameters": description.get("parameters"),
        "options": {name: options[name] for name in sorted(options.keys() - _WITHOUT_EFFECT)},
        "files": [
            file
            for file in description["files"]
            if not file.get("file_type", "").startswith(_OTHER_TOOLS)
        ],
    }
    return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write(folder: Path, made_by: str, made_from: dict[str, str]) -> None:
    """Write the record of the bitstream that was just built.

    `made_by` names the programs with their versions; `made_from` is what `inputs` returned before
    the build. Raises HeepstorError if there is no bitstream (make and FuseSoC may report success
    without one), or if the sources changed in the meantime.
    """
    bitstream = bitstream_file(folder)
    if not bitstream.is_file():
        raise HeepstorError(f"no bitstream was built in {folder} (interrupted?)")
    if change := _difference(made_from, inputs(folder)):
        raise HeepstorError(
            f"the sources in {folder} changed during the build ({change}). Build again."
        )
    content = {
        "schema": SCHEMA,
        "made_by": made_by,
        "bitstream": _hash(bitstream),
        "inputs": made_from,
    }
    write_whole(record_file(bitstream), json.dumps(content, indent=1) + "\n")


def why_stale(folder: Path, bitstream: Path | None = None) -> str | None:
    """Return why a bitstream does not match the project in a work folder, or None if it does.

    `bitstream` defaults to the one in the folder itself.
    """
    bitstream = bitstream or bitstream_file(folder)
    if not bitstream.is_file():
        return "there is none"
    try:
        content = json.loads(record_file(bitstream).read_text(encoding="utf-8"))
        recorded = content["inputs"] if content["schema"] == SCHEMA else None
    except (OSError, ValueError, KeyError, TypeError):
        recorded = None
    if not isinstance(recorded, dict):
        return f"its sources are unknown ({record_file(bitstream).name} is missing or not readable)"
    if content.get("bitstream") != _hash(bitstream):
        return "it does not match its record"
    return _difference(recorded, inputs(folder))


def _difference(old: dict[str, str], new: dict[str, str]) -> str | None:
    """Return the first difference in a few words, and how many more there are."""
    changes = [
        *(f"{name} changed" for name in new if name in old and old[name] != new[name]),
        *(f"{name} is new" for name in new if name not in old),
        *(f"{name} is gone" for name in old if name not in new),
    ]
    if not changes:
        return None
    more = f", and {len(changes) - 1} more" if len(changes) > 1 else ""
    return changes[0] + more


def clear(folder: Path, made: Iterable[str]) -> None:
    """Remove the bitstream, its record and the other products in `made` from a work folder."""
    bitstream = bitstream_file(folder)
    for path in (bitstream, record_file(bitstream), *(folder / name for name in made)):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
