"""Random modules on the RTL: the reference's outputs, bit for bit, which are the modules' own."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows import config as configuration
from flows import fuzz
from flows.terminal.progress import Progress
from modelgen.verify.random_modules import text
from tests.e2e.workspace import CORNERS, simulator, write_config

pytestmark = pytest.mark.slow

MODULES = 16
NIGHTLY_MODULES = 1000


def try_modules(config_path: Path, first: int, count: int) -> None:
    """Some modules one after another, without a reset between them."""
    simulator(config_path)
    report = fuzz.Report()
    with fuzz.Bench(configuration.load(config_path)) as bench:
        bench.run(bench.drawn(range(first, first + count)), report, Progress())
    assert not report.failures, "\n".join(
        f"seed {failure.module.seed}: {failure.reason}\n{text(failure.module)}"
        for failure in report.failures
    )
    assert report.tried == count
    assert report.right > count // 3


@pytest.mark.parametrize("corner", CORNERS)
def test_random_modules(tmp_path: Path, corner: str) -> None:
    config_path = write_config(tmp_path / f"{corner}.hjson", **CORNERS[corner])
    try_modules(config_path, 100 * list(CORNERS).index(corner), MODULES)


@pytest.mark.nightly
@pytest.mark.parametrize("size", [4, 8, 16])
def test_a_thousand_random_modules(tmp_path: Path, size: int) -> None:
    config_path = write_config(tmp_path / f"{size}.hjson", array_size=size)
    try_modules(config_path, 0, NIGHTLY_MODULES)
