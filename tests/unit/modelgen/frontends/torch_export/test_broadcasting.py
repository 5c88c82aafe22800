"""Functions of two tensors with broadcasting, comparisons, masks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.support.refused import check_message
from tests.support.same import SHAPE, Function, check_same

MASK = torch.arange(12 * 9).reshape(12, 9) % 3 == 0


def squeezed(x: torch.Tensor) -> torch.Tensor:
    return functional.max_pool2d(x, (12, 9))


FUNCTIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "maximum": lambda x: torch.maximum(x, -x),
    "minimum-of-maps-and-channels": lambda x: torch.minimum(x, squeezed(x)),
    "max-of-a-constant": lambda x: torch.max(x, torch.tensor(0.25)),
    "less": lambda x: (x < squeezed(x) / 4).float(),
    "greater-equal": lambda x: torch.where(x >= 0.5, x, 0.0),
    "not-equal": lambda x: torch.where(torch.relu(x) != 0, x, 1.0),
    "equal": lambda x: torch.where(torch.relu(x) == 0, 2.0, x),
    "choice-of-an-operand-of-lower-rank": lambda x: torch.where(x > 0.5, x, x.sum((0, 1))),
    "choice-of-channels": lambda x: torch.where(squeezed(x) > 2.0, x, squeezed(x)),
    "choice-of-two-numbers": lambda x: torch.where(x > 0, 1.5, -0.5),
    "constant-mask": lambda x: torch.where(MASK, x, -1.0),
    "masked-fill": lambda x: x.masked_fill(x > 1, 0.5),
    "masked-fill-of-rows": lambda x: x.masked_fill(MASK[0], 2.0),
    "masks": lambda x: x.masked_fill(((x > 0) & (x < 1)) | ~(x < 2), 0.0),
    "softmax-of-masked": lambda x: x.masked_fill(MASK, -torch.inf).softmax(-1),
    "masked-fill-of-integers": lambda x: x.argmax(1).masked_fill(x[:, 0] > 0, 2.7),
    "lower-triangle": lambda x: x.tril(-2),
    "upper-triangle": lambda x: torch.where(x > 0, x, torch.inf).triu(1),
    "one-hot": lambda x: nn.functional.one_hot(x.argmax(1), 5),
    "in-place": lambda x: (x + 1).masked_fill_(x > 1, 0.5),
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_each_function(function: Callable[[torch.Tensor], torch.Tensor]) -> None:
    check_same(Function(function), batch=2)
    check_same(nn.Sequential(nn.Conv2d(4, 4, 1), Function(function)), batch=2)


@pytest.mark.parametrize("shape", [(4, 12, 9), (4, 7), (4,)], ids=str)
@pytest.mark.parametrize("slopes", [1, 4])
def test_prelu(shape: tuple[int, ...], slopes: int) -> None:
    layer = nn.PReLU(slopes)
    nn.init.uniform_(layer.weight, -0.5, 0.5)
    check_same(layer, batch=2, shape=shape)


def test_the_largest_operand_stays() -> None:
    def scaled(x: torch.Tensor) -> torch.Tensor:
        return torch.maximum(squeezed(x).flatten(1)[..., None, None], torch.relu(x))

    model = nn.Sequential(nn.Conv2d(4, 4, 1), Function(scaled), nn.Conv2d(4, 2, 1))
    graph = check_same(model)
    assert "permute" not in [node.operator.name for node in graph.nodes[1:-1]]


def test_an_operand_of_lower_rank_keeps_its_dimensions() -> None:
    function = Function(lambda x: torch.maximum(x, x.sum((0, 1, 2))))
    check_same(nn.Sequential(nn.Conv2d(4, 9, 1), function), shape=(4, 9, 9))


def test_masks_of_minus_infinity_are_added() -> None:
    graph = check_same(Function(FUNCTIONS["softmax-of-masked"]))
    assert [node.operator.describe() for node in graph.nodes][:1] == ["add"]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Function(lambda x: torch.prelu(x, squeezed(x).flatten())), "must be constant"),
        (Function(lambda x: ~x.argmax(1)), "expects masks: the results of comparisons"),
        (Function(lambda x: x.argmax(1) & x.argmin(1)), "expects masks"),
    ],
)
def test_what_is_refused(model: nn.Module, message: str) -> None:
    check_message(model, SHAPE, message)
