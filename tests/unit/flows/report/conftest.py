"""Reports that every figure and chart is tried with."""

import pytest

from tests.support.report_samples import branched, made

SAMPLES = {"small": made(), "branched": branched()}


@pytest.fixture(params=SAMPLES.values(), ids=SAMPLES)
def report(request) -> dict:
    return request.param
