"""The float interpreter: devices, accuracy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from modelgen.errors import ModelError
from modelgen.ir import execute
from modelgen.ir.execute import accuracy, run_graph, select_device
from tests.support.imported import imported


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


@pytest.mark.parametrize("count", [1, 4, 5])
def test_inferences_are_run_in_blocks(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = imported(torch.nn.Linear(6, 4), torch.nn.ReLU())
    values = np.random.default_rng(0).standard_normal((count, 2 * 6)).astype(np.float32)
    together = run_graph(graph, values)
    monkeypatch.setattr(execute, "_BLOCK_BYTES", {"cpu": 1})
    np.testing.assert_allclose(run_graph(graph, values), together, rtol=1e-6)
    assert together.shape == (2 * count, 4)
