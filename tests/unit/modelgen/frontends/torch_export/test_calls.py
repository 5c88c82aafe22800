"""Calls of an exported program: their layer and their line."""

from __future__ import annotations

import importlib.util
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from modelgen.frontends.torch_export.calls import (
    arguments,
    function_name,
    layer_name,
    source_line,
    subject,
)
from tests.support.refused import check_message


def test_unsupported_function_gives_its_line() -> None:
    class Sorted(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.cumprod(x, 1)

    parts = "Function cumprod is not supported", "test_calls.py", "torch.cumprod(x, 1)"
    check_message(Sorted(), (4,), *parts)


def test_arguments_have_names_and_defaults() -> None:
    program = torch.export.export(nn.MaxPool2d(3, padding=1), (torch.zeros(1, 2, 8, 8),))
    (pool,) = (node for node in program.graph.nodes if node.op == "call_function")
    found = arguments(pool)
    assert found["kernel_size"] == [3, 3] and found["padding"] == [1, 1]
    assert found["dilation"] == [1, 1] and found["ceil_mode"] is False
    assert function_name(pool) == "max_pool2d"


def call(name: str, *modules: tuple[str, str], fn: str = "") -> SimpleNamespace:
    """A call of a function of PyTorch in modules (path, class), the outermost first."""
    stack = {str(index): module for index, module in enumerate(modules)}
    meta = {"nn_module_stack": stack, "torch_fn": (f"{fn}_1", fn)}
    return SimpleNamespace(name=name, meta=meta)


LINEAR = "torch.nn.modules.linear.Linear"


@pytest.mark.parametrize(
    ("modules", "name"),
    [
        ([], "relu_1"),
        ([("", "mine.Net"), ("fc.0", LINEAR)], "fc.0"),
        ([("", "mine.Net"), ("block", "mine.Block")], "block.relu_1"),
        ([("", LINEAR)], "relu_1"),
    ],
)
def test_names_of_layers(modules: list[tuple[str, str]], name: str) -> None:
    assert layer_name(call("relu_1", *modules)) == name


def test_the_model_s_own_line_is_the_last_that_is_no_library_s() -> None:
    place = importlib.util.find_spec("torch").submodule_search_locations[0]
    frames = [
        ("/home/me/project.py", 3, "return self.block(x)"),
        ("/home/me/blocks.py", 12, "x = torch.tanh(x)"),
        (f"{place}/functional.py", 99, "return _VF.tanh(x)"),
        ("<eval_with_key>.1", 3, "tanh = torch.tanh(x)"),
    ]
    trace = "".join(f'  File "{f}", line {n}, in forward\n    {text}\n' for f, n, text in frames)
    assert source_line(trace) == "blocks.py:12: x = torch.tanh(x)"
    assert source_line("") == "" == source_line("no frames")


def test_messages_name_layers_and_functions() -> None:
    act = "torch.nn.modules.activation.ReLU"
    assert subject(call("relu_1", ("", "mine.Net"), ("act", act))) == "Layer 'act' (ReLU)"
    assert subject(call("abs_1", ("", "mine.Net"), fn="method_descriptor.abs")) == "Function abs"
    inside = call("fft_1", ("", "mine.Net"), ("block", "mine.Block"), fn="x.fft_fft")
    assert subject(inside) == "Function fft.fft in 'block' (Block)"
    assert subject(call("select", fn="wrapper_descriptor.__getitem__")) == "Indexing"
