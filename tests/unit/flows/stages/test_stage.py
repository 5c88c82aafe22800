"""Stages run again exactly when something that they depend on changed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from flows.errors import HeepstorError
from flows.stages.hashing import FileHashes
from flows.stages.recorder import ABSENT
from flows.stages.stage import (
    MANIFEST,
    SCHEMA,
    Runner,
    Stage,
    Upstream,
    describe_changes,
    read_manifest,
)
from flows.system.files import describe


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path, FileHashes(tmp_path / "build" / ".hashes.json"))


def copying(tmp_path: Path, name: str, source: Path, **more) -> Stage:
    """A stage that writes the upper-case text of a file."""

    def work(folder: Path) -> None:
        (folder / "deep").mkdir()
        (folder / "deep" / "out.txt").write_text(source.read_text().upper())
        (folder / "note.txt").write_text(str(len(source.read_text())))

    return Stage(name, tmp_path / "build" / name, work, files=(source,), **more)


def reason(runner: Runner, stage: Stage) -> str | None:
    return runner.run(stage, lambda *_: None).reason


def test_runs_once_and_then_only_after_a_change(tmp_path, runner):
    source = tmp_path / "source.txt"
    source.write_text("one")
    stage = copying(tmp_path, "first", source, values={"option speed": "fast"})
    assert reason(runner, stage) == "first run"
    assert (stage.folder / "deep" / "out.txt").read_text() == "ONE"
    assert reason(runner, stage) is None

    source.write_text("two")
    assert reason(runner, stage) == "source.txt changed"
    assert (stage.folder / "deep" / "out.txt").read_text() == "TWO"

    slower = copying(tmp_path, "first", source, values={"option speed": "slow"})
    assert reason(runner, slower) == "option speed: fast -> slow"
    assert reason(runner, slower) is None
    os.utime(source)
    assert reason(runner, slower) is None, "a new time on the same content is no change"


def test_results_of_others_count_as_soon_as_they_are_there(tmp_path, runner):
    file = tmp_path / "result"
    stage = Stage(
        "s", tmp_path / "build" / "s", lambda folder: None, results=lambda: tmp_path.glob("result")
    )
    assert reason(runner, stage) == "first run"
    file.write_text("one")
    assert reason(runner, stage) == "result is new"
    file.write_text("two")
    assert reason(runner, stage) == "result changed"
    assert reason(runner, stage) is None


def test_damaged_outputs_are_made_again(tmp_path, runner):
    source = tmp_path / "source.txt"
    source.write_text("one")
    stage = copying(tmp_path, "first", source)
    reason(runner, stage)
    (stage.folder / "note.txt").unlink()
    assert reason(runner, stage) == "its output note.txt is missing"
    (stage.folder / "deep" / "out.txt").write_text("other")
    assert reason(runner, stage) == "its output deep/out.txt was changed"
    (stage.folder / MANIFEST).write_text("{")
    assert reason(runner, stage) == "unfinished or unreadable"
    assert reason(runner, stage) is None


@pytest.mark.parametrize(
    "content",
    [
        *("", "[]", "null", "5", "[" * 100_000, '{"schema": 2}', '{"schema": 2, "inputs": {}}'),
        '{"schema": 2, "inputs": [], "outputs": {}}',
        '{"schema": 2, "inputs": {"a": {}}, "outputs": {}}',
        '{"schema": 2, "inputs": {}, "outputs": {"a": null}}',
        '{"schema": 2, "inputs": {}, "outputs": {}, "recorded": []}',
        '{"schema": 2, "inputs": {}, "outputs": {}, "recorded": {"files": 5}}',
        '{"schema": 2, "inputs": {}, "outputs": {}, "recorded": {"sockets": []}}',
        '{"schema": 2, "inputs": {}, "outputs": {}, "untracked": 5}',
    ],
)
def test_a_manifest_of_the_wrong_shape_is_none(tmp_path, runner, content):
    source = tmp_path / "source.txt"
    source.write_text("one")
    stage = copying(tmp_path, "first", source)
    reason(runner, stage)
    manifest = (stage.folder / MANIFEST).read_text()
    (stage.folder / MANIFEST).write_text(content.replace('"schema": 2', f'"schema": {SCHEMA}'))
    assert reason(runner, stage) == "unfinished or unreadable"
    assert json.loads(manifest) == read_manifest(stage.folder)


@pytest.mark.parametrize(
    "name", ["first", ".first.lock", ".first.partial", ".first.old", "first/manifest.json"]
)
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_lies_where_a_stage_writes(tmp_path, runner, name, kind):
    """It is replaced, or the message names it."""
    source = tmp_path / "source.txt"
    source.write_text("one")
    path = tmp_path / "build" / name
    path.parent.mkdir(parents=True)
    if kind == "file":
        path.write_text("text")
    else:
        (path / "inner").mkdir(parents=True)
    try:
        reason(runner, copying(tmp_path, "first", source))
    except (OSError, HeepstorError) as error:
        assert name in (str(error) if isinstance(error, HeepstorError) else describe(error))
    else:
        assert reason(runner, copying(tmp_path, "first", source)) is None
        source.write_text("two")
        assert reason(runner, copying(tmp_path, "first", source)) == "source.txt changed"


def test_upstream_counts_by_content_and_by_the_files_that_are_read(tmp_path, runner):
    source = tmp_path / "source.txt"
    source.write_text("one")
    first = copying(tmp_path, "first", source)
    seen = []
    second = Stage(
        "second",
        tmp_path / "build" / "second",
        lambda folder: seen.append((first.folder / "note.txt").read_text()),
        upstream=(Upstream(first, ("note.*",)),),
    )
    reason(runner, first)
    assert reason(runner, second) == "first run"
    source.write_text("two")
    assert reason(runner, first) == "source.txt changed"
    assert reason(runner, second) is None, "note.txt has the same bytes"
    source.write_text("three")
    reason(runner, first)
    assert reason(runner, second) == "first/note.txt changed"
    assert seen == ["3", "5"]


def test_a_failure_keeps_the_old_result_and_leaves_nothing_half_made(tmp_path, runner):
    source = tmp_path / "source.txt"
    source.write_text("one")
    stage = copying(tmp_path, "first", source)
    reason(runner, stage)
    before = read_manifest(stage.folder)

    def fail(folder: Path) -> None:
        (folder / "half.txt").write_text("half")
        raise KeyboardInterrupt

    source.write_text("two")
    broken = Stage("first", stage.folder, fail, files=(source,))
    with pytest.raises(KeyboardInterrupt):
        reason(runner, broken)
    assert read_manifest(stage.folder) == before
    assert sorted(path.name for path in stage.folder.parent.iterdir() if path.is_dir()) == ["first"]
    assert reason(runner, stage) == "source.txt changed"


def test_a_killed_run_leaves_nothing_that_is_trusted(tmp_path):
    """The stage's process is killed between its first output and its manifest."""
    program = f"""
import os, signal, sys
from pathlib import Path
from flows.stages.hashing import FileHashes
from flows.stages.stage import Runner, Stage
def work(folder):
    (folder / "half.txt").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
root = Path({str(tmp_path)!r})
Runner(root, FileHashes()).run(Stage("s", root / "s", work), lambda *_: None)
"""
    subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[4])
    assert (tmp_path / ".s.partial" / "half.txt").exists()
    runner = Runner(tmp_path, FileHashes())
    whole = Stage("s", tmp_path / "s", lambda folder: (folder / "whole.txt").touch())
    assert reason(runner, whole) == "first run"
    assert list(read_manifest(whole.folder)["outputs"]) == ["whole.txt"]
    assert not (tmp_path / ".s.partial").exists()


def test_two_processes_do_not_work_on_the_same_stage(tmp_path):
    """The second waits, and then finds everything done."""
    at_work, runs, waited = threading.Event(), [], []

    def work(folder: Path) -> None:
        runs.append(folder)
        at_work.set()
        (folder / "out.txt").write_text("out")
        while not waited:
            pass

    stage = Stage("s", tmp_path / "s", work)
    arguments = (Runner(tmp_path, FileHashes()), stage)
    first = threading.Thread(target=reason, args=arguments, daemon=True)
    first.start()
    assert at_work.wait(10)
    assert reason(Runner(tmp_path, FileHashes(), waited.append), stage) is None
    first.join(10)
    assert len(runs) == 1


@pytest.mark.parametrize("file", [".s.partial/x", None])
def test_a_full_disk_is_a_message(tmp_path, runner, file):
    """Where the error names no file, the message names the stage's folder."""

    def fail(folder: Path) -> None:
        raise OSError(28, "No space left on device", file and str(tmp_path / file))

    place = re.escape(str(tmp_path / (file or "s")))
    with pytest.raises(HeepstorError, match=f"^s: {place}: No space left on device"):
        reason(runner, Stage("s", tmp_path / "s", fail))


def test_a_pipe_that_is_closed_is_no_fault_of_the_disk(tmp_path, runner):
    """`./heepstor build ... | head -1`: the task ends as programs in a pipe do."""

    def show_progress(folder: Path) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    with pytest.raises(BrokenPipeError):
        reason(runner, Stage("s", tmp_path / "s", show_progress))
    assert not (tmp_path / ".s.partial").exists()


def test_manifest_names_inputs_and_outputs(tmp_path, runner):
    source = tmp_path / "source.txt"
    source.write_text("one")
    stage = copying(
        tmp_path, "first", source, values={"version of torch": "2"}, command="invoke first"
    )
    reason(runner, stage)
    manifest = json.loads((stage.folder / MANIFEST).read_text())
    assert manifest["command"] == "invoke first"
    assert manifest["inputs"]["version of torch"] == "2"
    assert set(manifest["outputs"]) == {"deep/out.txt", "note.txt"}
    assert len(manifest["inputs"]["source.txt"]) == 64


def test_describe_changes():
    before = {"a.py": "1", "b.py": "1", "option n": "1"}
    assert describe_changes(before, before) is None
    assert describe_changes(before, {**before, "a.py": "2"}) == "a.py changed"
    assert describe_changes(before, {**before, "c.py": "2"}) == "c.py is new"
    assert describe_changes(before, {"a.py": "2", "b.py": "1"}) == "option n is gone (and 1 more)"
    values = {"a.py": "1", "option x": "1", "option y": "2", "version of z": "3"}
    after = {"a.py": "2", "option x": "4", "option w": "5", "version of z": "6"}
    assert describe_changes(values, after) == (
        "option x: 1 -> 4, option w is new, version of z: 3 -> 6 (and 2 more)"
    )
    assert describe_changes(before, {**before, "a.py": ABSENT}) == "a.py is gone"
    assert describe_changes(before, {**before, "c.py": ABSENT}) is None
    assert describe_changes({**before, "c.py": ABSENT}, {**before, "c.py": "1"}) == "c.py is new"
