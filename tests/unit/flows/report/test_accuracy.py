"""The accuracy table."""

from __future__ import annotations

from tests.support.report_samples import (
    made,
)
from tests.support.shown_report import shown


def test_accuracy_of_random_weights_means_nothing():
    assert "random" not in shown(made())
    found = made()
    found["origin"]["weights"] = "random"
    assert "The weights are random, so the accuracy is meaningless." in shown(found)


def test_accuracy_table_has_the_three_models():
    lines = [line.split() for line in shown(made()).splitlines()]
    shares = {line[0]: line[-2] for line in lines if line and line[0] in _MODELS}
    assert shares == {"float": "98.1", "quantized": "98.0", "simulated": "100.0"}


_MODELS = ("float", "quantized", "simulated")
