"""A benchmark's program on the RTL: its cycles, and where they went."""

import sys

import pytest

from flows.bench.runner import Bench
from flows.progress import Terminal
from tests.e2e.workspace import ROOT

pytestmark = pytest.mark.slow


def test_causes_add_up_to_the_cycles_of_the_inference():
    bench = Bench(ROOT, ROOT / "heepstor_cfg.hjson", Terminal(sys.stderr))
    measured = bench.linear("test-24-16-10", 8, (24, 16, 10), 2, softmax=True)
    assert measured.macs == 2 * (24 * 16 + 16 * 10)
    assert sum(measured.causes.values()) == measured.cycles
    # Three slices of two tiles, and two of two, two rows each.
    assert measured.causes["array busy"] == 2 * (3 * 2 + 2 * 2)
    assert measured.causes["CPU layers"] > 0
    assert 0 < measured.engine < measured.cycles
    assert measured.limit < measured.engine
