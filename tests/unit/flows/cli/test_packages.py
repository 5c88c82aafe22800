"""Packages by pip: what is shown meanwhile, and what is said where it fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.cli import packages
from flows.cli.packages import Progress, explain_pip_failure


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository that pins two packages, with an empty .venv."""
    (tmp_path / "requirements.txt").write_text("# all\ntorch==2.13.0\nnumpy==2.4.1\n")
    (tmp_path / ".venv/lib/python3.11/site-packages").mkdir(parents=True)
    for name, place in (("ROOT", ""), ("VENV", ".venv"), ("REQUIREMENTS", "requirements.txt")):
        monkeypatch.setattr(packages, name, tmp_path / place)
    monkeypatch.setattr(packages, "LOG", tmp_path / ".venv/install.log")
    return tmp_path


def test_packages_are_counted_and_named() -> None:
    progress = Progress(2)
    for line in (
        "Collecting torch==2.13.0 (from -r requirements.txt)",
        "  Downloading torch-2.13.0.whl (200 MB)",
        "",
        "Requirement already satisfied: numpy",
        "Collecting something more",
    ):
        progress.note(line)
    assert (progress.count, progress.text) == (2, "Collecting something more")
    progress.note("Installing collected packages: numpy, torch")
    assert progress.text == "copying the packages into .venv"


def test_settings_that_install_elsewhere_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_TARGET", "/elsewhere")
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror")
    environment = packages.pip_environment()
    assert "PIP_TARGET" not in environment and environment["PIP_USER"] == "0"
    assert environment["PIP_INDEX_URL"] == "https://mirror"


def test_what_is_pinned_and_what_is_installed(repository: Path) -> None:
    assert packages.requirement("torch") == "torch==2.13.0"
    assert packages.requirement("tor") == ""
    assert not packages.is_installed("torch==2.13.0")
    installed = repository / ".venv/lib/python3.11/site-packages/torch-2.13.0+cpu.dist-info"
    installed.mkdir()
    assert packages.is_installed("torch==2.13.0"), "in whatever build"
    assert not packages.is_installed("torch==2.13.1")


@pytest.mark.parametrize(
    ("printed", "reason"),
    [
        ("OSError: No space left on device", "the disk is full"),
        ("NewConnectionError: refused", "the package index cannot be reached"),
        ("No matching distribution found for torch", "HEEPSTOR_PYTHON"),
        ("something else", "see the last lines above"),
    ],
)
def test_why_pip_failed(repository: Path, printed: str, reason: str) -> None:
    lines = [f"line {number}" for number in range(30)]
    text = explain_pip_failure(2, "\n".join([*lines, "Ignoring x: markers", "", printed]))
    assert text.startswith("pip could not install the packages (exit code 2):\n  | line 19\n")
    assert reason in text and f"| {printed}" in text and "Ignoring" not in text
    assert text.endswith("install.log")


@pytest.mark.parametrize(
    ("code", "printed", "touched"),
    [
        (1, "ERROR: no", False),
        (1, "Installing collected packages: a\nERROR", True),
    ],
)
def test_a_failure_says_whether_packages_were_touched(
    repository: Path, monkeypatch: pytest.MonkeyPatch, code: int, printed: str, touched: bool
) -> None:
    monkeypatch.setattr(packages, "run_pip", lambda arguments, progress: (code, printed))
    monkeypatch.setenv("HEEPSTOR_TORCH", "default")
    with pytest.raises(packages.LauncherError) as caught:
        packages.install_packages()
    assert caught.value.touched == touched


def test_pins_come_before_the_repository_itself(repository: Path, monkeypatch) -> None:
    steps = []
    monkeypatch.setattr(packages, "cpu_torch_index_answers", lambda: True)
    monkeypatch.setattr(packages, "run_pip", lambda step, progress: steps.append(step) or (0, ""))
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("HEEPSTOR_TORCH", "cpu")
    packages.install_packages()
    assert [step[-1] for step in steps] == [
        "torch==2.13.0",
        str(repository / "requirements.txt"),
        str(repository),
    ]
    assert packages.CPU_TORCH_INDEX in steps[0]
    site = repository / ".venv/lib/python3.11/site-packages"
    assert (site / "heepstor-sources.pth").read_text() == f"{repository}\n"
    assert (repository / ".venv/FUSESOC_IGNORE").exists()
