"""Windows of convolutions and poolings."""

from __future__ import annotations

from typing import Any

import pytest

from modelgen.frontends.nodes.node import FileNode, RefusedError
from modelgen.frontends.onnx.windows import halves, window_of


def node(**attributes: Any) -> FileNode:
    return FileNode("n", "Conv", attributes, (), (), {})


def test_defaults() -> None:
    window = window_of(node(), (5, 5), (3, 2))
    assert (window.stride, window.dilation, window.span) == ((1, 1), (1, 1), (3, 2))
    assert window.is_symmetric and window.before == (0, 0)


def test_explicit_padding() -> None:
    window = window_of(node(pads=[1, 2, 3, 4], dilations=[2, 3]), (5, 5), (3, 2))
    assert (window.before, window.after, window.span) == ((1, 2), (3, 4), (5, 4))
    assert not window.is_symmetric


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [("SAME_UPPER", (0, 1), (1, 2)), ("SAME_LOWER", (1, 2), (0, 1)), ("VALID", (0, 0), (0, 0))],
)
def test_automatic_padding(kind: str, before: tuple[int, ...], after: tuple[int, ...]) -> None:
    # Six rows by windows of 3 with stride 2; five columns by windows of 4 with stride 1.
    window = window_of(node(auto_pad=kind, strides=[2, 1]), (6, 5), (3, 4))
    assert (window.before, window.after) == (before, after)


def test_unknown_padding_is_refused() -> None:
    with pytest.raises(RefusedError, match="has an auto_pad of 'SAME'; valid choices: NOTSET"):
        window_of(node(auto_pad="SAME"), (5,), (3,))


def test_halves() -> None:
    assert halves([4, 5], "SAME_UPPER") == ((2, 2), (2, 3))
    assert halves([4, 5], "SAME_LOWER") == ((2, 3), (2, 2))
