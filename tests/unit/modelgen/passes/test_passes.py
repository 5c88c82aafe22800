"""Each pass on small graphs: what it changes, what it leaves, and that results stay the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from modelgen.errors import ModelError
from modelgen.frontends.torch_export.importer import import_model
from modelgen.hardware import Hardware
from modelgen.ir import files as graph_files
from modelgen.ir.execute import accuracy, run_graph, select_device
from modelgen.ir.graph import Graph, Node, Tensor
from modelgen.operators import Pointwise
from modelgen.operators.epilogue import Epilogue
from modelgen.passes.append_softmax import append_softmax
from modelgen.passes.drop_dropout import drop_dropout
from modelgen.passes.drop_unused import drop_unused
from modelgen.passes.fold_batch_norm import fold_batch_norm
from modelgen.passes.fuse_max_pool import fuse_max_pool
from modelgen.passes.fuse_pointwise import fuse_pointwise
from modelgen.passes.simplify import simplify
from modelgen.passes.split_max_pool import split_max_pool
from modelgen.plan.compiler import compile_graph
from modelgen.quantize.weights import quantize
from tests.support.networks import perceptron


def operators(graph: Graph) -> list[str]:
    return [node.operator.name for node in graph.nodes]


def imported(*layers: nn.Module, features: tuple[int, ...] = (6,), batch: int = 2) -> Graph:
    torch.manual_seed(0)
    return import_model(nn.Sequential(*layers), features, batch)


def test_drop_dropout() -> None:
    graph = imported(nn.Dropout(0.1), nn.Linear(6, 3), nn.Dropout(0.5), nn.Dropout(0.5))
    dropped = drop_dropout(graph)
    assert operators(dropped) == ["linear"]
    assert dropped.output == "1"
    assert set(dropped.tensors) == {dropped.input, "1"}


def maps(*layers: nn.Module) -> Graph:
    """Import layers that take maps of 3 channels, 8 x 6, with batch-norms that do something."""
    torch.manual_seed(0)
    for layer in layers:
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight)
            nn.init.normal_(layer.bias)
            layer.running_mean.normal_()
            layer.running_var.uniform_(0.5, 2.0)
    return import_model(nn.Sequential(*layers), (3, 8, 6), 1)


def check_same(one: Graph, other: Graph) -> None:
    values = np.random.default_rng(0).standard_normal((3, 8, 6, 3)).astype(np.float32)
    np.testing.assert_allclose(run_graph(one, values), run_graph(other, values), atol=1e-5)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("groups", [1, 3])
def test_fold_batch_norm(bias: bool, groups: int) -> None:
    graph = maps(nn.Conv2d(3, 3, 3, groups=groups, bias=bias), nn.BatchNorm2d(3))
    folded = fold_batch_norm(graph)
    assert operators(folded) == ["conv2d"]
    assert folded.nodes[0].fused == ("1",)
    check_same(graph, folded)


class NormalizedTwice(nn.Module):
    """bn(y) + y: the batch-norm is not the only reader of the convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 3, 1)
        self.norm = maps_norm()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.layer(x)
        return self.norm(y) + y


def maps_norm() -> nn.BatchNorm2d:
    norm = nn.BatchNorm2d(3)
    norm.running_mean.normal_()
    norm.running_var.uniform_(2.0, 4.0)
    return norm


def test_batch_norm_of_a_convolution_that_others_read_stays() -> None:
    torch.manual_seed(0)
    model = NormalizedTwice().eval()
    graph = import_model(model, (3, 8, 6), 1)
    folded = fold_batch_norm(graph)
    assert operators(folded) == ["conv2d", "pointwise", "pointwise"]
    values = np.random.default_rng(0).standard_normal((1, 3, 8, 6)).astype(np.float32)
    with torch.no_grad():
        wanted = model(torch.from_numpy(values)).permute(0, 2, 3, 1).reshape(1, -1).numpy()
    got = run_graph(simplify(graph), values.transpose(0, 2, 3, 1).copy()).reshape(1, -1)
    np.testing.assert_allclose(got, wanted, atol=1e-5)


def test_batch_norm_of_the_networks_output_stays() -> None:
    """The convolution's output leaves the network: only its own reader would see the new scale."""
    graph = maps(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3))
    convolution = replace(graph, output=graph.nodes[0].output)
    assert operators(fold_batch_norm(convolution)) == ["conv2d", "pointwise"]


def test_batch_norm_without_a_convolution_stays() -> None:
    graph = maps(nn.BatchNorm2d(3), nn.Conv2d(3, 4, 3), nn.ReLU(), nn.BatchNorm2d(4))
    folded = fuse_pointwise(fold_batch_norm(graph))
    assert operators(folded) == ["pointwise", "conv2d", "pointwise"]
    check_same(graph, folded)


@pytest.mark.parametrize(
    ("layers", "epilogue"),
    [
        ([nn.ReLU()], Epilogue(low=0.0)),
        ([nn.ReLU6(), nn.ReLU()], Epilogue(low=0.0, high=6.0)),
        ([nn.LeakyReLU(0.25), nn.ReLU6()], Epilogue(slope=0.25, low=0.0, high=6.0)),
        ([nn.Hardtanh(-2.0, 0.5)], Epilogue(low=-2.0, high=0.5)),
    ],
)
@pytest.mark.parametrize("first", [nn.Conv2d(3, 4, 3), nn.AvgPool2d(2), nn.BatchNorm2d(3)])
def test_fuse_activations(first: nn.Module, layers: list, epilogue: Epilogue) -> None:
    graph = maps(first, *layers)
    fused = fuse_pointwise(graph)
    (node,) = fused.nodes
    assert node.operator.epilogue == epilogue
    assert node.fused == tuple(str(index + 1) for index in range(len(layers)))
    check_same(graph, fused)


@pytest.mark.parametrize(
    "layers",
    [[nn.ReLU6(), nn.LeakyReLU(0.25)], [nn.Hardtanh(-2.0, -1.0), nn.Hardtanh(1.0, 2.0)]],
)
def test_activations_that_one_store_cannot_do(layers: list) -> None:
    graph = maps(nn.Conv2d(3, 4, 3), *layers)
    fused = fuse_pointwise(graph)
    assert operators(fused) == ["conv2d", "pointwise"]
    check_same(graph, fused)


class Branches(nn.Module):
    """A residual block; `twice` reads the convolution's output twice."""

    def __init__(self, twice: bool) -> None:
        super().__init__()
        self.twice = twice
        self.main = nn.Conv2d(3, 3, 3, padding=1)
        self.skip = nn.Conv2d(3, 3, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        main, skip = self.main(x), self.skip(x)
        total = torch.relu(main + skip)
        return total + main + skip if self.twice else total


def test_an_addition_becomes_the_residual_of_the_larger_layer() -> None:
    graph = maps(Branches(twice=False))
    fused = fuse_pointwise(graph)
    assert operators(fused) == ["conv2d", "conv2d"]
    skip, main = fused.nodes
    assert (skip.name, main.name) == ("0.skip", "0.main")
    assert main.inputs == (graph.input, skip.output)
    assert main.operator.epilogue == Epilogue(residual=True, low=0.0)
    check_same(graph, fused)


def test_what_others_read_is_not_fused() -> None:
    graph = maps(Branches(twice=True))
    fused = fuse_pointwise(graph)
    assert operators(fused) == ["conv2d", "conv2d", "pointwise", "pointwise", "pointwise"]
    check_same(graph, fused)


class Doubled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 3, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.layer(x)
        return y + y


def test_a_sum_with_itself_stays() -> None:
    graph = maps(Doubled())
    fused = fuse_pointwise(graph)
    assert operators(fused) == ["conv2d", "pointwise"]
    check_same(graph, fused)


@pytest.mark.parametrize("order", ["after", "before"])
def test_fuse_max_pool(order: str) -> None:
    around = [nn.ReLU(), nn.MaxPool2d(2)]
    graph = maps(nn.Conv2d(3, 4, 3), *(around if order == "after" else reversed(around)))
    simple = simplify(graph)
    (node,) = simple.nodes
    assert node.operator.epilogue == Epilogue(low=0.0, pool=(2, 2))
    check_same(graph, simple)


@pytest.mark.parametrize(
    "layers",
    [
        [nn.Conv2d(3, 4, 3), nn.MaxPool2d(2, 1)],
        [nn.Conv2d(3, 4, 3), nn.MaxPool2d(2, padding=1)],
        [nn.Conv2d(3, 4, 3), nn.LeakyReLU(-0.5), nn.MaxPool2d(2)],
        [nn.AvgPool2d(2), nn.MaxPool2d(2)],
    ],
)
def test_max_pools_that_are_layers_of_their_own(layers: list) -> None:
    graph = maps(*layers)
    simple = simplify(graph)
    assert operators(fuse_max_pool(simple))[-1] == "max_pool2d"
    check_same(graph, simple)


def test_a_pooling_that_the_accumulators_do_not_hold_is_split_off() -> None:
    graph = quantize(simplify(maps(nn.Conv2d(3, 4, 2, 1, 1, bias=False), nn.MaxPool2d((4, 4)))))
    assert operators(split_max_pool(graph, 32)) == ["conv2d"]
    split = split_max_pool(graph, 16)
    assert operators(split) == ["conv2d", "max_pool2d"]
    check_same(graph, split)
    compile_graph(graph, Hardware(accumulator_depth=16))


def test_a_negative_slope_behind_a_pooling_stays() -> None:
    """It would turn the order of the values round that the maximum sees."""
    graph = maps(nn.Conv2d(3, 4, 3), nn.MaxPool2d(2), nn.LeakyReLU(-0.5))
    simple = simplify(graph)
    assert operators(simple) == ["conv2d", "pointwise"]
    check_same(graph, simple)


def test_fuse_relu() -> None:
    graph = fuse_pointwise(perceptron(1, [4, 3, 2]))
    assert operators(graph) == ["linear", "linear"]
    assert graph.nodes[0].operator.epilogue == Epilogue(low=0.0)
    assert (graph.nodes[0].fused, graph.nodes[0].output) == (("relu0",), "relu0")
    assert graph.nodes[1].operator.epilogue == Epilogue()


def test_relu_without_a_layer_before_stays() -> None:
    graph = imported(nn.Flatten(), nn.ReLU(), nn.Linear(6, 3), features=(2, 3))
    assert operators(simplify(graph)) == ["reshape", "pointwise", "linear"]


def test_drop_unused() -> None:
    graph = perceptron(1, [4, 3, 2])
    aside = Node("aside", Pointwise(), ("x",), "aside")
    tensors = {**graph.tensors, "aside": Tensor("aside", (1, 4))}
    assert drop_unused(graph.with_nodes([aside, *graph.nodes], tensors=tensors)) == graph


def test_append_softmax() -> None:
    graph = append_softmax(perceptron(1, [4, 2]))
    assert operators(graph) == ["linear", "softmax"]
    assert graph.output == "softmax"


def test_simplified_graph_computes_the_same() -> None:
    layers = (
        nn.Flatten(),
        nn.Linear(6, 5),
        nn.ReLU(),
        nn.Dropout(0.3),
        nn.Linear(5, 4),
        nn.Softmax(1),
    )
    graph = imported(*layers, features=(2, 3), batch=3)
    values = np.random.default_rng(0).standard_normal((8, 2, 3)).astype(np.float32)
    simple = simplify(graph)
    assert operators(simple) == ["reshape", "linear", "linear", "softmax"]
    np.testing.assert_array_equal(run_graph(graph, values), run_graph(simple, values))


def test_a_graph_is_saved_and_loaded(tmp_path: Path) -> None:
    graph = simplify(perceptron(3, [4, 3, 2], softmax=True))
    graph_files.save(graph, tmp_path / "a")
    loaded = graph_files.load(tmp_path / "a")
    assert loaded.nodes == graph.nodes
    assert loaded.tensors == graph.tensors
    assert (loaded.input, loaded.output, loaded.batch) == (graph.input, graph.output, 3)
    for name, value in graph.constants.items():
        np.testing.assert_array_equal(loaded.constants[name], value)
    graph_files.save(loaded, tmp_path / "b")
    for name in ("graph.json", "constants.npz"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_accuracy() -> None:
    assert accuracy(np.array([[1, 2], [3, 0], [0, 1]]), np.array([1, 1, 1])) == pytest.approx(2 / 3)


def test_devices() -> None:
    assert select_device("cpu") == "cpu"
    assert select_device("auto") in ("cpu", "cuda")
    with pytest.raises(ModelError, match="unknown"):
        select_device("tpu")
    if not torch.cuda.is_available():
        with pytest.raises(ModelError, match="no GPU"):
            select_device("cuda")
