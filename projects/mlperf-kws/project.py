"""MLPerf Tiny's keyword spotting: DS-CNN of 12 classes, the published INT8 model."""

from pathlib import Path

from modelgen.workload.data import Data, mlperf_tiny

settings = {"inputs": 1}

model = mlperf_tiny.KEYWORDS


def data(folder: Path) -> Data:
    return mlperf_tiny.keywords(folder)
