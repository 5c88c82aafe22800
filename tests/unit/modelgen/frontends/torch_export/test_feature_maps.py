"""What importers of operators on maps and sequences share."""

from __future__ import annotations

from modelgen.frontends.torch_export.feature_maps import (
    layout_of_maps,
    padding_pair,
    pair,
    symmetric,
)


def test_pairs() -> None:
    assert pair(3, 2) == pair([3], 2) == (3, 3) and pair((3, 2), 2) == (3, 2)
    assert pair(3, 1) == pair([3], 1) == (3, 1)
    assert padding_pair(3, 1) == (3, 0) and padding_pair((3, 2), 2) == (3, 2)
    assert symmetric((3, 2)) == (3, 3, 2, 2)


def test_layouts_with_and_without_a_batch() -> None:
    assert layout_of_maps(4, 2) == (0, 2, 3, 1) and layout_of_maps(3, 2) == (1, 2, 0)
    assert layout_of_maps(3, 1) == (0, 2, 1) and layout_of_maps(2, 1) == (1, 0)
