"""Steps that read a further argument of forward(): values, token ids, masks, lengths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modelgen.verify.random_modules.description import (
    LARGEST_ID,
    Argument,
    Kind,
    Random,
    Shape,
    Written,
    formatted,
    unless,
)

_FORMS = (
    ("same", "float32", "{argument}", ""),
    ("same", "float32", "torch.cat([{0}, {argument}], 1)", ""),
    ("thin", "float32", "{argument}", ""),
    ("thin", "float32", "{0} * {argument}", ""),
    ("thin", "float32", "torch.maximum({argument}, {0})", ""),
    ("same", "bool", "{argument}", ""),
    ("same", "bool", "torch.where({argument}, {0}, -1.0)", ""),
    ("thin", "bool", "{0}.masked_fill(~{argument}, 0.5)", ""),
    ("thin", "bool", "{0}.masked_fill({argument}, float('-inf')).softmax(-1)", ""),
    ("thin", "bool", "{0} * {argument}", ""),
    ("same", "bool", "({argument} & ({0} > 0)).float()", ""),
    ("same", "int64", "{argument}", ""),
    ("thin", "int64", "{0} + {argument}", ""),
    ("thin", "int64", "torch.where({argument} == 1, {0}, {argument})", ""),
    ("thin", "int64", "{argument}.float() / 255 - {0}", ""),
    ("thin", "int64", "({argument} * 2 + 1) * {0}", ""),
    ("one", "int64", "torch.where(torch.arange({last}) < {argument}, {0}, 0.0)", ""),
    ("tokens", "int64", "self.{name}({argument})", f"nn.Embedding({LARGEST_ID + 1}, {{columns}})"),
    (
        "tokens",
        "int64",
        "self.{name}({argument}) * ({argument} > 0).unsqueeze(-1)",
        f"nn.Embedding({LARGEST_ID + 1}, {{columns}}, padding_idx=0)",
    ),
)


def _draw(random: Random, shape: Shape) -> dict[str, Any]:
    return {
        "form": random.choice(_FORMS),
        "axis": random.number(1, 4),
        "length": random.number(1, 12),
        "columns": random.number(1, 8),
    }


def _write(
    settings: dict[str, Any], names: Sequence[str], shapes: Sequence[Shape], name: str
) -> Written:
    shape = shapes[0]
    unless(len(shape) > 1)
    which, kind, *form = settings["form"]
    axis = 1 + settings["axis"] % (len(shape) - 1)
    sizes = {
        "same": shape,
        "thin": (*shape[:axis], 1, *shape[axis + 1 :]),
        "one": (shape[0], *[1] * (len(shape) - 1)),
        "tokens": (shape[0], settings["length"]),
    }[which]
    argument = Argument(f"{name}_input", sizes, kind)
    written = formatted(
        (form[0], form[1]),
        names,
        name,
        argument=argument.name,
        last=shape[-1],
        columns=settings["columns"],
    )
    return Written(written.value, written.members, argument)


KINDS = {"argument": Kind(_draw, _write, {2: 0.3, 3: 0.3, 4: 0.4, 0: 0.2})}
