"""What a program computes without its inputs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from modelgen.frontends.torch_export.constants import Constants
from tests.support.same import Function


class Positions(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.arange(6.0).reshape(3, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mask = torch.zeros(3, 1)
        mask[1] = 5
        return x + self.table[torch.arange(3)] * 2 + mask


def test_indices_and_what_is_written_in_place() -> None:
    model = Positions()
    program = torch.export.export(model, (torch.zeros(3, 2),))
    constants = Constants(program)
    calls = [node for node in program.graph.nodes if node.op == "call_function"]
    varying = [node for node in calls if node not in constants]
    assert [str(node.target) for node in varying] == ["aten.add.Tensor"] * 2
    table, mask = (node.args[1] for node in varying)
    np.testing.assert_array_equal(constants.array(table), 2 * model.table.detach().numpy())
    np.testing.assert_array_equal(constants.array(mask), [[0], [5], [0]])


@pytest.mark.parametrize(
    ("function", "values"),
    [
        (torch.zeros_like, 0),
        (torch.ones_like, 1),
        (lambda x: torch.full_like(x, 3), 3),
        (lambda x: x.new_zeros(3, 2), 0),
        (lambda x: x.new_full((3, 2), 3), 3),
    ],
)
def test_what_only_depends_on_the_shape_of_an_input(function: object, values: int) -> None:
    program = torch.export.export(Function(lambda x: x + function(x)), (torch.ones(3, 2),))
    *_, added = (node for node in program.graph.nodes if node.op == "call_function")
    constants = Constants(program)
    assert added not in constants
    np.testing.assert_array_equal(constants.array(added.args[1]), np.full((3, 2), values))


def test_random_numbers_are_no_constants() -> None:
    def function(x: torch.Tensor) -> torch.Tensor:
        kept = nn.functional.dropout(torch.ones(2), 0.5, training=False)
        return x + torch.randn(2) + kept + torch.empty(2).uniform_()

    program = torch.export.export(Function(function), (torch.zeros(3, 2),))
    constants = Constants(program)
    calls = {str(n.target): n for n in program.graph.nodes if n.op == "call_function"}
    known = {name for name, node in calls.items() if node in constants}
    assert known == {"aten.ones.default", "aten.dropout.default", "aten.empty.memory_format"}


def test_parameters_keep_their_names_and_values() -> None:
    model = Positions()
    program = torch.export.export(model, (torch.zeros(3, 2),))
    constants = Constants(program)
    (parameter,) = (node for node in program.graph.nodes if node.name.startswith("p_"))
    assert constants.name(parameter) == "table" and constants.array(parameter).dtype == np.float32


def test_what_is_read_before_and_after_a_change() -> None:
    """Each call reads a constant as it is at that time, through whichever view."""

    def function(x: torch.Tensor) -> torch.Tensor:
        first = torch.ones(2)
        x = x + first
        first[:1] = 5
        x = x + first * 10
        return x + first.mul_(100)

    program = torch.export.export(Function(function), (torch.zeros(3, 2),))
    constants = Constants(program)
    varying = [node for node in program.graph.nodes if str(node.target) == "aten.add.Tensor"]
    found = [constants.array(node.args[1]).tolist() for node in varying]
    assert found == [[1, 1], [50, 10], [500, 100]]
