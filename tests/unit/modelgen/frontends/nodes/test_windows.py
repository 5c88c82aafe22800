"""Windows of convolutions and poolings, and padding."""

from __future__ import annotations

import torch

from modelgen.frontends.nodes.windows import Window, padded_evenly, surrounded


def test_surroundings() -> None:
    x = torch.ones(1, 1, 1, 2)
    assert surrounded(x, (0, 0), (0, 0), 7.0) is x
    assert surrounded(x, (1, 0), (0, 2), 7.0).tolist() == [[[[7, 7, 7, 7], [1, 1, 7, 7]]]]


def test_windows_reach_over_what_is_between_their_elements() -> None:
    assert Window((3, 2), (1, 1), (2, 3), (0, 0), (0, 0)).span == (5, 4)


def test_padding_that_is_the_same_at_both_ends_is_left_to_convolutions() -> None:
    x = torch.ones(1, 1, 2, 2)
    even = Window((3, 3), (1, 1), (1, 1), (1, 0), (1, 0))
    assert padded_evenly(x, even) == (x, (1, 0))
    padded, rest = padded_evenly(x, Window((3, 3), (1, 1), (1, 1), (0, 0), (1, 0)))
    assert (padded[0, 0].tolist(), rest) == ([[1, 1], [1, 1], [0, 0]], (0, 0))
