"""Which tests the task `test` runs."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from flows.errors import HeepstorError
from flows.repository import ROOT
from flows.testing import checks


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


def test_quick_and_all_exclude_each_other() -> None:
    with pytest.raises(HeepstorError, match="mutually exclusive"):
        checks.selection(True, True)


@pytest.mark.parametrize("only", ["(((", "loads and"])
def test_an_expression_that_pytest_cannot_read_is_refused(only: str) -> None:
    with pytest.raises(HeepstorError, match=r"--only is .* Use parts of test names"):
        checks.run_tests(ROOT, None, only, "--collect-only")
