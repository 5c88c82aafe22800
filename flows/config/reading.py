"""Reading configurations: from files, from other tasks' output, with some knobs changed."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

import hjson

from flows.config.configuration import Config
from flows.config.rules import check_fields, check_knob, check_values
from flows.errors import HeepstorError
from flows.repository import ROOT
from flows.system.files import write_whole

DEFAULT_PATH = ROOT / "heepstor_cfg.hjson"
_MOST_BYTES = 1 << 20


def load(path: str | Path | None = None) -> Config:
    """Read and check a configuration file.

    Without a path, reads the file that the environment variable HEEPSTOR_CONFIG names, or else the
    one at the repository's root. Raises HeepstorError with every problem found.
    """
    path = Path(path or os.environ.get("HEEPSTOR_CONFIG") or DEFAULT_PATH)
    return from_dict(_resolved(path), source=str(path))


def _resolved(path: Path) -> Any:
    """Return the values in a file; knobs that it omits have the values in DEFAULT_PATH.

    Raises HeepstorError if DEFAULT_PATH is needed but is not valid itself.
    """
    values = _read(path)
    if path.resolve() == DEFAULT_PATH:
        return values
    defaults = _read(DEFAULT_PATH)
    from_dict(defaults, source=str(DEFAULT_PATH))
    return _laid_over(defaults, values)


def _laid_over(defaults: Any, values: Any) -> Any:
    """Return the given values, and the defaults for the others; unchecked."""
    if not (isinstance(defaults, dict) and isinstance(values, dict)):
        return values
    laid_over = {name: _laid_over(defaults.get(name), value) for name, value in values.items()}
    return {**defaults, **laid_over}


def _read(path: Path) -> Any:
    """Return a configuration file's values, unchecked."""
    try:
        return hjson.loads(_text(path), object_pairs_hook=_section)
    except OSError as error:
        raise HeepstorError(
            f"cannot read the hardware configuration {path}: {error.strerror}; "
            "name an existing file with --config or HEEPSTOR_CONFIG"
        ) from error
    except RecursionError as error:
        raise HeepstorError(
            f"the hardware configuration {path} is nested too deeply; expected knobs, and "
            "sections of knobs"
        ) from error
    except ValueError as error:
        raise HeepstorError(
            f"the hardware configuration {path} is not valid Hjson: {error}"
        ) from error


def read_json(path: Path) -> Config:
    """Return the configuration that `write_json` has written."""
    values = json.loads(path.read_text(encoding="utf-8"))
    del values["hash"]
    values["arena_kib"] = "auto" if values["arena_kib"] is None else values["arena_kib"]
    return from_dict(values, source=str(path))


def _text(path: Path) -> str:
    """Return the content of a regular file of limited size, which can be read more than once."""
    if path.exists() and not path.is_file():
        kind = "a folder" if path.is_dir() else "a pipe or a device"
        raise HeepstorError(f"the hardware configuration {path} is {kind}; expected a file")
    size = path.stat().st_size
    if size > _MOST_BYTES:
        raise HeepstorError(
            f"the hardware configuration {path} has {size:,} bytes; expected an Hjson file of at "
            f"most {_MOST_BYTES:,}"
        )
    return path.read_text(encoding="utf-8-sig")


def _section(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a section of the configuration. Raises ValueError if a knob is given twice."""
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice} is given more than once")
    return values


def changed(path: Path, overrides: str, folder: Path) -> Path:
    """Return the path of a configuration with some knobs changed, which names all knobs.

    `overrides` reads like "engine.array_size=16,arena_kib=auto"; the file is written to `folder`.
    Without overrides, `path` itself is returned. Raises HeepstorError for a knob that does not
    exist, or with every invalid value.
    """
    if not overrides:
        return path
    values = _resolved(path)
    for assignment in overrides.split(","):
        _assign(values, assignment.strip())
    config = from_dict(values, source=f"{path} with --set {overrides}")
    text = json.dumps(values, indent=2) + "\n"
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    target = folder / f"{config.hash}-{digest}.hjson"
    write_whole(target, text)
    return target


def _assign(values: dict[str, Any], assignment: str) -> None:
    """Set one knob, as in "memory.banks=16". Raises HeepstorError if there is no such knob."""
    name, _, text = (part.strip() for part in assignment.partition("="))
    if not name or not text:
        raise HeepstorError(
            f"--set has {assignment!r}: expected hardware knobs and their values, separated by "
            "commas, such as engine.array_size=16,memory.bank_kib=64."
        )
    check_knob(name)
    *sections, last = name.split(".")
    for section in sections:
        values = values.setdefault(section, {}) if isinstance(values, dict) else None
    # Anything else wrong with the file is reported when all of it is checked.
    if isinstance(values, dict):
        values[last] = _value(text)


def _value(text: str) -> int | str:
    """Return what a value of --set stands for: a number, true or false, or itself."""
    if text in ("true", "false"):
        return text == "true"
    return int(text) if re.fullmatch("[0-9]{1,18}", text) else text


def from_dict(values: Any, source: str = "configuration") -> Config:
    """Make a Config from nested dictionaries; ``source`` names them in error messages."""
    normalized, problems = check_fields(values)
    if not problems:
        problems = check_values(normalized)
    if problems:
        lines = "\n".join(f"  - {problem}" for problem in problems)
        raise HeepstorError(f"the hardware configuration {source} can't be built:\n{lines}")
    return Config.from_dict(normalized)
