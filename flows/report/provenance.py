"""What a result was made from and how: commands, versions, hashes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from flows.stages.stage import Stage, read_manifest

if TYPE_CHECKING:
    from flows.stages.pipeline import Pipeline

_VERSION = "version of "
_OPTION = "option "
_DIGITS = 16


def collect(pipeline: Pipeline) -> dict:
    """From the manifests of the stages before the report: how to get the same result again."""
    stages = pipeline.before("report")
    manifests = {stage.name: read_manifest(stage.folder) for stage in stages}
    return {
        "command": pipeline.options.command("build"),
        "config_hash": pipeline.config.hash,
        "versions": _versions(manifests.values()),
        "stages": [_describe(stage, manifests[stage.name]) for stage in stages],
        "firmware": manifests["firmware"]["outputs"]["firmware.elf"],
    }


def _versions(manifests) -> dict[str, str]:
    found: dict[str, str] = {}
    for manifest in manifests:
        for name, value in manifest["inputs"].items():
            if name.startswith(_VERSION):
                found[name.removeprefix(_VERSION)] = value
    return dict(sorted(found.items()))


def _describe(stage: Stage, manifest: dict) -> dict:
    values = {
        name: value
        for name, value in manifest["inputs"].items()
        if not name.startswith((_VERSION, _OPTION))
    }
    return {
        "name": stage.name,
        "command": manifest["command"],
        "files": len(values),
        "inputs": digest(values),
        "outputs": digest(manifest["outputs"]),
    }


def digest(hashes: dict[str, str]) -> str:
    """One hash of many files: of their names and hashes, one a line, in the order of the names."""
    lines = "".join(f"{name} {value}\n" for name, value in sorted(hashes.items()))
    return hashlib.sha256(lines.encode()).hexdigest()[:_DIGITS]
