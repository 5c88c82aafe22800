"""Figures of one inference."""

import json

import pytest

from tests.support.measured import resnet8


def test_figures_of_a_network():
    row = resnet8()
    assert row["cycles"] == 52_600 and row["engine"] == 51_600 and row["predicted"] == 52_460
    assert row["ratio"] == pytest.approx(52_600 / 48_834.5)
    assert row["share_of_peak"] == pytest.approx(48_834.5 / 52_600)
    assert row["streaming_ratio"] == pytest.approx(52_600 / 48_900)
    assert row["goals"] == {"1.4 x the limit with all maps moved": 68_460, "cycles": 53_000}
    assert sum(row["causes"].values()) == row["cycles"]
    first, second, last = row["layers"]
    assert first["underutilized"] == 2_304 - 442_368 / 256
    assert second["cycles"] == 47_500 and second["wait_store"] == 100
    assert last["place"] == "cpu" and last["cycles"] == 900
    json.dumps(row)
