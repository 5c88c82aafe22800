"""torch.export to graph: feature maps get their channels last; what cannot be had is said."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from modelgen.errors import ModelError
from modelgen.frontends.torch_export.importer import import_model
from modelgen.ir.channels_last import values_to_layout
from modelgen.ir.execute import run_graph
from modelgen.ir.files import load, save
from modelgen.ir.graph import Graph
from modelgen.operators import Conv2d
from modelgen.operators.window import Window
from tests.support.refused import check_message

SHAPE = (4, 12, 9)


def check_same(model: nn.Module, batch: int = 1, shape: tuple[int, ...] = SHAPE) -> Graph:
    """Import a model and compare its outputs with PyTorch's."""
    torch.manual_seed(0)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2.0)
            if module.affine:
                nn.init.normal_(module.weight)
                nn.init.normal_(module.bias)
    values = np.random.default_rng(0).standard_normal((2 * batch, *shape)).astype(np.float32)
    graph = import_model(model, shape, batch)
    with torch.no_grad():
        wanted = model.eval()(torch.from_numpy(values)).numpy()
    if graph.flattened is not None:
        wanted = wanted.reshape(len(values), *graph.flattened)
    wanted = values_to_layout(wanted)
    got = run_graph(graph, values_to_layout(values))
    np.testing.assert_allclose(got, wanted.reshape(len(values), -1), rtol=1e-4, atol=1e-5)
    return graph


class Function(nn.Module):
    def __init__(self, function: object) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(4, 6, 3),
        nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 0), bias=False),
        nn.Conv2d(4, 5, 3, dilation=(2, 1)),
        nn.Conv2d(4, 6, 3, padding="same"),
        nn.Conv2d(4, 6, 4, padding="same"),
        nn.Conv2d(4, 6, 3, padding="valid"),
        nn.Conv2d(4, 4, 3, padding=1, groups=4),
        nn.BatchNorm2d(4),
        nn.BatchNorm2d(4, affine=False),
        nn.MaxPool2d(3, stride=2, padding=1),
        nn.MaxPool2d((2, 3)),
        nn.MaxPool2d(2, ceil_mode=True),
        nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True),
        nn.MaxPool2d((5, 2), stride=(3, 2), ceil_mode=True),
        nn.AvgPool2d(3, ceil_mode=True),
        nn.AvgPool2d(2, count_include_pad=False),
        nn.AvgPool2d(2),
        nn.AvgPool2d(3, stride=1, padding=1),
        nn.AdaptiveAvgPool2d(1),
        nn.AdaptiveAvgPool2d((4, 3)),
        nn.ReLU(),
        nn.ReLU6(inplace=True),
        nn.LeakyReLU(0.2),
        nn.Hardtanh(-0.5, 2.0),
        nn.Sigmoid(),
        Function(lambda x: x * 2),
        Function(lambda x: x / 255),
        Function(lambda x: 0.5 + x),
        Function(lambda x: x - 3),
        Function(lambda x: 1 - x),
        Function(lambda x: -x),
        Function(lambda x: x.clone().neg_()),
        Function(lambda x: torch.sub(x, 2, alpha=3)),
        Function(lambda x: torch.rsub(x, 2, alpha=3)),
        Function(lambda x: torch.add(x, 2, alpha=3)),
        Function(lambda x: torch.cat([x, x], 1)),
        Function(lambda x: torch.concat([x, x, x], -3)),
        Function(lambda x: torch.concatenate((x, x), axis=1)),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:Using padding='same'")
def test_each_layer(layer: nn.Module) -> None:
    check_same(nn.Sequential(layer), batch=2)


def test_shapes_and_weights_have_their_channels_last() -> None:
    graph = check_same(nn.Sequential(nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 0))), 2)
    (node,) = graph.nodes
    assert graph.tensors[graph.input].shape == (2, 12, 9, 4)
    assert graph.tensors[node.output].shape == (2, 6, 8, 6)
    assert graph.constant(node, "weight").shape == (6, 3, 2, 4)
    assert node.operator == Conv2d(Window((3, 2), (2, 1), (1, 1, 0, 0)))


def test_flattened_maps_go_into_a_linear_layer() -> None:
    graph = check_same(
        nn.Sequential(nn.Conv2d(4, 5, 3), nn.Flatten(), nn.ReLU(), nn.Dropout(), nn.Linear(350, 7))
    )
    assert [node.operator.name for node in graph.nodes] == [
        *("conv2d", "reshape", "pointwise", "dropout", "linear")
    ]


@pytest.mark.parametrize(
    "tail", [nn.ReLU(), nn.Dropout(), nn.Softmax(1), nn.BatchNorm1d(432)], ids=str
)
def test_flattened_maps_may_be_the_output(tail: nn.Module) -> None:
    if isinstance(tail, nn.BatchNorm1d):
        tail.running_mean.normal_()
        tail.running_var.uniform_(0.5, 2.0)
    graph = check_same(nn.Sequential(nn.Flatten(), tail), batch=2)
    assert graph.flattened == SHAPE


def test_the_order_of_flattened_maps_is_kept_in_files(tmp_path: Path) -> None:
    graph = import_model(nn.Sequential(nn.Conv2d(4, 6, 3), nn.Flatten()), SHAPE, 1)
    save(graph, tmp_path)
    assert load(tmp_path).flattened == graph.flattened == (6, 10, 7)


def test_a_shared_layer_may_read_maps_and_vectors() -> None:
    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(16, 16)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layer(self.layer(x.flatten(1)))

    check_same(Shared(), shape=(4, 2, 2))


def test_branches_functions_and_means() -> None:
    class Branches(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 1)
            self.norm, self.last = nn.BatchNorm2d(4), nn.Linear(4, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = functional.relu(self.norm(self.one(x)))
            y = functional.max_pool2d(y + self.two(x), 2)
            y += functional.leaky_relu(y, 0.1)
            return torch.softmax(self.last(y.mean((2, 3))), 1)

    graph = check_same(Branches(), batch=2)
    assert [node.operator.name for node in graph.nodes][-4:] == [
        "avg_pool2d",
        "reshape",
        "linear",
        "softmax",
    ]


def test_argmax() -> None:
    class Class(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(5, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layer(x).argmax(1)

    graph = check_same(Class(), batch=2, shape=(5,))
    assert graph.nodes[-1].operator.name == "argmax"


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (nn.Conv2d(4, 8, 3, groups=2), "2 groups with 4 input channels and 8 output"),
        (nn.Conv2d(4, 8, 3, groups=4), "4 groups with 4 input channels and 8 output"),
        (nn.MaxPool2d(2, dilation=2), "has a dilation"),
        (nn.AvgPool2d(2, ceil_mode=True), "ceil_mode=True"),
        (nn.AvgPool2d(2, padding=1, count_include_pad=False), "count_include_pad=True"),
        (nn.AvgPool2d(2, divisor_override=3), "must divide by the size of its kernel"),
        (nn.AdaptiveAvgPool2d(5), "pools 12x9 to 5x5; the output size must divide"),
        (nn.BatchNorm2d(4, track_running_stats=False), "running statistics"),
        (nn.Sequential(nn.Flatten(2), nn.Linear(108, 3)), "reads flattened feature maps"),
        (Function(lambda x: x.flatten(1).argmax(1)), "reads flattened feature maps"),
        (nn.Sequential(nn.Flatten(), nn.Unflatten(1, (12, 4, 9))), "reads flattened feature maps"),
        (nn.Softmax(3), "dimension 3 of 4; only 1, the channels of feature maps"),
        (nn.Softmax(2), "dimension 2 of 4; only 1, the channels of feature maps"),
        (Function(lambda x: x + x.mean((2, 3), keepdim=True)), "two tensors of the same shape"),
        (Function(lambda x: x * x), "must have a number as its second operand"),
        (Function(lambda x: x / 0), "divides by zero"),
        (Function(lambda x: x * 1e39), r"computes with 1e\+39, which is not a finite FP32 number"),
        (Function(lambda x: x / 1e-40), r"computes with 1e\+40, which is not a finite FP32 number"),
        (Function(lambda x: x - math.nan), "computes with nan, which is not a finite FP32 number"),
        (Function(lambda x: torch.add(x, x, alpha=2)), "adds a multiple"),
        (Function(lambda x: x.mean(1)), "mean over the rows and columns"),
        (Function(lambda x: x.flatten(1).argmax()), "last dimension of a two-dimensional input"),
    ],
)
def test_what_cannot_be_had_is_said(model: nn.Module, message: str) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        import_model(model, SHAPE, 1)
    assert "\n" not in str(caught.value)


def test_a_number_times_a_tensor_without_batch() -> None:
    with pytest.raises(ModelError, match="has an input of shape 5, without a batch"):
        import_model(Function(lambda x: x.flatten() * 2), (5,), 1)


def test_a_sum_that_is_the_same_for_each_input() -> None:
    class Computed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bias = nn.Parameter(torch.ones(5))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + (self.bias + 1)

    with pytest.raises(ModelError, match="does not work on the model's input"):
        import_model(Computed(), (5,), 1)


def test_batch_norm_with_the_statistics_of_its_input() -> None:
    class Norm(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.BatchNorm1d(4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            mean, variance = self.norm.running_mean, self.norm.running_var
            return nn.functional.batch_norm(x, mean, variance, training=True, momentum=0.0)

    parts = "Layer 'batch_norm'", "the mean and variance of its input even in evaluation mode"
    check_message(Norm(), (4,), *parts, batch=2)
