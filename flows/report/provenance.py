"""What a result was made from, and how: commands, versions, hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

_VERSION = "version of "
_OPTION = "option "
_DIGITS = 16


def collect(command: str, config_hash: str, manifests: Mapping[str, dict]) -> dict:
    """Return how to reproduce a result, from the manifests of the stages, in their order."""
    return {
        "command": command,
        "config_hash": config_hash,
        "versions": _versions(manifests.values()),
        "stages": [_describe(stage, manifest) for stage, manifest in manifests.items()],
        "firmware": manifests["firmware"]["outputs"]["firmware.elf"],
    }


def _versions(manifests: Iterable[dict]) -> dict[str, str]:
    found: dict[str, str] = {}
    for manifest in manifests:
        for name, value in manifest["inputs"].items():
            if name.startswith(_VERSION):
                found[name.removeprefix(_VERSION)] = value
    return dict(sorted(found.items()))


def _describe(stage: str, manifest: dict) -> dict:
    values = {
        name: value
        for name, value in manifest["inputs"].items()
        if not name.startswith((_VERSION, _OPTION))
    }
    return {
        "name": stage,
        "command": manifest["command"],
        "files": len(values),
        "inputs": digest(values),
        "outputs": digest(manifest["outputs"]),
    }


def digest(hashes: dict[str, str]) -> str:
    """Return one hash for many files: of their names and hashes, one per line, sorted by name."""
    lines = "".join(f"{name} {value}\n" for name, value in sorted(hashes.items()))
    return hashlib.sha256(lines.encode()).hexdigest()[:_DIGITS]
