"""The list of mutants fits the sources; and `heepstor mutate` on a small repository of its own."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import hjson
import pytest

from flows.errors import HeepstorError
from flows.repository import ROOT
from flows.system.locks import file_lock
from flows.terminal.progress import Terminal
from flows.testing import mutate
from flows.testing.mutate import mutants

NO_SHRINKING = "flows/testing/mutate/no_shrinking.py"
MUTANTS = mutants.read(ROOT)
# Edalize finds its flows where they are installed, not in the copy that is edited: only tests that
# import them by their names here see the edit.
FOUND_BY_EDALIZE = ("flows/edalize_flows/", "flows/edalize_tools/")
FOREVER = "__import__('time').sleep(9999)"
SUM = "def add(a, b):\n    return a + b\n"


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_mutant_fits_the_sources(mutant: mutants.Mutant) -> None:
    """Its text is there exactly once, and so are its tests."""
    assert mutant.problem(ROOT) is None
    assert mutant.meaning and mutant.tests
    if mutant.file.startswith(FOUND_BY_EDALIZE):
        assert all(test.startswith("tests/unit/") for test in mutant.tests)


def test_there_are_many_of_each_kind() -> None:
    assert len(MUTANTS) >= 60
    for folder in ("cores/", "modelgen/", "sw/", "flows/"):
        assert len([m for m in MUTANTS if m.file.startswith(folder)]) >= 5, folder


def mutant(after: str, **changes: object) -> dict:
    fields = {"meaning": "wrong", "file": "modelgen/sum.py", "before": "a + b", "after": after}
    return {**fields, "tests": ["tests/test_sum.py::test_add"], **changes}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a function and its test, which does not look at negative numbers."""
    texts = {
        "flows/__init__.py": "",
        "flows/testing/__init__.py": "",
        "flows/testing/mutate/__init__.py": "",
        NO_SHRINKING: (ROOT / NO_SHRINKING).read_text(),
        "modelgen/__init__.py": "",
        "modelgen/sum.py": SUM,
        "pyproject.toml": "[tool.pytest.ini_options]\npythonpath = ['.']\n",
        "tests/test_sum.py": "import pytest\nfrom modelgen.sum import add\n"
        "def test_add():\n    assert add(2, 3) == 5\n"
        "def test_wrong():\n    assert add(2, 3) == 6\n"
        "def test_skipped():\n    pytest.skip('no tool')\n",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def run(repository: Path, listed: dict[str, dict], again: bool = False) -> tuple[int, str]:
    """Run the mutants of a list; return the exit code, and what is printed."""
    folder = repository / mutants.FOLDER
    folder.mkdir(exist_ok=True)
    (folder / "all.hjson").write_text(hjson.dumps(listed))
    stream = io.StringIO()
    code = mutate.main(repository, "", 2, again, Terminal(stream))
    assert (repository / "modelgen/sum.py").read_text() == SUM, "the working tree is untouched"
    return code, stream.getvalue()


def test_killed_and_explained_mutants(repository: Path) -> None:
    listed = {"minus": mutant("a - b"), "same": mutant("b + a", explained="the sum is the same")}
    code, text = run(repository, listed)
    assert code == 0, text
    assert "minus: killed" in text and "same: survived (explained)" in text
    assert "2 mutants: 1 killed, 1 explained, 0 not" in text


def test_every_copy_runs_the_tests_first(repository: Path) -> None:
    """So that none has to build, within a mutant's time, what its tests share."""
    run(repository, {"minus": mutant("a - b"), "times": mutant("a * b")})
    results = (repository / mutate.FOLDER).glob("copy*/build/baseline.xml")
    assert [path.parents[1].name for path in sorted(results)] == ["copy0", "copy1"]


def test_a_survivor_is_named(repository: Path) -> None:
    code, text = run(repository, {"minus": mutant("a - b"), "sizes": mutant("abs(a) + abs(b)")})
    assert code == 1
    assert "survived: sizes (modelgen/sum.py): wrong" in text
    assert "2 mutants: 1 killed, 0 explained, 1 not" in text


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        (mutant("a - b", explained="nobody can see it"), "explained, but killed: it"),
        (mutant("a +"), "invalid: it"),
    ],
)
def test_lists_that_are_wrong(repository: Path, listed: dict, message: str) -> None:
    code, text = run(repository, {"it": listed})
    assert code == 1 and message in text


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        (mutant("a - b", before="a * b"), "0 times in modelgen/sum.py; expected once"),
        (mutant("a - b", before="a"), "3 times in modelgen/sum.py"),
        (mutant("a + b"), "changes nothing"),
        (mutant("a - b", file="modelgen/gone.py"), "modelgen/gone.py does not exist"),
        (mutant("a - b", tests=["tests/test_sum.py::test_gone"]), "there is no test"),
        (mutant("a - b", tests=["tests/test_sum.py::test_wrong"]), "fail without any mutant"),
        (mutant("a - b", tests=["tests/test_sum.py::test_skipped"]), "skipped here: test_skipped"),
        (mutant("a - b", test="x"), "has missing or unknown fields: ['test']"),
        (
            {"meaning": "wrong"},
            "has missing or unknown fields: ['after', 'before', 'file', 'tests']",
        ),
    ],
)
def test_lists_that_are_refused(repository: Path, listed: dict, message: str) -> None:
    with pytest.raises(HeepstorError) as raised:
        run(repository, {"it": listed})
    assert message in str(raised.value)


def test_an_interrupted_run_goes_on_where_it_stopped(repository: Path) -> None:
    both = {"minus": mutant("a - b"), "times": mutant("a * b")}
    run(repository, {"minus": both["minus"]})
    # As Ctrl-C may leave a copy: with the edit in it.
    (repository / mutate.FOLDER / "copy0/modelgen/sum.py").write_text("def add(a, b): return 9\n")
    # A list is one of the sources: results are of a mutant and of what it changes.
    results = repository / mutate.FOLDER / "results.json"
    listed = repository / mutants.FOLDER / "all.hjson"
    listed.write_text(hjson.dumps(both))
    kept = json.loads(results.read_text())
    code, text = run(repository, both)
    assert code == 0 and "2 mutants, 1 with a known result" in text
    assert "minus: killed" not in text and "times: killed" in text
    assert kept["verdicts"].items() < json.loads(results.read_text())["verdicts"].items()
    assert "2 mutants, 2 with a known result" in run(repository, both)[1]
    assert "2 mutants, 0 with a known result" in run(repository, both, again=True)[1]


def test_ctrl_c_ends_the_tests_and_keeps_the_results(repository: Path) -> None:
    both = {"minus": mutant("a - b"), "slow": mutant(f"{FOREVER} or a")}
    script = "import sys; from pathlib import Path; from flows.testing import mutate\n"
    script += "from flows.terminal.progress import Terminal\n"
    script += "mutate.main(Path.cwd(), '', 1, False, Terminal(sys.stdout))"
    (repository / mutants.FOLDER).mkdir()
    (repository / mutants.FOLDER / "all.hjson").write_text(hjson.dumps(both))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    # Not -c: the current folder's packages would come first.
    runner = repository / "build/run.py"
    runner.parent.mkdir()
    runner.write_text(script)
    folder = repository / mutate.FOLDER
    edited = folder / "copy0/modelgen/sum.py"
    with subprocess.Popen([sys.executable, runner], cwd=repository, env=environment) as task:
        while not ((folder / "results.json").exists() and FOREVER in edited.read_text()):
            assert task.poll() is None, "it ended too soon"
            time.sleep(0.05)
        task.send_signal(signal.SIGINT)
        assert task.wait() != 0
    assert edited.read_text() == SUM
    del both["slow"]
    assert "1 mutants, 1 with a known result" in run(repository, both)[1]


def test_two_at_a_time_take_turns(repository: Path) -> None:
    stream = io.StringIO()
    (repository / mutants.FOLDER).mkdir()
    listed = {"minus": mutant("a - b")}
    (repository / mutants.FOLDER / "all.hjson").write_text(hjson.dumps(listed))
    arguments = repository, "", 1, False, Terminal(stream)
    with ThreadPoolExecutor(1) as pool:
        with file_lock(repository / mutate.FOLDER / ".lock", lambda holder: None):
            task = pool.submit(mutate.main, *arguments)
            while "Waiting for process" not in stream.getvalue():
                assert not task.done()
                time.sleep(0.01)
        assert task.result() == 0


def test_a_mutant_that_does_not_end_is_killed(repository: Path, monkeypatch) -> None:
    monkeypatch.setattr(mutate, "_LIMIT", 0)
    monkeypatch.setattr(mutate, "_SPARE_S", 2.0)
    code, text = run(repository, {"slow": mutant(f"{FOREVER} or a")})
    assert code == 0 and "slow: killed by the time limit" in text


def test_other_sources_make_results_unknown(repository: Path) -> None:
    listed = {"minus": mutant("a - b")}
    run(repository, listed)
    (repository / "flows/other.py").write_text("")
    assert "1 mutants, 0 with a known result" in run(repository, listed)[1]


def test_only_some(repository: Path) -> None:
    listed = [
        mutants.Mutant(name, "", file, "", "", ()) for name, file in (("ab", "x"), ("c", "y"))
    ]
    assert [m.name for m in mutants.choose(listed, "a, y")] == ["ab", "c"]
    assert [m.name for m in mutants.choose(listed, "b")] == ["ab"]
    with pytest.raises(HeepstorError, match="No mutant"):
        mutants.choose(listed, "z")
