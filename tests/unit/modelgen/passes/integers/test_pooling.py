"""Poolings of integers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.support import decomposed
from tests.support.quantized_onnx import Scale, Writer, differences, integers, operators

SAME = (0.05, 100)


@pytest.mark.parametrize(("result", "expected"), [(SAME, []), ((0.07, 90), ["byte_table"])])
def test_maxima_beside_onnx_runtime(result: Scale, expected: list[str]) -> None:
    to = Writer()
    maps = to.dequantize(to.integers(1, 5, 9, 9), SAME)
    pooled = to.node("MaxPool", maps, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    to.returns(to.quantize(pooled, result))
    wrong, graph = differences(to.proto(), [integers("uint8", 1, 5, 9, 9)])
    assert wrong == 0
    assert operators(graph) == ["integer_max_pool2d", *expected, "permute"]


class Average(nn.Module):
    def __init__(self, result: Scale, counts: bool) -> None:
        super().__init__()
        self.result, self.counts = result, counts

    def forward(self, x: Tensor) -> Tensor:
        x = decomposed.both(x, (0.05, 9))
        pooled = F.avg_pool2d(x, 3, 2, 1, count_include_pad=self.counts)
        return decomposed.both(pooled, self.result)


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("result", [(0.05, 9), (0.04, -3)])
def test_averages_of_pytorch(counts: bool, result: Scale) -> None:
    module = Average(result, counts)
    graph = decomposed.graph_of(module, 2, 7, 7)
    assert "integer_avg_pool2d" in operators(graph)
    assert ("pad" in operators(graph)) is counts
    assert ("byte_table" in operators(graph)) is (result != (0.05, 9))
    values = np.random.default_rng(1).normal(0, 2, (40, 2, 7, 7)).astype(np.float32)
    expected = module(torch.from_numpy(values)).numpy().reshape(40, -1)
    found = decomposed.results(graph, values)
    steps = np.abs(found - expected) / np.float32(result[0])
    # Averages that are ties, and those that are rounded twice.
    assert steps.max() < 1.01
    assert (steps > 0.5).mean() < (0.4 if "byte_table" in operators(graph) else 0.1)


def test_means_of_pytorch() -> None:
    class Mean(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return decomposed.both(decomposed.both(x, (0.05, 9)).mean((2, 3)), (0.01, 3))

    graph = decomposed.graph_of(Mean(), 2, 7, 7)
    assert "integer_mean" in operators(graph)
    values = np.random.default_rng(1).normal(0, 2, (200, 2, 7, 7)).astype(np.float32)
    expected = Mean()(torch.from_numpy(values)).numpy()
    found = decomposed.results(graph, values)
    steps = np.abs(found - expected) / np.float32(0.01)
    # Rounded twice, as LiteRT does.
    assert steps.max() < 1.01
    assert (steps > 0.5).mean() < 0.2


def test_uneven_windows_stay_in_fp32() -> None:
    class Uneven(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            pooled = F.adaptive_avg_pool2d(decomposed.both(x, (0.05, 9)), 4)
            return decomposed.both(pooled, (0.05, 9))

    assert "uneven_avg_pool2d" in operators(decomposed.graph_of(Uneven(), 2, 6, 6))
