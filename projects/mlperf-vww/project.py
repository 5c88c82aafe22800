"""MLPerf Tiny's visual wake words: MobileNetV1 that looks for persons, the published INT8 model."""

from pathlib import Path

from modelgen.workload.data import Data, mlperf_tiny

settings = {"inputs": 1}

model = mlperf_tiny.PERSONS


def data(folder: Path) -> Data:
    return mlperf_tiny.random_inputs((96, 96, 3))
