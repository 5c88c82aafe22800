"""Padding: the four modes of torch, any dimensions, negative numbers."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from modelgen.operators import Pad
from tests.support.movements import MODES
from tests.support.operator_checks import check_operator, random_values


@pytest.mark.parametrize("mode", MODES)
def test_the_modes_of_torch(mode: str) -> None:
    def reference(x: torch.Tensor) -> torch.Tensor:
        maps = functional.pad(x.permute(0, 3, 1, 2), (2, 3, 1, 0), mode)
        return maps.permute(0, 2, 3, 1)

    operator = Pad((0, 1, 2, 0), (0, 0, 3, 0), mode)
    check_operator(operator, [random_values(2, 4, 5, 3)], reference)


@pytest.mark.parametrize("padding", [(1, 2), (0, 0, 3, 0), (-1, 2, 1, -2, 0, 1), (1, -4)], ids=str)
def test_numbers_around_any_dimensions(padding: tuple[int, ...]) -> None:
    pairs = [(0, 0)] * (3 - len(padding) // 2)
    pairs += [(padding[i], padding[i + 1]) for i in range(len(padding) - 2, -1, -2)]
    operator = Pad(*zip(*pairs, strict=True), value=0.5)
    check_operator(
        operator, [random_values(2, 4, 5)], lambda x: functional.pad(x, padding, value=0.5)
    )


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_padding_as_wide_as_the_mode_permits(mode: str) -> None:
    def reference(x: torch.Tensor) -> torch.Tensor:
        return functional.pad(x, (4, 4), mode)

    check_operator(Pad((0, 0, 4), (0, 0, 4), mode), [random_values(1, 2, 5)], reference)


def test_only_constants_fill() -> None:
    assert [Pad((1,), (1,), mode, 2.0).fill for mode in MODES] == [2.0, None, None, None]
    assert Pad((1,), (1,), "constant", 2.0).describe() == "pad, constant 2"
    assert Pad((1,), (1,), "reflect", 2.0).describe() == "pad, reflect"
    kernel = Pad((1,), (1,), "constant", 2.0).kernel([(3,)], {})
    assert kernel is not None
    assert kernel.call(["a"], "b", "t") == (
        "heepstor::fill_and_move(a, b, heepstor::to_float(0x40000000), 0, 5, t)"
    )


@pytest.mark.parametrize(
    ("before", "after", "filled"),
    [
        ((0, 0), (2, 0), ("12", "8")),
        ((1, 0), (0, 0), ("0", "4")),
        ((1, 0), (1, 0), ("0", "20")),
        ((0, 0), (0, 1), ("4", "11")),
    ],
)
def test_only_what_is_between_the_first_and_the_last_gap_is_filled(
    before: tuple[int, ...], after: tuple[int, ...], filled: tuple[str, str]
) -> None:
    kernel = Pad(before, after).kernel([(3, 4)], {})
    assert kernel is not None and kernel.arguments[1:] == filled


def test_nothing_is_filled_where_elements_are_removed() -> None:
    kernel = Pad((-1,), (-1,)).kernel([(3,)], {})
    assert kernel is not None and kernel.call(["a"], "b", "t") == "heepstor::move(a, b, t)"
