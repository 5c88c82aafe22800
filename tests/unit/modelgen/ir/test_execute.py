"""The float interpreter: devices, accuracy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from modelgen.errors import ModelError
from modelgen.ir.execute import accuracy, select_device


def test_accuracy() -> None:
    assert accuracy(np.array([[1, 2], [3, 0], [0, 1]]), np.array([1, 1, 1])) == pytest.approx(2 / 3)


def test_devices() -> None:
    assert select_device("cpu") == "cpu"
    assert select_device("auto") in ("cpu", "cuda")
    with pytest.raises(ModelError, match=r"Unknown device 'tpu'\. Valid choices: auto, cpu, cuda"):
        select_device("tpu")
    if not torch.cuda.is_available():
        with pytest.raises(ModelError, match="no GPU"):
            select_device("cuda")
