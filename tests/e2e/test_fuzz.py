"""Random networks of all layers on the RTL of all sizes of hardware: outputs equal bit for bit."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows import config as configuration
from flows import fuzz
from tests.e2e.workspace import CORNERS, simulator, write_config

pytestmark = pytest.mark.slow

NETWORKS = 12


@pytest.mark.parametrize("corner", CORNERS)
def test_random_networks(tmp_path: Path, corner: str) -> None:
    config_path = write_config(tmp_path / f"{corner}.hjson", **CORNERS[corner])
    simulator(config_path)
    bench = fuzz.Bench(configuration.load(config_path))
    first = 100 * list(CORNERS).index(corner)
    failures = bench.failing(range(first, first + NETWORKS))
    assert not failures, "\n".join(
        f"seed {network.seed}: {reason}\n{network.text()}" for network, reason in failures
    )
