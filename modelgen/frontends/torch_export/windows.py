"""Import of operators that copy windows: of one dimension, or patches of feature maps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from modelgen.frontends.torch_export.calls import arguments, shape_of
from modelgen.frontends.torch_export.selection import taken
from modelgen.frontends.torch_export.translation import Translation
from modelgen.operators import Pad, Permute, Take


def add_unfold(to: Translation, call: Any) -> None:
    """Add windows of a dimension, which become a new last dimension."""
    given, source = arguments(call), call.args[0]
    axis = int(given["dimension"]) % len(shape_of(source))
    size, step, count = int(given["size"]), int(given["step"]), shape_of(call)[axis]
    indices = [window * step + element for window in range(count) for element in range(size)]
    tensor = taken(to, call, source, {axis: indices}, "unfold")
    before, rank = to.layout(source), len(shape_of(source))
    # The elements of a window follow each other.
    layout = tuple(new for old in before for new in ((axis, rank) if old == axis else (old,)))
    to.define(call, tensor, layout)


def add_patches(to: Translation, call: Any) -> None:
    """Add patches of feature maps as columns: nn.Unfold."""
    given, source = arguments(call), call.args[0]
    if len(shape_of(source)) != 4:
        to.reject(call, "must have a batch of feature maps as input")
    tensor = to.read(call, source)
    around = (0, 0, *map(int, given["padding"]))
    if any(around):
        pad = Pad(around, around, "constant", 0.0)
        tensor = to.apply(call, pad, tensor, name=f"{call.name}.padded")
    settings = (given[name] for name in ("kernel_size", "dilation", "stride"))
    batch, channels, *sizes = to.shape(tensor)
    chosen, split = [], []
    for size, kernel, dilation, stride in zip(sizes, *settings, strict=True):
        starts = range(0, size - dilation * (kernel - 1), stride)
        chosen.append(tuple(start + tap * dilation for tap in range(kernel) for start in starts))
        split += [kernel, len(starts)]
    tensor = to.apply(
        call, Take((2, 3), tuple(chosen), "unfold"), tensor, name=f"{call.name}.taken"
    )
    tensor = to.reshaped(call, tensor, (batch, channels, *split))
    to.define(call, to.apply(call, Permute((0, 1, 2, 4, 3, 5)), tensor))


OPERATORS: dict[str, Callable[[Translation, Any], None]] = {
    "aten.unfold.default": add_unfold,
    "aten.im2col.default": add_patches,
}
"""ATen operator -> the function that adds it."""
