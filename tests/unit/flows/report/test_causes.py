"""What a layer's cycles went to."""

from __future__ import annotations

import pytest

from flows.report.causes import parts
from tests.support.report_samples import COUNTERS, layer, made, model, run, simulation


def test_parts_of_a_layer_add_up_to_its_cycles(report):
    for found in report["layers"]:
        assert sum(parts(found).values()) == pytest.approx(found["cycles"] or 0)


def test_pooling_has_no_array_to_fill():
    pool = layer(0, "pool", ["x"], "a", macs=0, limit_cycles=900.0)
    assert parts(made(model=model([pool]))["layers"][0])["underutilized"] == 0


def test_cycles_of_software_in_the_engine_s_place_are_the_cpu_s():
    counters = {name: 0.0 for name in COUNTERS} | {"cycles": 5000.0}
    found = made(simulation=simulation(run(6000, ["3f800000"] * 4, {"0": counters})))
    causes = parts(found["layers"][0])
    assert causes["cpu"] == sum(causes.values()) == 5000


def test_the_array_does_twice_as_many_integers():
    """64,000 MACs at 64 or 128 a cycle, in 1,000 busy cycles."""
    for peak, utilized in ((64, 1000), (128, 500)):
        found = made(model=model([layer(0, "fc1", ["x"], "a", macs_per_cycle=peak)]))
        causes = parts(found["layers"][0])
        assert (causes["utilized"], causes["underutilized"]) == (utilized, 1000 - utilized)
        assert found["layers"][0]["share_of_peak"] == utilized / 1600
