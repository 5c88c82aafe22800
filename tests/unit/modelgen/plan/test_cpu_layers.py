"""Networks with layers on the CPU at any place: what the device gives is what the module gives."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from modelgen.frontends.torch_export.importer import import_model
from modelgen.hardware import Hardware
from modelgen.ir.execute import run_graph
from modelgen.ir.graph import Graph
from modelgen.ir.packing import pack_inputs, rows_of_samples
from modelgen.ir.tolerance import output_tolerance
from modelgen.passes.simplify import simplify
from modelgen.plan.compiler import compile_graph
from modelgen.quantize.weights import quantize
from modelgen.verify.golden import golden_outputs

SMALL = Hardware(array_size=4, buffer_words=256, accumulator_depth=16)


class Function(nn.Module):
    """A function of a few layers."""

    def __init__(self, function: object, *layers: nn.Module) -> None:
        super().__init__()
        self.function = function
        self.layers = nn.ModuleList(layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x, *self.layers)


def check_device(model: nn.Module, shape: tuple[int, ...], batch: int, hardware: Hardware) -> Graph:
    """Import, quantize and compile a model with seeded weights; compare each step with it."""
    torch.manual_seed(0)
    for module in model.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
    values = np.random.default_rng(0).standard_normal((2 * batch, *shape)).astype(np.float32)
    with torch.no_grad():
        wanted = model.eval()(torch.from_numpy(values)).numpy()
    imported = import_model(model, shape, batch)
    wanted = wanted.reshape(len(values), -1)
    simple = simplify(imported)
    for stage in (imported, simple):
        got = run_graph(stage, pack_inputs(stage, (values,)))
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5)
    graph = quantize(simple)
    rows = pack_inputs(graph, (values,))
    got = rows_of_samples(graph, golden_outputs(compile_graph(graph, hardware), rows))
    assert (np.abs(got - run_graph(graph, rows)) <= output_tolerance(graph, rows)).all()
    np.testing.assert_allclose(got, wanted, atol=0.05 * np.abs(wanted).max())
    return simple


def pointwise_between() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 5, 3, padding=1), nn.Linear(9, 7), nn.ReLU(), nn.Dropout(), nn.Linear(7, 3)
    )


def linear_and_maps() -> nn.Module:
    return nn.Sequential(
        *(nn.Linear(9, 8), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(24, 4)),
    )


@pytest.mark.parametrize("hardware", [Hardware(), SMALL], ids=["default", "small"])
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize(
    ("model", "shape"),
    [
        # The width is the number of channels: nothing but the values tells them apart.
        (nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.Linear(4, 4)), (4, 4, 4)),
        (nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.Linear(4, 7, bias=False)), (4, 6, 4)),
        (pointwise_between(), (3, 4, 9)),
        (linear_and_maps(), (3, 4, 9)),
        (nn.Sequential(nn.Linear(9, 5), nn.Conv2d(1, 2, 3)), (1, 4, 9)),
        (nn.Sequential(nn.Linear(9, 5), nn.ReLU(), nn.Conv2d(6, 2, 1)), (6, 1, 9)),
        (nn.Sequential(nn.Conv2d(3, 5, 3, padding=1), nn.Linear(1, 7)), (3, 1, 1)),
        (nn.Sequential(nn.Conv2d(3, 5, 3, padding=1), nn.Linear(1, 1)), (3, 4, 1)),
        (Function(lambda x, one: one(one(x)) + x, nn.Linear(4, 4)), (4, 4, 4)),
        (nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 6)), (5, 6)),
        (nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Flatten(), nn.Linear(20, 3)), (5, 6)),
        (nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 6)), (2, 3, 5, 6)),
    ],
    ids=[
        *("width-is-channels", "width-is-not", "two-on-maps", "batch-norm-after", "one-channel"),
        *("one-row", "one-pixel", "one-column", "shared", "rank-3", "rank-3-flattened", "rank-5"),
    ],
)
def test_linear_works_on_the_last_dimension(
    model: nn.Module, shape: tuple[int, ...], batch: int, hardware: Hardware
) -> None:
    check_device(model, shape, batch, hardware)


def test_activations_between_linear_layers_on_maps_are_fused() -> None:
    graph = check_device(pointwise_between(), (3, 4, 9), 1, Hardware())
    assert [(node.name, node.operator.name) for node in graph.nodes] == [
        ("0", "conv2d"),
        ("0.permuted", "permute"),
        ("1", "linear"),
        ("4", "linear"),
    ]
    assert graph.nodes[2].fused == ("2",)


@pytest.mark.parametrize("hardware", [Hardware(), SMALL], ids=["default", "small"])
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize(
    ("model", "shape"),
    [
        (nn.Sequential(nn.Sigmoid()), (9,)),
        (nn.Sequential(nn.Linear(9, 5), nn.Sigmoid(), nn.Linear(5, 3)), (6, 9)),
        (nn.Sequential(nn.Conv2d(2, 3, 3), nn.Sigmoid(), nn.Conv2d(3, 2, 2)), (2, 5, 6)),
        (
            nn.Sequential(nn.Conv2d(2, 3, 3), nn.Flatten(), nn.Sigmoid(), nn.Linear(12, 5)),
            (2, 4, 4),
        ),
        (Function(lambda x, one: torch.sigmoid(one(x)) + x, nn.Conv2d(4, 4, 1)), (4, 5, 6)),
    ],
    ids=["alone", "rank-3", "maps", "flattened", "sum"],
)
def test_sigmoid_anywhere(
    model: nn.Module, shape: tuple[int, ...], batch: int, hardware: Hardware
) -> None:
    check_device(model, shape, batch, hardware)


def soft(x: torch.Tensor) -> torch.Tensor:
    return torch.softmax(x, -1)


@pytest.mark.parametrize("hardware", [Hardware(), SMALL], ids=["default", "small"])
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize(
    ("model", "shape"),
    [
        (nn.Sequential(nn.Linear(9, 5), nn.Softmax(1), nn.Linear(5, 3)), (9,)),
        (nn.Sequential(nn.Softmax(1), nn.Linear(9, 5)), (9,)),
        (nn.Sequential(nn.Linear(9, 5), nn.Softmax(1), nn.ReLU()), (9,)),
        (nn.Sequential(nn.Linear(9, 5), nn.Softmax(1), nn.Linear(5, 4), nn.Softmax(1)), (9,)),
        (nn.Sequential(nn.Linear(9, 5), nn.Softmax(1), nn.Softmax(1)), (9,)),
        (Function(lambda x, one: soft(one(x)) + soft(x), nn.Linear(9, 9)), (9,)),
        # The input stays in the activation buffer from one chain of the engine to the next.
        (Function(lambda x, one: soft(one(x)) + one(x), nn.Linear(9, 9)), (9,)),
        (Function(lambda x, one: one(soft(one(x)) + x), nn.Linear(9, 9)), (9,)),
        (Function(lambda x, one: soft(one(x)).argmax(1), nn.Linear(9, 9)), (9,)),
        (Function(lambda x, one: one(x).argmax(1), nn.Linear(9, 1)), (9,)),
        (nn.Sequential(nn.Conv2d(2, 3, 3), nn.Flatten(), nn.Softmax(1)), (2, 4, 4)),
        (
            nn.Sequential(nn.Conv2d(2, 3, 3), nn.Flatten(), nn.Softmax(1), nn.Linear(12, 5)),
            (2, 4, 4),
        ),
        (nn.Sequential(nn.Conv2d(2, 3, 1), nn.Softmax(1), nn.Conv2d(3, 2, 3)), (2, 4, 4)),
        (nn.Sequential(nn.Linear(9, 5), nn.Softmax(-1), nn.Linear(5, 3)), (6, 9)),
        (nn.Sequential(nn.Softmax(1), nn.Unflatten(1, (9, 1, 1)), nn.Conv2d(9, 3, 1)), (9,)),
    ],
    ids=[
        *("linear", "first", "relu", "two", "two-at-once", "sum-of-two", "sum", "sum-inside"),
        *("argmax", "argmax-of-one", "flattened", "flattened-linear", "maps", "rank-3"),
        "reshaped",
    ],
)
def test_softmax_anywhere(
    model: nn.Module, shape: tuple[int, ...], batch: int, hardware: Hardware
) -> None:
    check_device(model, shape, batch, hardware)
