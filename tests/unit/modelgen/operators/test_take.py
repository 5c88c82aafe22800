"""Selection of constant indices, as torch has it under many names."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from modelgen.operators import Take
from tests.support.operator_checks import check_operator, random_values


@pytest.mark.parametrize(
    ("indices", "reference"),
    [
        ((2, 0, 0), lambda x: x.index_select(1, torch.tensor([2, 0, 0]))),
        ((1, 2, 3, 0), lambda x: x.roll(-1, 1)),
        ((3, 2, 1, 0), lambda x: x.flip(1)),
        ((0, 0, 1, 1, 2, 2, 3, 3), lambda x: x.repeat_interleave(2, 1)),
        ((0, 1, 2, 3) * 2, lambda x: x.repeat(1, 2, 1)),
    ],
    ids=["select", "roll", "flip", "interleave", "repeat"],
)
def test_its_names_in_torch(
    indices: tuple[int, ...], reference: Callable[[torch.Tensor], torch.Tensor]
) -> None:
    check_operator(Take((1,), (indices,)), [random_values(2, 4, 3)], reference)


def test_the_report_says_what_it_does() -> None:
    assert Take((1,), ((0,),)).describe() == "take"
    assert Take((1,), ((0,),), "roll").describe() == "roll"
