"""A benchmark's programs on the RTL: their cycles, and where they went."""

import sys

import pytest

from flows.bench.runner import Bench, with_random_inputs
from flows.terminal.progress import Terminal
from tests.e2e.workspace import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bench():
    return Bench(ROOT, ROOT / "heepstor_cfg.hjson", Terminal(sys.stderr))


def test_causes_add_up_to_the_cycles_of_the_inference(bench):
    measured = bench.linear("test-24-16-10", 8, (24, 16, 10), 2, softmax=True)
    assert measured.macs == 2 * (24 * 16 + 16 * 10)
    assert sum(measured.causes.values()) == measured.cycles
    # Three slices of two tiles, and two of two, two rows each.
    assert measured.causes["array busy"] == 2 * (3 * 2 + 2 * 2)
    assert measured.causes["CPU layers"] > 0
    assert 0 < measured.engine < measured.cycles
    assert measured.limit < measured.streaming_limit < measured.engine


def test_layers_of_a_network_add_up(bench):
    project = with_random_inputs(ROOT / "projects" / "fmnist-conv2d", (1, 14, 14))
    measured = bench.network(project, 8)
    assert measured.macs == 167_168
    assert sum(measured.causes.values()) == measured.cycles
    on_engine = [layer for layer in measured.layers if layer["place"] == "engine"]
    on_cpu = [layer for layer in measured.layers if layer["place"] == "cpu"]
    assert sum(layer["macs"] for layer in on_engine) == measured.macs
    assert sum(layer["cycles"] for layer in on_engine) == measured.engine
    assert sum(layer["cycles"] for layer in on_cpu) == measured.causes["CPU layers"]
    streaming = sum(layer["streaming_limit"] for layer in measured.layers)
    assert streaming == pytest.approx(measured.streaming_limit, abs=1)
    assert measured.macs / 64 <= measured.limit < streaming
    # The first layer has one channel of input: its 16 words of K, in four rows, are two slices of
    # two tiles. The second has 32 slices of one tile, the last 64 of two tiles. All lanes are full.
    assert measured.causes["array busy"] == 2 * 2 * 121 + 32 * 1 * 64 + 64 * 2 * 1
    assert measured.size["weights"] > 16 * 16 + 16 * 16 * 8 + 512 * 10
