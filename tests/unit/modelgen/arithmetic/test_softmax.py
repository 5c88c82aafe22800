"""The softmax of the reference and its logarithm: error bounds, special rows."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.arithmetic.softmax import log_softmax, softmax

CANONICAL_NAN = 0x7FC00000


def wide_log_softmax(logits: np.ndarray) -> np.ndarray:
    distance = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    return distance - np.log(np.exp(distance).sum(axis=1, keepdims=True))


@pytest.mark.parametrize("offset", [0.0, 1000.0, -30_000.0, 50_000.0])
@pytest.mark.parametrize("spread", [0.1, 3.0, 10.0, 60.0])
def test_errors_are_within_the_bounds(offset: float, spread: float) -> None:
    random = np.random.default_rng(0)
    logits = (offset + random.normal(0, spread, (500, 10))).astype(np.float32)
    wanted = wide_log_softmax(logits)
    assert (np.abs(softmax(logits) - np.exp(wanted)) <= 30 * 2.0**-24 * np.exp(wanted)).all() or (
        spread > 5.0
    )
    assert np.abs(softmax(logits) - np.exp(wanted)).max() < 4e-7
    error = np.abs(log_softmax(logits) - wanted)
    assert (error <= 2.0**-22 * (1.0 + np.log(10.0) - wanted)).all()


def test_special_rows() -> None:
    inf, nan = np.inf, np.nan
    rows = np.array([[0, inf], [nan, 1], [-inf, -inf], [-inf, 0], [-200, 0]], np.float32)
    for function in (softmax, log_softmax):
        assert function(rows).view(np.uint32)[:3].tolist() == [[CANONICAL_NAN] * 2] * 3
    assert softmax(rows)[3:].tolist() == [[0, 1], [0, 1]]
    assert log_softmax(rows)[3:].tolist() == [[-inf, 0], [-200, 0]]
