"""Import of padding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from modelgen.frontends.torch_export.calls import arguments, in_type_of, shape_of
from modelgen.frontends.torch_export.translation import Translation
from modelgen.operators import Pad


def _padding(mode: str | None) -> Callable[[Translation, Any], None]:
    def add(to: Translation, call: Any) -> None:
        given, source = arguments(call), call.args[0]
        numbers = list(map(int, given["pad"] if "pad" in given else given["padding"]))
        if 0 in shape_of(call):
            to.reject(call, "gives a tensor without elements")
        rank, layout = len(shape_of(source)), to.layout(source)
        # PyTorch has a pair for each dimension, the last one first.
        pairs = list(zip(numbers[0::2], numbers[1::2], strict=True))
        around = [(0, 0)] * (rank - len(pairs)) + pairs[::-1]
        before, after = zip(*(around[axis] for axis in layout), strict=True)
        value = in_type_of(call, float(given.get("value") or 0.0))
        operator = Pad(before, after, mode or given["mode"], value)
        to.define(call, to.apply(call, operator, to.read(call, source, layout)), layout)

    return add


OPERATORS: dict[str, Callable[[Translation, Any], None]] = {
    "aten.pad.default": _padding(None),
    "aten.constant_pad_nd.default": _padding("constant"),
    **{f"aten.reflection_pad{n}d.default": _padding("reflect") for n in (1, 2, 3)},
    **{f"aten.replication_pad{n}d.default": _padding("replicate") for n in (1, 2, 3)},
}
"""ATen operator -> the function that adds it."""
