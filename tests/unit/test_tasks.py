"""Tasks that no stage has: help, list."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from flows import checks, cli, listing
from flows.errors import HeepstorError

ROOT = Path(__file__).resolve().parents[2]
TASKS = (
    *("build", "export", "quantize", "generate", "firmware", "hardware", "simulate", "report"),
    *("synth", "program"),
    *("flash", "run", "debug"),
    *("list", "clean", "doctor", "test", "mutate", "lint", "bench", "fuzz"),
)


def printed_by(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What the command line prints; it must end well."""
    try:
        code = cli.main(list(arguments))
    except SystemExit as ended:
        code = ended.code
    assert not code
    return capsys.readouterr().out


def test_the_list_has_every_task_with_its_purpose(capsys) -> None:
    listed = re.findall(r"(?m)^  (\w+) +\w", printed_by(capsys, "--list"))
    assert sorted(listed) == sorted(TASKS)


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_help(capsys, task: str) -> None:
    text = printed_by(capsys, task, "--help")
    assert "Docstring:" in text and "Options:" in text
    options = re.findall(r"(?m)^  -.*--\S+( {2,}\S.*)?$", text)
    assert all(options), "each option says what it is for"


def test_projects_and_targets_are_listed(capsys) -> None:
    found = listing.collect(ROOT)
    assert {"mnist"} <= {project["name"] for project in found["projects"]}
    targets = {core["name"].rsplit(":", 1)[0]: core["targets"] for core in found["cores"]}
    assert {"sim", "lint"} <= targets["heepstor:systems:heepstor"].keys()
    assert "synth" in targets["heepstor:ip:systolic_array"]
    listing.print_listing(found)
    shown = capsys.readouterr().out
    assert "mnist" in shown and "heepstor:systems:heepstor" in shown


@pytest.mark.parametrize(
    ("quick", "everything", "names"),
    [
        (False, False, ["test_other", "test_slow"]),
        (True, False, ["test_other"]),
        (False, True, ["test_nightly", "test_other", "test_slow"]),
    ],
)
def test_which_tests_are_selected(tmp_path: Path, quick, everything, names) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    marked = "".join(f"@pytest.mark.{n}\ndef test_{n}(): pass\n" for n in ("slow", "nightly"))
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_it.py").write_text(f"import pytest\n{marked}def test_other(): pass\n")
    markers = checks.selection(quick, everything)
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q"]
    command += [] if markers is None else ["-m", markers]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert sorted(re.findall(r"::(\w+)", done.stdout)) == names, done.stdout + done.stderr


def test_quick_and_all_contradict_each_other() -> None:
    with pytest.raises(HeepstorError, match="contradict"):
        checks.selection(True, True)


@pytest.mark.parametrize("only", ["(((", "loads and"])
def test_an_expression_that_pytest_cannot_read_is_refused(only: str) -> None:
    with pytest.raises(HeepstorError, match=r"--only is .* Give parts of names"):
        checks.run_tests(ROOT, None, only, "--collect-only")
