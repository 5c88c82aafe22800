"""The graph in the making: names, constants, the output, several complaints."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from modelgen.errors import ModelError
from modelgen.frontends.torch_export.importer import (
    UnsupportedError,
    import_model,
    import_program,
)
from tests.support.refused import check_message
from tests.support.same import Function, check_same


def test_several_outputs() -> None:
    model = Function(lambda x: (torch.relu(x), [x + 1, torch.relu(x)]))
    graph = import_model(model, (4,), 1)
    assert len(graph.outputs) == 3


def test_results_that_are_not_one_for_each_input() -> None:
    reason = "the shape 3, which is not one result for each of the 2 inputs of a batch"
    layer = nn.Linear(8, 3)
    check_message(Function(lambda x: layer(x.flatten())), (4,), reason, batch=2)
    check_message(Function(lambda x: x.sum()), (4,), "the shape scalar, which", batch=2)


def test_an_output_that_is_always_the_same() -> None:
    check_message(Function(lambda x: torch.ones(1, 3) + 1), (5,), "does not depend on its input")
    program = torch.export.export(Function(lambda x: (x + 1, 7)), (torch.zeros(1, 5),))
    with pytest.raises(ModelError, match="returns 7, which is not a tensor"):
        import_program(program, 1)


def test_half_precision_weights_become_fp32() -> None:
    model = nn.Linear(4, 2)
    model.weight.data = model.weight.data.to(torch.float64)
    model.bias.data = model.bias.data.to(torch.float64)
    graph = import_model(model.float(), (4,), batch=1)
    assert graph.constants["weight"].dtype == np.float32


def test_all_that_is_unsupported_is_said_at_once() -> None:
    layer = nn.Linear(4, 4)
    model = Function(lambda x: layer(x.cumprod(1)).cummax(1)[0] + torch.sort(x, 1)[0])
    with pytest.raises(UnsupportedError) as caught:
        import_model(model, (4,), 1)
    (complaint,) = caught.value.complaints
    assert complaint.problems == (
        "Function cumprod is not supported",
        "Function cummax is not supported",
        "Function sort is not supported",
    )
    assert str(caught.value) == str(complaint)


def test_constant_tensors_have_the_names_of_parameters() -> None:
    class Offset(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.offset = nn.Parameter(torch.ones(1, 3, 4))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.relu(x + self.offset) + self.offset

    graph = check_same(Offset(), shape=(3, 4))
    assert graph.constant_tensors == ["offset"]
