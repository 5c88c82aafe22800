"""What importers of operators on feature maps and sequences share.

PyTorch has (batch, channels, rows, columns) or (batch, channels, length); the device's operators
work on (batch, rows, columns, channels), and a sequence is a map of `length` rows and one column.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modelgen.frontends.torch_export.calls import shape_of
from modelgen.frontends.torch_export.layouts import Layout, laid_out
from modelgen.frontends.torch_export.tracing import shape_text
from modelgen.frontends.torch_export.translation import Translation


def pair(value: Any, dimensions: int) -> tuple[int, int]:
    """Return (y, x) of a number, or of a sequence of one or as many as there are dimensions.

    A sequence has one column: along x, sizes are those of a window of one pixel.
    """
    values = [int(v) for v in value] if isinstance(value, Sequence) else [int(value)]
    return (values[0], 1) if dimensions == 1 else (values[0], values[-1])


def padding_pair(value: Any, dimensions: int) -> tuple[int, int]:
    """Return (y, x) of paddings, which are zero along the column of a sequence."""
    y, x = pair(value, dimensions)
    return (y, 0) if dimensions == 1 else (y, x)


def symmetric(padding: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return top, bottom, left, right."""
    return padding[0], padding[0], padding[1], padding[1]


def read_maps(to: Translation, call: Any, source: Any, dimensions: int) -> str:
    """Return a value as maps of the device: (batch, rows, columns, channels).

    Args:
        to: the translation.
        call: the call that reads it.
        source: a value with or without a batch.
        dimensions: 2 for feature maps, 1 for sequences.
    """
    shape = shape_of(source)
    if len(shape) not in (dimensions + 1, dimensions + 2):
        kind = {1: "sequences: (batch, channels, length)"}.get(
            dimensions, "feature maps: (batch, channels, rows, columns)"
        )
        to.reject(call, f"expects {kind}, but its input has the shape {shape_text(shape)}")
    layout = layout_of_maps(len(shape), dimensions)
    tensor = to.form(call, source, layout)
    return to.reshaped(call, tensor, _as_maps(laid_out(shape, layout), dimensions))


def define_maps(
    to: Translation, call: Any, tensor: str, dimensions: int, index: int | None = None
) -> None:
    """Record maps of the device as the result of a call.

    Args:
        to: the translation.
        call: a call of the exported program.
        tensor: (batch, rows, columns, channels).
        dimensions: 2 for feature maps, 1 for sequences.
        index: position of the result, if the call has several.
    """
    values = call.meta["val"]
    rank = (values if index is None else values[index]).dim()
    to.define(call, tensor, layout_of_maps(rank, dimensions), index)


def layout_of_maps(rank: int, dimensions: int) -> Layout:
    """Return the layout with the channels, which precede the spatial dimensions, last."""
    first = rank - dimensions
    return (*range(first - 1), *range(first, rank), first - 1)


def _as_maps(shape: tuple[int, ...], dimensions: int) -> tuple[int, ...]:
    batch = shape[: len(shape) - dimensions - 1] or (1,)
    spatial = shape[len(shape) - dimensions - 1 : -1]
    return (*batch, *spatial, *([1] if dimensions == 1 else []), shape[-1])
