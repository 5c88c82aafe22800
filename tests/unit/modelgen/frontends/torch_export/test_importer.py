"""torch.export to graph: names, shapes, and one clear message for what cannot be compiled."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from modelgen.errors import ModelError
from modelgen.frontends.torch_export.importer import import_model
from modelgen.ir.execute import run_graph


class Functional(nn.Module):
    """Layers as functions, views, a shared layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(12, 6)
        self.twice = nn.Linear(6, 6)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        x = image.view(image.size(0), -1)
        x = torch.relu(self.first(x))
        x = self.twice(self.twice(x))
        return nn.functional.softmax(x, dim=1)


def classifier() -> nn.Module:
    return nn.Sequential(
        nn.Flatten(), nn.Linear(12, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3, bias=False)
    )


def test_names_and_shapes() -> None:
    graph = import_model(classifier(), (3, 4), batch=2)
    assert [(node.name, node.operator.name) for node in graph.nodes] == [
        ("0", "reshape"),
        ("1", "linear"),
        ("2", "pointwise"),
        ("3", "dropout"),
        ("4", "linear"),
    ]
    assert graph.tensors[graph.input].shape == (2, 3, 4)
    assert graph.tensors["1"].shape == (2, 8)
    assert graph.nodes[1].constants == {"weight": "1.weight", "bias": "1.bias"}
    assert graph.nodes[4].constants == {"weight": "4.weight"}


def test_functions_and_shared_weights() -> None:
    graph = import_model(Functional(), (3, 4), batch=2)
    assert graph.input == "image"
    names = [node.name for node in graph.nodes if node.operator.name == "linear"]
    assert names == ["first", "twice", "twice#2"]
    assert graph.nodes[-1].operator.name == "softmax"
    assert len(graph.constants) == 4


@pytest.mark.parametrize("make", [classifier, Functional])
@pytest.mark.parametrize("batch", [1, 4])
def test_the_graph_computes_what_the_model_does(make: type, batch: int) -> None:
    torch.manual_seed(0)
    model = make().eval()
    values = np.random.default_rng(0).standard_normal((7, 3, 4)).astype(np.float32)
    graph = import_model(model, (3, 4), batch)
    with torch.no_grad():
        wanted = model(torch.from_numpy(values)).numpy()
    np.testing.assert_allclose(run_graph(graph, values), wanted, rtol=1e-5, atol=1e-6)


def test_one_linear_without_bias() -> None:
    graph = import_model(nn.Linear(5, 3, bias=False), (5,), batch=1)
    assert [node.operator.name for node in graph.nodes] == ["linear"]


def test_linear_with_keywords_and_tensors_of_the_model() -> None:
    class Keywords(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("table", torch.ones(3, 5, dtype=torch.float64).to(torch.float32))
            self.offset = nn.Parameter(torch.zeros(3))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.functional.linear(x, weight=self.table, bias=self.offset)

    graph = import_model(Keywords(), (5,), batch=1)
    assert graph.nodes[0].constants == {"weight": "table", "bias": "offset"}


def check_message(model: object, features: tuple[int, ...], *parts: str, batch: int = 1) -> None:
    with pytest.raises(ModelError) as caught:
        import_model(model, features, batch)
    message = str(caught.value)
    for part in parts:
        assert part in message, message
    assert "\n" not in message


def test_unsupported_operator() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.GELU(), nn.Linear(4, 2))
    check_message(
        model, (4,), "Layer '2' (GELU)", "aten.gelu", "operator 3 of 4, after '1'", "nn.Linear"
    )


def test_unsupported_function_gives_its_line() -> None:
    class Tanh(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.tanh(x)

    check_message(Tanh(), (4,), "Layer 'tanh'", "aten.tanh", "test_importer.py", "torch.tanh(x)")


def test_wrong_shape_names_the_layer() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(10, 4), nn.Linear(5, 2))
    check_message(model, (10,), "Layer '2'", "in_features=5", "shape 1x4")
    check_message(model, (3, 4), "Layer '1'", "shape 1x12", "input has the shape 1x3x4")


def test_not_a_module() -> None:
    check_message(lambda x: x, (4,), "model() returned a function", "torch.nn.Module")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_modules_of_torchscript() -> None:
    scripted = torch.jit.script(nn.Linear(4, 3))
    check_message(scripted, (4,), "model() returned", "TorchScript", "'checkpoint'")
    check_message(nn.Sequential(nn.ReLU(), scripted), (4,), "Layer '1'", "TorchScript")


def test_batch_norm_with_the_statistics_of_its_input() -> None:
    class Norm(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.BatchNorm1d(4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            mean, variance = self.norm.running_mean, self.norm.running_var
            return nn.functional.batch_norm(x, mean, variance, training=True, momentum=0.0)

    parts = "Layer 'batch_norm'", "mean and variance of its input in evaluation mode too"
    check_message(Norm(), (4,), *parts, batch=2)


def test_several_inputs_or_outputs() -> None:
    class Two(nn.Module):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return torch.relu(x), torch.relu(x)

    check_message(Two(), (4,), "returns 2 values")


@pytest.mark.parametrize(
    ("shape", "layer", "parts"),
    [
        ((-1,), nn.Linear(8, 3), ("Layer 'layer' (Linear)", "(shape 8)")),
        ((1, 8), nn.Linear(8, 3), ("Layer 'view'", "(shape 1x8)")),
        ((1, 8), nn.ReLU(), ("Layer 'view'", "(shape 1x8)")),
        ((1, 1, 4, 2), nn.Conv2d(1, 2, 2), ("Layer 'view'", "(shape 1x1x4x2)")),
    ],
)
def test_inputs_of_a_batch_in_one_row(
    shape: tuple[int, ...], layer: nn.Module, parts: tuple[str, ...]
) -> None:
    class Mixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = layer

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layer(x.view(shape))

    reason = "puts values of several inputs of a batch of 2 into one row"
    check_message(Mixed(), (4,), reason, *parts, batch=2)


def test_several_rows_for_each_input_of_a_batch() -> None:
    class Rows(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(2, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layer(x.view(-1, 2)).flatten()

    graph = import_model(Rows(), (4,), batch=2)
    assert graph.tensors[graph.output].shape == (12,)


def test_maps_without_the_batch() -> None:
    class Mixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Conv2d(1, 2, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layer(x.reshape(5, 1, 1, 1))

    check_message(Mixed(), (5,), "5x2x1x1", "not one result for each of the 1 inputs")


def test_softmax_over_another_dimension() -> None:
    check_message(nn.Softmax(dim=0), (4,), "dimension 0 of 2")
    check_message(nn.Sequential(nn.Flatten(0), nn.Softmax(0)), (4,), "shape 8, without", batch=2)


def test_control_flow() -> None:
    class Branch(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.relu(x) if x.sum() > 0 else x

    check_message(
        Branch(), (4,), "torch.export cannot trace the model at test_importer.py:", "Control flow"
    )


def test_dropout_that_is_always_on() -> None:
    class Noisy(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.functional.dropout(x, 0.5)

    check_message(Noisy(), (4,), "Layer 'dropout'", "in evaluation mode too")


def test_half_precision_weights_become_fp32() -> None:
    model = nn.Linear(4, 2)
    model.weight.data = model.weight.data.to(torch.float64)
    model.bias.data = model.bias.data.to(torch.float64)
    graph = import_model(model.float(), (4,), batch=1)
    assert graph.constants["weight"].dtype == np.float32


class InPlace(nn.Module):
    """Changes one view of a tensor, and returns what a function makes of it."""

    def __init__(self, changed: Callable, read: Callable) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4)
        self.changed, self.read = changed, read

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.layer(x)
        view = self.changed(y)
        return self.read(y, torch.relu_(view))


@pytest.mark.parametrize(
    "view",
    [
        lambda y: y.view(2, 1, 4),
        lambda y: y.reshape(2, 2, 2),
        lambda y: y.unsqueeze(1).squeeze(1),
        lambda y: nn.functional.dropout(y, 0.5, training=False),
        lambda y: y.detach(),
    ],
)
@pytest.mark.parametrize(
    ("read", "reader"),
    [
        (lambda y, _: torch.nn.functional.leaky_relu(y), "'leaky_relu'"),
        (lambda y, z: z.reshape(2, 4) + y, "'add'"),
        (lambda y, _: y, "the model's result"),
    ],
)
def test_in_place_on_a_view(view: Callable, read: Callable, reader: str) -> None:
    """Who reads the tensor itself afterwards would get the values of before."""
    parts = "Layer 'relu_'", "in place", reader, "torch.relu_(view)"
    check_message(InPlace(view, read), (4,), *parts, batch=2)


@pytest.mark.parametrize(
    ("view", "read"),
    [
        (lambda y: y, lambda y, z: y + z),
        (lambda y: y.clone(), lambda y, z: y + z),
        (lambda y: y.view(2, 2, 2), lambda _, z: z.view(2, 4)),
        (lambda y: y.flatten(1), lambda _, z: z + z),
    ],
)
def test_in_place_that_nobody_else_sees(view: Callable, read: Callable) -> None:
    torch.manual_seed(0)
    model = InPlace(view, read).eval()
    values = torch.randn(2, 4)
    graph = import_model(model, (4,), batch=2)
    with torch.no_grad():
        wanted = model(values).numpy()
    np.testing.assert_allclose(run_graph(graph, values.numpy()), wanted, rtol=1e-5, atol=1e-6)


def test_conversions() -> None:
    class Converts(nn.Module):
        def __init__(self, kind: torch.dtype) -> None:
            super().__init__()
            self.layer, self.kind = nn.Linear(4, 4), kind

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.relu(self.layer(x.float()).to(self.kind))

    graph = import_model(Converts(torch.float32), (4,), batch=1)
    assert [node.operator.name for node in graph.nodes if node.operator.takes_time] == [
        "linear",
        "pointwise",
    ]
    message = "converts torch.float32 to torch.float64; all tensors are FP32"
    check_message(Converts(torch.float64), (4,), "Layer 'to_1'", message)


def test_dropout_of_channels_and_view_as() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.dropout = nn.Dropout2d()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.relu(self.dropout(x)).view_as(x)

    graph = import_model(Model(), (2, 3, 3), batch=1)
    assert [node.operator.name for node in graph.nodes] == ["dropout", "pointwise", "reshape"]


def test_what_cannot_be_traced_gives_its_line() -> None:
    class Chunk(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(4, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.relu_(self.layer(x).chunk(2, -1)[0])

    line = "torch.relu_(self.layer(x)"
    check_message(Chunk(), (4,), "cannot trace the model at test_importer.py:", line)
