"""Import of Quantize and Dequantize."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.ao.quantization.fx._decomposed
from torch import Tensor, nn

from modelgen.arithmetic.integer.quantization import Division, Quantization
from modelgen.errors import ModelError
from modelgen.frontends.torch_export.importer import import_model
from modelgen.ir.execute_exact import run_graph
from modelgen.ir.graph import ElementType
from modelgen.operators import Dequantize, Quantize

DECOMPOSED = torch.ops.quantized_decomposed


class Calls(nn.Module):
    def __init__(self, function: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Any:
        return self.function(x)


def both(scale: float, zero_point: int, dtype: torch.dtype = torch.int8) -> nn.Module:
    info = torch.iinfo(dtype)
    parameters = scale, zero_point, info.min, info.max, dtype

    def function(x: Tensor) -> Tensor:
        integers = DECOMPOSED.quantize_per_tensor(x, *parameters)
        result: Tensor = DECOMPOSED.dequantize_per_tensor(integers, *parameters)
        return result

    return Calls(function)


@pytest.mark.parametrize(
    ("dtype", "zero_point", "offset"), [(torch.int8, 5, 0), (torch.uint8, 133, 128)]
)
def test_there_and_back(dtype: torch.dtype, zero_point: int, offset: int) -> None:
    module = both(0.1, zero_point, dtype)
    graph = import_model(module, (1000,), 1)
    own = Quantization(0.1, 5)
    assert [node.operator for node in graph.nodes] == [
        Quantize(own, Division.RECIPROCAL, offset),
        Dequantize(own, offset),
    ]
    assert graph.tensors[graph.nodes[0].output].element is ElementType.INT8
    # Ties, too.
    values = (np.arange(-500, 500) * np.float32(0.05)).astype(np.float32)[None]
    found = run_graph(graph, values, 8)
    np.testing.assert_array_equal(found, module(torch.from_numpy(values)).numpy())


def test_scales_may_be_constant_tensors() -> None:
    def function(x: Tensor) -> Tensor:
        scale, zero_point = torch.tensor(0.25), torch.tensor(3)
        parameters = scale, zero_point, -128, 127, torch.int8
        result: Tensor = DECOMPOSED.dequantize_per_tensor.tensor(
            DECOMPOSED.quantize_per_tensor.tensor(x, *parameters), *parameters
        )
        return result

    graph = import_model(Calls(function), (4,), 1)
    assert graph.nodes[0].operator == Quantize(Quantization(0.25, 3), Division.RECIPROCAL)


def quantize(x: Tensor, low: int, high: int, dtype: torch.dtype) -> Tensor:
    result: Tensor = DECOMPOSED.quantize_per_tensor(x, 0.5, 0, low, high, dtype)
    return result


def per_channel(x: Tensor) -> Tensor:
    parameters = torch.ones(4), torch.zeros(4, dtype=torch.int64), 1, -128, 127, torch.int8
    result: Tensor = DECOMPOSED.dequantize_per_channel(
        DECOMPOSED.quantize_per_channel(x, *parameters), *parameters
    )
    return result


def dynamic(x: Tensor) -> Tensor:
    parameters = x.abs().max() / 127 + 0.1, torch.tensor(0), -128, 127, torch.int8
    result: Tensor = DECOMPOSED.quantize_per_tensor.tensor(x, *parameters)
    return result


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda x: quantize(x, -32768, 32767, torch.int16), "quantizes activations to int16"),
        (lambda x: quantize(x, 0, 127, torch.uint8), "quantizes activations to 0 .. 127, which is"),
        (per_channel, "quantizes activations per channel"),
        (dynamic, "depends on the model's input: dynamic quantization is not supported"),
    ],
)
def test_refused(function: Callable[[Tensor], Tensor], reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        import_model(Calls(function), (4,), 1)
