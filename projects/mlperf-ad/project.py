"""MLPerf Tiny's anomaly detection: an autoencoder of machines' sounds, the published INT8 model."""

from pathlib import Path

from modelgen.workload.data import Data, mlperf_tiny

settings = {"inputs": 1}

model = mlperf_tiny.ANOMALIES


def data(folder: Path) -> Data:
    return mlperf_tiny.random_inputs((640,))
