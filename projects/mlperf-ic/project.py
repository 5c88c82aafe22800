"""MLPerf Tiny's image classification: ResNet-8 of CIFAR-10's images, the published INT8 model."""

from pathlib import Path

from modelgen.workload.data import Data, mlperf_tiny

settings = {"inputs": 1}

model = mlperf_tiny.IMAGES


def data(folder: Path) -> Data:
    return mlperf_tiny.images(folder)
