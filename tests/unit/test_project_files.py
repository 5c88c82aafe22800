"""What a contributor's tools read: versions, hooks of pre-commit, the dev container."""

from __future__ import annotations

import json
import os
import re

import yaml

from flows.repository import ROOT

WORKFLOW = ROOT / ".github/workflows/ci.yml"
CONTAINER = ROOT / ".devcontainer/devcontainer.json"


def declared_version() -> str:
    return re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(), re.M)[1]


def test_the_changelog_ends_with_the_declared_version() -> None:
    """Its newest release comes first; releases have a version and a date.

    Above them may be what has not been released yet.
    """
    releases = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    if releases[0] == "Unreleased":
        del releases[0]
    dated = [
        re.fullmatch(r"(\d+)\.(\d+)\.(\d+) - \d{4}-\d\d-\d\d", release) for release in releases
    ]
    assert all(dated)
    assert releases[0].split(" - ")[0] == declared_version()
    order = [tuple(map(int, release.groups())) for release in dated]
    assert order == sorted(order, reverse=True)


def test_hooks_run_the_pinned_formatters_with_arguments_that_exist() -> None:
    (local, hosted) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    pinned = (ROOT / "requirements.txt").read_text()
    for hook in local["hooks"]:
        program = hook["entry"].split()[0]
        assert re.search(rf"^{program.removeprefix('.venv/bin/')}==", pinned, re.M), hook
    assert {hook["id"] for hook in hosted["hooks"]} >= {"end-of-file-fixer", "trailing-whitespace"}


def test_the_container_is_set_up_as_the_hosted_workflow_is() -> None:
    container = json.loads(CONTAINER.read_text())
    (job,) = yaml.safe_load(WORKFLOW.read_text())["jobs"].values()
    assert container["image"] == job["container"]
    assert container["containerEnv"] == job["env"]
    script = ROOT / container["onCreateCommand"].removeprefix("bash ")
    assert os.access(script, os.X_OK)
    *prepare, _tests = (step["run"].splitlines() for step in job["steps"] if "run" in step)
    commands = [line for line in script.read_text().splitlines() if line and line[0] != "#"]
    assert commands == ["set -euo pipefail", *(line for lines in prepare for line in lines)]
