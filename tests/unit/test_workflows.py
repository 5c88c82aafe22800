"""The hosted workflows: what they run exists, and they install what the tests would be without."""

from __future__ import annotations

import re
import shlex

import pytest
import yaml
from invoke import Collection
from invoke.parser import Parser

import tasks
from flows.repository import ROOT

WORKFLOWS = {path.stem: path for path in sorted((ROOT / ".github/workflows").glob("*.yml"))}
TOOLS_STEP = 'sh -c "$(./heepstor doctor --install-command)"'


def steps(name: str) -> list[str]:
    """The commands of a workflow's only job, those of its matrix included; expressions are 1."""
    text = re.sub(r"\$\{\{ github\..*?\}\}", "1", WORKFLOWS[name].read_text())
    (job,) = yaml.safe_load(text)["jobs"].values()
    matrix = job.get("strategy", {}).get("matrix", {}).get("command", [])
    commands = [step["run"].strip() for step in job["steps"] if "run" in step]
    return [*(c for c in commands if "matrix" not in c), *matrix]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_tools_are_installed_by_the_command_of_doctor(name: str) -> None:
    assert TOOLS_STEP in steps(name)
    text = WORKFLOWS[name].read_text()
    assert not [tool for tool in ("openocd", "gdb", "chromium") if tool in text.lower()]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_tasks_and_options_exist(name: str) -> None:
    parser = Parser(contexts=Collection.from_module(tasks).to_contexts())
    for line in re.findall(r"\./heepstor ([^)\n\"]+)", "\n".join(steps(name))):
        parser.parse_argv(shlex.split(line))


def test_each_push_runs_the_tests_and_each_night_what_is_left_out() -> None:
    assert ".ci/run" in steps("ci")
    nightly = "\n".join(steps("nightly"))
    for command in ("test --all", "mutate", "fuzz"):
        assert f"./heepstor {command}" in nightly


def test_each_night_has_seeds_of_its_own() -> None:
    """The next night's begin where this one's end."""
    (fuzz,) = re.findall(r"fuzz .*", WORKFLOWS["nightly"].read_text())
    assert fuzz == "fuzz --count 1000 --seed ${{ github.run_number }}000"
