"""Random networks of all layers on the RTL of several array sizes: outputs equal bit for bit."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows import config as configuration
from flows import fuzz
from tests.e2e.workspace import simulator, write_config

pytestmark = pytest.mark.slow

PORT_WORDS = {4: 1, 8: 4, 12: 2}
"""Size of the array -> words of the memory port that it is tried with."""
NETWORKS = 12


@pytest.mark.parametrize("size", PORT_WORDS)
def test_random_networks(tmp_path: Path, size: int) -> None:
    config_path = tmp_path / f"size{size}.hjson"
    write_config(config_path, array_size=size, port_words=PORT_WORDS[size])
    simulator(config_path)
    bench = fuzz.Bench(configuration.load(config_path))
    failures = bench.failing(range(100 * size, 100 * size + NETWORKS))
    assert not failures, "\n".join(
        f"seed {network.seed}: {reason}\n{network.text()}" for network, reason in failures
    )
