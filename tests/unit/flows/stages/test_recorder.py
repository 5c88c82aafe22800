"""What a stage's work reads and looks for is recorded: it runs again when any of that changes."""

from __future__ import annotations

import contextlib
import gzip
import importlib
import importlib.util
import json
import multiprocessing
import os
import re
import runpy
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from flows.stages.hashing import FileHashes
from flows.stages.stage import Runner, Stage, read_manifest


def run(root: Path, work: Callable[[Path], object]) -> str | None:
    """Runs a stage that records, if it has to; returns why it ran."""
    stage = Stage("s", root / "build" / "s", lambda out: work(root), records=True)
    return Runner(root, FileHashes()).run(stage, lambda *_: None).reason


def recorded(root: Path) -> dict[str, list[str]]:
    found = read_manifest(root / "build" / "s")["recorded"]
    return {kind: names for kind, names in found.items() if kind != "packages"}


def import_by_name(root: Path) -> None:
    sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    try:
        importlib.import_module("recorded_module")
    finally:
        sys.path.remove(str(root))
        sys.modules.pop("recorded_module", None)


def import_by_path(root: Path) -> None:
    spec = importlib.util.spec_from_file_location("other", root / "recorded_module.py")
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


def map_natively(root: Path) -> None:
    """C++ opens the file; that it is there is asked before."""
    if (root / "a.npy").is_file():
        torch.from_file(str(root / "a.npy"), size=3)


READERS = {
    "text": ("a.txt", lambda root: (root / "a.txt").read_text()),
    "relative": ("a.txt", lambda root: open(os.path.relpath(root / "a.txt"), "rb").close()),  # noqa: PTH123
    "bytes": ("a.txt", lambda root: open(os.fsencode(root / "a.txt")).close()),  # noqa: PTH123
    "descriptor": ("a.txt", lambda root: os.close(os.open(root / "a.txt", os.O_RDONLY))),
    "update": ("a.txt", lambda root: (root / "a.txt").open("r+").close()),
    "gzip": ("a.gz", lambda root: gzip.open(root / "a.gz").close()),
    "npy": ("a.npy", lambda root: np.load(root / "a.npy")),
    "memmap": ("a.npy", lambda root: np.memmap(root / "a.npy")),
    "fromfile": ("a.npy", lambda root: np.fromfile(root / "a.npy")),
    "npz": ("a.npz", lambda root: np.load(root / "a.npz")["x"]),
    "torch": ("a.pt", lambda root: torch.load(root / "a.pt")),
    "torch mapped": ("a.pt", lambda root: torch.load(root / "a.pt", mmap=True)),
    "picture": ("a.png", lambda root: Image.open(root / "a.png").load()),
    "sqlite": ("a.db", lambda root: sqlite3.connect(root / "a.db").execute("select 1")),
    "import": ("recorded_module.py", import_by_name),
    "import by path": ("recorded_module.py", import_by_path),
    "runpy": ("recorded_module.py", lambda root: runpy.run_path(root / "recorded_module.py")),
    "native": ("a.npy", map_natively),
    "..": ("a.txt", lambda root: (root / "data" / ".." / "a.txt").read_text()),
    "link": ("link.txt", lambda root: (root / "link.txt").read_text()),
    "linked folder": (
        "data/linked/b.txt",
        lambda root: next((root / "data/linked").glob("b.*")).read_text(),
    ),
}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a file of each kind."""
    (tmp_path / "data" / "set").mkdir(parents=True)
    for name in ("a.txt", "data/own.bin", "data/set/b.txt"):
        (tmp_path / name).write_text("1")
    (tmp_path / "recorded_module.py").write_text("x = 1\n")
    with gzip.open(tmp_path / "a.gz", "wb") as file:
        file.write(b"1")
    np.save(tmp_path / "a.npy", np.zeros(3))
    np.savez(tmp_path / "a.npz", x=np.zeros(3))
    torch.save({"x": torch.zeros(3)}, tmp_path / "a.pt")
    Image.new("L", (2, 2)).save(tmp_path / "a.png")
    sqlite3.connect(tmp_path / "a.db").execute("create table x (y)").connection.close()
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b.txt").write_text("1")
    (tmp_path / "link.txt").symlink_to(outside / "b.txt")
    (tmp_path / "data" / "linked").symlink_to(outside)
    return tmp_path


@pytest.mark.parametrize(("name", "read"), READERS.values(), ids=READERS.keys())
def test_a_file_that_was_read_counts_however_it_was_opened(files, name, read):
    assert run(files, read) == "first run"
    assert run(files, read) is None
    (files / "unrelated").write_text("new")
    assert run(files, read) is None
    with (files / name).open("ab") as file:
        file.write(b"\n")
    shown, changed, _ = (run(files, read) or "").partition(" changed")
    assert changed and (files / shown).samefile(files / name)
    assert run(files, read) is None


def test_a_link_that_points_elsewhere_is_another_file(files):
    def read(root: Path) -> None:
        (root / "link.txt").read_text()

    run(files, read)
    (files / "other.txt").write_text("other")
    (files / "link.txt").unlink()
    (files / "link.txt").symlink_to(files / "other.txt")
    assert run(files, read) == "link.txt changed"


def open_if_there(root: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        (root / "data" / "new.bin").read_bytes()


LOOKUPS = {
    "exists": lambda root: (root / "data/new.bin").exists(),
    "os.path": lambda root: os.path.isfile(root / "data/new.bin"),  # noqa: PTH113
    "access": lambda root: os.access(root / "data/new.bin", os.R_OK),
    "link": lambda root: (root / "data/new.bin").is_symlink(),
    "glob": lambda root: list((root / "data").glob("new.bin")),
    "open": open_if_there,
}


@pytest.mark.parametrize("look", LOOKUPS.values(), ids=LOOKUPS.keys())
def test_a_file_that_was_looked_for_counts_when_it_is_there(files, look):
    run(files, look)
    (files / "data" / "set" / "other.bin").write_text("in another folder")
    assert run(files, look) is None
    (files / "data" / "new.bin").write_text("new")
    reason = run(files, look) or ""
    assert reason in ("data/new.bin is new", "the list of files in data changed")
    assert run(files, look) is None
    (files / "data" / "new.bin").unlink()
    assert run(files, look)


LISTINGS = {
    "iterdir": lambda root: list((root / "data/set").iterdir()),
    "listdir": lambda root: os.listdir(root / "data/set"),  # noqa: PTH208
    "scandir": lambda root: list(os.scandir(root / "data/set")),
    "rglob": lambda root: list((root / "data").rglob("*.txt")),
    "walk": lambda root: list(os.walk(root / "data")),
}


@pytest.mark.parametrize("look", LISTINGS.values(), ids=LISTINGS.keys())
def test_a_folder_that_was_listed_counts_by_its_names(files, look):
    run(files, look)
    (files / "outside" / "new.txt").write_text("elsewhere")
    (files / "data" / "set" / "b.txt").write_text("other content")
    assert run(files, look) is None
    (files / "data" / "set" / "new.txt").write_text("new")
    assert (run(files, look) or "").startswith("the list of files in data/set changed")


def test_an_environment_variable_that_was_asked_for_counts(tmp_path, monkeypatch):
    def ask(root: Path) -> None:
        os.environ.get("HEEPSTOR_TEST_A")
        os.getenv("HEEPSTOR_TEST_B", "none")

    monkeypatch.delenv("HEEPSTOR_TEST_A", raising=False)
    monkeypatch.setenv("HEEPSTOR_TEST_B", "1")
    assert run(tmp_path, ask) == "first run"
    monkeypatch.setenv("HEEPSTOR_TEST_C", "1")
    assert run(tmp_path, ask) is None
    monkeypatch.setenv("HEEPSTOR_TEST_A", "1")
    assert run(tmp_path, ask) == "environment variable HEEPSTOR_TEST_A is new"
    monkeypatch.setenv("HEEPSTOR_TEST_B", "2")
    assert run(tmp_path, ask) == "environment variable HEEPSTOR_TEST_B changed"
    monkeypatch.delenv("HEEPSTOR_TEST_B")
    assert run(tmp_path, ask) == "environment variable HEEPSTOR_TEST_B is gone"
    assert run(tmp_path, ask) is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("top_level.txt", "recorded_module\n"),
        ("RECORD", "recorded_module.py,,\nrecorded_package-1.dist-info/METADATA,,\n"),
        ("RECORD", '"recorded_module/one, two.py",,\n'),
    ],
)
def test_versions_of_the_packages_that_are_used_count(tmp_path, monkeypatch, name, content):
    """Of any that are installed beside those that HEEPstor needs."""
    for version, folder in (("1", tmp_path / "one"), ("2", tmp_path / "two")):
        description = folder / "recorded_package-1.dist-info"
        description.mkdir(parents=True)
        text = f"Metadata-Version: 2.1\nName: recorded-package\nVersion: {version}\n"
        (description / "METADATA").write_text(text)
        (description / name).write_text(content)
        (folder / "recorded_module.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path / "one")

    def use(root: Path) -> None:
        importlib.import_module("recorded_module")

    try:
        assert run(tmp_path, use) == "first run"
        assert run(tmp_path, use) is None
        monkeypatch.syspath_prepend(tmp_path / "two")
        assert run(tmp_path, use) == "version of recorded-package: 1 -> 2"
    finally:
        sys.modules.pop("recorded_module")


def test_what_the_work_makes_itself_counts_from_then_on(files):
    """A download, or data that are prepared once: as if they had been there before."""

    def fetch(root: Path) -> None:
        made = root / "data" / "fetched" / "x.npy"
        if not made.exists():
            made.parent.mkdir()
            handle, temporary = tempfile.mkstemp(dir=made.parent)
            os.close(handle)
            with Path(temporary).open("wb") as file:
                np.save(file, np.zeros(3))
            Path(temporary).replace(made)
        np.load(made)
        with tempfile.TemporaryDirectory() as folder:
            torch.save([1], Path(folder) / "x.pt")
            torch.load(Path(folder) / "x.pt")

    assert run(files, fetch) == "first run"
    assert recorded(files) == {"files": ["data/fetched/x.npy"]}
    assert run(files, fetch) is None
    np.save(files / "data" / "fetched" / "x.npy", np.ones(3))
    assert run(files, fetch) == "data/fetched/x.npy changed"
    shutil.rmtree(files / "data" / "fetched")
    assert run(files, fetch) == "data/fetched/x.npy is gone"
    assert run(files, fetch) is None


def test_a_file_that_others_change_meanwhile_is_read_again(files):
    descriptor = os.open(files / "a.txt", os.O_WRONLY)

    def read(root: Path) -> None:
        (root / "a.txt").read_text()
        # As another process would: nothing says that it is this one.
        if not (root / "build" / "s").exists():
            os.write(descriptor, b"22")

    assert run(files, read) == "first run"
    os.close(descriptor)
    assert run(files, read) == "a.txt changed (and 1 more)"
    assert run(files, read) is None


def fork(root: Path) -> None:
    if (child := os.fork()) == 0:
        os._exit(0)
    os.waitpid(child, 0)


def connect(root: Path) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        socket.create_connection(listening.getsockname()).close()


def read_a_pipe(root: Path) -> None:
    os.mkfifo(root / "pipe")
    writing = os.open(root / "pipe", os.O_RDWR)
    (root / "pipe").open("rb", buffering=0).close()
    os.close(writing)
    (root / "pipe").unlink()


def start_worker(root: Path) -> None:
    worker = multiprocessing.get_context("fork").Process(target=int)
    worker.start()
    worker.join()


@pytest.mark.parametrize(
    ("work", "what"),
    [
        (lambda root: subprocess.run(["cat", root / "a.txt"]), r"started a program \(cat\)"),
        (lambda root: subprocess.run(f"cat {root}/a.txt", shell=True), r"started a program \(sh\)"),
        (lambda root: os.system("true"), r"started a program \(true\)"),
        (fork, "started another process"),
        (start_worker, "started another process"),
        (connect, "used the network"),
        (read_a_pipe, "read .*/pipe"),
    ],
)
def test_what_cannot_be_tracked_runs_each_time_and_says_why(files, work, what):
    run(files, work)
    for _ in range(2):
        assert re.fullmatch(f"it {what}, which cannot be tracked", run(files, work))
    # As soon as the work is without it, nothing is left of that.
    assert run(files, lambda root: None)
    assert run(files, lambda root: None) is None


def test_nothing_is_recorded_of_stages_that_declare_their_inputs(files):
    stage = Stage("s", files / "build" / "s", lambda out: (files / "a.txt").read_text())
    runner = Runner(files, FileHashes())
    runner.run(stage, lambda *_: None)
    (files / "a.txt").write_text("2")
    assert runner.run(stage, lambda *_: None).reason is None
    assert "recorded" not in json.loads((stage.folder / "manifest.json").read_text())
