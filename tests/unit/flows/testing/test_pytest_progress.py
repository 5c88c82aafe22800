"""What `heepstor test` prints while the tests run: pytest with the plugin, on tests of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from flows.repository import ROOT
from flows.testing.pytest_progress import DURATIONS, Schedule

FILES = {
    "pytest.ini": "[pytest]\n",
    # A line each time there is something to say, and not one in ten seconds.
    "conftest.py": "from flows.terminal import progress\n"
    "from flows.testing import pytest_progress\n"
    "progress.PLAIN_INTERVAL = 0.0\npytest_progress._REFRESH_S = 0.01\n",
    "test_good.py": "import time\ndef test_short(): pass\n"
    "def test_waits_to_be_seen(): time.sleep(1)\ndef test_last(): pass\n",
    "test_bad.py": "def test_wrong():\n    print('what it printed')\n    assert 6 * 9 == 42\n",
}
WAYS = {"in this process": [], "one process a CPU": ["--numprocesses=2", "--dist=loadfile"]}


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    for name, text in FILES.items():
        (folder / name).write_text(text)
    command = [sys.executable, "-m", "pytest", "-p", "flows.testing.pytest_progress", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("way", WAYS)
def test_running_tests_failures_and_the_closing_line(tmp_path: Path, way: str) -> None:
    done = run_pytest(tmp_path, *WAYS[way])
    assert done.returncode == 1, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert not [line for line in lines if re.search(r"\.\.$|[.F]+ +\[", line)], "no dots"
    assert re.search(
        r"^tests +\.\.\. \d/4 .*test_good\.py::test_waits_to_be_seen", done.stdout, re.M
    )
    failure = next(i for i, line in enumerate(lines) if "FAILED test_bad.py::test_wrong" in line)
    summary = next(i for i, line in enumerate(lines) if "= FAILURES =" in line)
    assert failure < summary, "a failure is printed when it happens"
    at_once = "\n".join(lines[failure:summary])
    assert "assert (6 * 9) == 42" in at_once and "what it printed" in at_once
    assert re.fullmatch(r"=+ .*1 failed, 3 passed in .* =+", lines[-1])


def test_a_worker_that_crashes_does_not_set_the_count_back(tmp_path: Path) -> None:
    (tmp_path / "test_crash.py").write_text(
        "import os, time\ndef test_exits():\n    time.sleep(1)\n    os._exit(1)\n"
    )
    ways = *WAYS["one process a CPU"], "--max-worker-restart=1"
    done = run_pytest(tmp_path, *ways, "-k", "exits or short")
    assert "replacing crashed worker" in done.stdout
    counts = re.findall(r"\.\.\. (\d)/2 ", done.stdout)
    assert counts == sorted(counts) and "1" in counts


def test_durations_are_kept_for_the_next_estimate(tmp_path: Path) -> None:
    run_pytest(tmp_path, "-k", "waits")
    run_pytest(tmp_path, "-k", "short")
    kept = json.loads((tmp_path / DURATIONS).read_text())
    assert set(kept) == {"test_good.py::test_waits_to_be_seen", "test_good.py::test_short"}
    assert kept["test_good.py::test_waits_to_be_seen"] >= 1
    assert re.search(
        r"0/1 about 0:0[01] left: test_good", run_pytest(tmp_path, "-k", "wait").stdout
    )


@pytest.mark.parametrize("damage", ["", "{", "[1]", '{"a": "b"}', '{"a": null}'])
def test_damaged_durations_are_none(tmp_path: Path, damage: str) -> None:
    (tmp_path / DURATIONS).parent.mkdir(parents=True)
    (tmp_path / DURATIONS).write_text(damage)
    done = run_pytest(tmp_path, "-k", "short")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_estimate_is_the_longest_file_or_the_sum_over_all_processes() -> None:
    schedule = Schedule({"a.py::1": 10.0, "a.py::2": 50.0, "b.py::1": 30.0, "gone.py::1": 30.0})
    schedule.workers = 2
    schedule.collect(["a.py::1", "a.py::2", "b.py::1"])
    assert schedule.seconds_left(0.0) == 60.0
    schedule.collect(["a.py::1", "a.py::2", "b.py::1", "c.py::unknown", "d.py::unknown"])
    assert schedule.seconds_left(0.0) == (10 + 50 + 30 + 30 + 30) / 2
    schedule.start("a.py::2", 100.0)
    assert schedule.seconds_left(104.0) == (10 + 46 + 30 + 30 + 30) / 2
    for test in ("b.py::1", "c.py::unknown", "d.py::unknown"):
        schedule.finish(test)
    assert schedule.done == 3
    assert schedule.describe(104.0) == "about 0:56 left: a.py::2"
    assert schedule.describe(999.0) == "about 0:10 left: a.py::2"


def test_without_any_known_duration_there_is_no_estimate() -> None:
    schedule = Schedule({})
    schedule.collect(["a.py::1"])
    schedule.start("a.py::1", 0.0)
    assert schedule.describe(5.0) == "a.py::1"
