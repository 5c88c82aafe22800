"""Stages: pieces of work with inputs and outputs, redone only when an input changes.

A stage's folder has its outputs and `manifest.json`, which lists every input and output with its
content hash. Work is done in a temporary folder next to it, which is renamed when complete, so that
leftovers of an interrupted run are never mistaken for results.
"""

from __future__ import annotations

import fnmatch
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flows.errors import HeepstorError
from flows.stages.hashing import FileHashes
from flows.stages.recorder import (
    ABSENT,
    FILE,
    FOLDER,
    PACKAGE,
    UNSETTLED,
    VARIABLE,
    Recorder,
    recording,
    state,
)
from flows.system.files import describe, read_json, remove
from flows.system.locks import file_lock

MANIFEST = "manifest.json"
SCHEMA = 2
_NAMED = 3
"""Values, of those that changed, that the reason for a rerun names."""
_PREFIXES = {
    FILE: "",
    FOLDER: "the list of files in ",
    VARIABLE: "environment variable ",
    PACKAGE: "version of ",
}
"""Prefixes of the names of recorded inputs, by kind."""


@dataclass(frozen=True)
class Upstream:
    """The outputs of another stage that a stage reads, selected by a pattern."""

    stage: Stage
    patterns: tuple[str, ...] = ("*",)


@dataclass(frozen=True)
class Stage:
    """A piece of work.

    `work(folder)` writes the outputs to an empty folder. `files` are the sources it depends on,
    `values` everything else, named "option ..." or "version of ...". `results()` returns files that
    earlier stages write next to their outputs. A stage that `records` runs user code: anything else
    that its work reads or looks for is an input, too. `command` is for information only.
    """

    name: str
    folder: Path
    work: Callable[[Path], None]
    files: tuple[Path, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    upstream: tuple[Upstream, ...] = ()
    results: Callable[[], Iterable[Path]] = tuple
    records: bool = False
    command: str = ""


@dataclass(frozen=True)
class Outcome:
    """The result of a stage: `reason` is why it ran, or None if it was up to date.

    `untracked` says why it will run again in any case, as an action of the work, or is "".
    """

    stage: Stage
    reason: str | None
    seconds: float
    untracked: str = ""


class Runner:
    """Brings stages up to date; each stage runs in one process at a time.

    File names in manifests are relative to `root`. If another process is working on the same stage,
    `on_wait` is called with its name.
    """

    def __init__(
        self,
        root: Path,
        hashes: FileHashes,
        on_wait: Callable[[str], None] = lambda holder: None,
    ) -> None:
        self.root = root
        self.hashes = hashes
        self.on_wait = on_wait

    def run(self, stage: Stage, on_start: Callable[[Stage, str], None]) -> Outcome:
        """Do a stage's work if necessary; call `on_start(stage, reason)` first.

        The stages it depends on must be up to date. Raises whatever the work raises.
        """
        started = time.monotonic()
        with file_lock(stage.folder.with_name(f".{stage.folder.name}.lock"), self.on_wait):
            reason = self.why_stale(stage, self.inputs(stage))
            if reason is not None:
                on_start(stage, reason)
                self._work(stage)
        self.hashes.save()
        untracked = _untracked(read_manifest(stage.folder))
        return Outcome(stage, reason, time.monotonic() - started, untracked)

    def inputs(self, stage: Stage) -> dict[str, str]:
        """Return everything a stage depends on: readable names, each with a hash or a value.

        This includes what its work read the last time.
        """
        recorded = read_manifest(stage.folder).get("recorded", {}) if stage.records else {}
        return {**self._states(recorded), **self.declared(stage)}

    def declared(self, stage: Stage) -> dict[str, str]:
        """Return the declared inputs of a stage, in the same form as `inputs`."""
        found = dict(sorted(stage.values.items()))
        found["version of python"] = f"{sys.version_info[0]}.{sys.version_info[1]}"
        found.update(self._hashed(stage.files))
        found.update(self._hashed(stage.results()))
        for upstream in stage.upstream:
            outputs = read_manifest(upstream.stage.folder).get("outputs", {})
            for name, digest in outputs.items():
                if any(fnmatch.fnmatch(name, pattern) for pattern in upstream.patterns):
                    found[f"{upstream.stage.name}/{name}"] = digest
        return found

    def why_stale(self, stage: Stage, inputs: dict[str, str]) -> str | None:
        """Return in a few words why the work has to be done, or None if the outputs are valid."""
        manifest = read_manifest(stage.folder)
        if not manifest:
            return "first run" if not stage.folder.exists() else "unfinished or unreadable"
        changes = describe_changes(manifest["inputs"], inputs)
        if changes:
            return changes
        if untracked := _untracked(manifest):
            return f"it {untracked}, which cannot be tracked"
        for name, digest in manifest["outputs"].items():
            path = stage.folder / name
            if not path.is_file():
                return f"its output {name} is missing"
            if self.hashes.of(path) != digest:
                return f"its output {name} was changed"
        return None

    def _work(self, stage: Stage) -> None:
        inputs = self.declared(stage)
        partial = stage.folder.with_name(f".{stage.folder.name}.partial")
        try:
            remove(partial)
            partial.mkdir(parents=True)
            with recording([partial]) if stage.records else nullcontext() as recorder:
                stage.work(partial)
            self._write_manifest(stage, inputs, partial, recorder)
            self._replace(stage.folder, partial)
        except BrokenPipeError:
            # The reader of the output is gone; nothing is wrong with the stage's files.
            raise
        except OSError as error:
            raise HeepstorError(f"{stage.name}: {describe(error, str(stage.folder))}") from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def _write_manifest(
        self, stage: Stage, inputs: dict[str, str], folder: Path, recorder: Recorder | None
    ) -> None:
        outputs = {
            path.relative_to(folder).as_posix(): self.hashes.of(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        manifest = {
            "schema": SCHEMA,
            "stage": stage.name,
            "command": stage.command,
            "inputs": inputs,
            "outputs": outputs,
        }
        if recorder is not None:
            manifest |= self._recorded(recorder, inputs)
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")

    def _recorded(self, recorder: Recorder, declared: dict[str, str]) -> dict:
        """Return the parts of a manifest for the recorded, undeclared inputs."""
        names: dict[str, list[str]] = {}
        unsettled = {}
        for kind, path, is_settled in sorted(recorder.settled()):
            name = self._shown(Path(path)) if kind in (FILE, FOLDER) else path
            if _input_name(kind, name) not in declared:
                names.setdefault(kind, []).append(name)
                if not is_settled:
                    unsettled[_input_name(kind, name)] = UNSETTLED
        return {
            "inputs": {**declared, **self._states(names), **unsettled},
            "recorded": names,
            "untracked": sorted(recorder.untracked),
        }

    def _states(self, recorded: Mapping[str, Iterable[str]]) -> dict[str, str]:
        """Return the current states of recorded inputs."""
        return {
            _input_name(kind, name): self._state(kind, name)
            for kind, names in recorded.items()
            for name in names
        }

    def _state(self, kind: str, name: str) -> str:
        if kind in (FILE, FOLDER):
            return state(kind, str(self.root / name), lambda path: self.hashes.of(Path(path)))
        return state(kind, name)

    @staticmethod
    def _replace(folder: Path, partial: Path) -> None:
        old = folder.with_name(f".{folder.name}.old")
        remove(old)
        if folder.exists():
            folder.rename(old)
        partial.rename(folder)
        remove(old)

    def _hashed(self, files: Iterable[Path]) -> dict[str, str]:
        return {self._shown(path): self.hashes.of(path) for path in sorted(set(files))}

    def _shown(self, path: Path) -> str:
        return str(path.relative_to(self.root) if path.is_relative_to(self.root) else path)


def read_manifest(folder: Path) -> dict:
    """Read a finished stage's manifest; empty if it is missing or damaged."""
    manifest = read_json(folder / MANIFEST)
    return manifest if isinstance(manifest, dict) and _is_whole(manifest) else {}


def _is_whole(manifest: dict) -> bool:
    """Return whether a manifest is complete and all its types are right."""
    recorded, untracked = manifest.get("recorded", {}), manifest.get("untracked", [])
    return (
        manifest.get("schema") == SCHEMA
        and all(_are_texts(manifest.get(part)) for part in ("inputs", "outputs"))
        and isinstance(recorded, dict)
        and recorded.keys() <= _PREFIXES.keys()
        and all(_is_list_of_texts(names) for names in (*recorded.values(), untracked))
    )


def _are_texts(values: object) -> bool:
    return isinstance(values, dict) and all(isinstance(value, str) for value in values.values())


def _is_list_of_texts(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def _untracked(manifest: Mapping[str, Any]) -> str:
    return " and ".join(manifest.get("untracked", ()))


def _input_name(kind: str, name: str) -> str:
    """Return the name of a recorded input."""
    return _PREFIXES[kind] + name


def describe_changes(before: Mapping[str, str], now: Mapping[str, str]) -> str | None:
    """Return the difference between two sets of inputs in a few words, or None if they are equal.

    Names some of the changed values or else the first changed file, and how many more there are.
    """
    names = [
        name for name in {**now, **before} if before.get(name, ABSENT) != now.get(name, ABSENT)
    ]
    if not names:
        return None
    named = [name for name in names if _is_value(name)][:_NAMED] or names[:1]
    text = ", ".join(
        _change(name, before.get(name, ABSENT), now.get(name, ABSENT)) for name in named
    )
    return text + (f" (and {len(names) - len(named)} more)" if len(names) > len(named) else "")


def _is_value(name: str) -> bool:
    """Return whether an input is a short text, not the hash of a file."""
    return name.startswith(("option ", "version "))


def _change(name: str, before: str, now: str) -> str:
    if before == ABSENT:
        return f"{name} is new"
    if now == ABSENT:
        return f"{name} is gone"
    return f"{name}: {before} -> {now}" if _is_value(name) else f"{name} changed"
