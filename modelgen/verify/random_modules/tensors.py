"""Steps that compute with several values: arithmetic, reductions, norms, matrix products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from modelgen.verify.random_modules.description import (
    Kind,
    Random,
    Shape,
    Written,
    formatted,
    unless,
)

_PAIRS = (
    "{0} * {1}",
    "{0} - {1}",
    "{0} + {1}",
    "{0}.mul({1})",
    "torch.add({0}, {1}, alpha=-0.5)",
    "torch.sub({0}, {1}, alpha=0.5)",
    "torch.rsub({0}, {1})",
    "{0} / (1 + {1} * {1})",
    "torch.div({0}, torch.exp(-{1}.abs()) + 0.5)",
    "torch.maximum({0}, {1})",
    "torch.minimum({0}, {1})",
    "torch.max({0}, {1})",
    "torch.min({0}, {1})",
    "torch.where({0} > {1}, {0}, {1})",
    "torch.where({0} <= 0, 0.5, {1})",
    "torch.where({0}.ge({1}), {0} * {1}, -1.0)",
    "torch.where(({0} < {1}) & ({1} < 1) | ({0} == 0), {0}, {1})",
    "torch.where(torch.logical_not({0} != {1}), 1.0, {1} - {0})",
    "torch.logical_or({0} > 0, {1} > 0).float()",
    "torch.bitwise_or(torch.bitwise_and({0} > 0, {1} > 0), {0} < -1) * {1}",
    "torch.logical_and({0}.eq({1}), ~({0}.ne({1}))).to(torch.float32) + {0}",
    "{0}.masked_fill({1} < 0.25, 2)",
    "{0} * {1}.mean({axis}, keepdim=True)",
    "{0} + {1}.amax({axis}, keepdim=True)",
    "{1}.sum({axis}, keepdim=True) - {0}",
    "torch.minimum({0}, {1}.mean(0))",
    "{0} + {1}.mean()",
    "{0} - {1}.max()",
    "{0} * torch.sigmoid({1})",
    "torch.addcmul({0}, {1}, {0}, value=0.5)",
    "torch.addcmul(torch.ones(1), torch.full((1,), 2.0), {0}) - {1}",
    "F.cosine_similarity({0}, {0} * {1}, dim={axis}, eps=0.01)",
    "F.pairwise_distance({0}, {0} - {1})",
    "torch.tanh({0}) * torch.sigmoid({1})",
)
_REDUCTIONS = (
    "{0}.sum({axis})",
    "{0}.sum()",
    "{0}.mean({axis}, keepdim=True)",
    "{0}.mean(({axis}, -1))",
    "{0}.amax({axis})",
    "{0}.amin(({axis}, -1), keepdim=True)",
    "{0}.max({axis})[0]",
    "{0}.max({axis}).indices",
    "{0}.min({axis}, keepdim=True).values",
    "{0}.argmin({axis})",
    "{0}.min()",
    "{0}.var({axis}, unbiased=False)",
    "torch.var({0}, {axis}, correction=0, keepdim=True)",
    "torch.std({0}, {axis}, unbiased=False, keepdim=True)",
    "torch.std({0}, {axis}, correction=0)",
    "{0}.std(unbiased=False)",
    "{0}.var(unbiased=False)",
    "torch.relu({0}).prod({axis})",
    "torch.sigmoid({0}).prod()",
    "{0}.norm(dim={axis})",
    "torch.linalg.vector_norm({0}, dim={axis}, keepdim=True)",
    "F.normalize({0}, dim={axis})",
    "({0} > 0).any({axis}).float() - ({0} > -1).all({axis}).float()",
    "({0} > 1).any() * {0}",
    "{0}.cumsum({axis})",
    "F.glu(torch.cat([{0}, {0}], {axis}), {axis})",
)
_NORMS = (
    ("self.{name}({0})", "nn.LayerNorm({last})"),
    ("self.{name}({0})", "nn.LayerNorm({last}, elementwise_affine=False)"),
    ("self.{name}({0})", "nn.LayerNorm({last}, bias=False)"),
    ("self.{name}({0})", "nn.LayerNorm({features})"),
    ("F.layer_norm({0}, ({last},))", ""),
    ("F.layer_norm({0}, {0}.shape[1:])", ""),
    ("self.{name}({0})", "nn.RMSNorm({last}, eps=1e-3)"),
    ("F.rms_norm({0}, ({last},))", ""),
    ("self.{name}({0})", "nn.GroupNorm(1, {second})"),
    ("self.{name}({0})", "nn.GroupNorm(2, {second}, affine=False)"),
    ("self.{name}({0})", "nn.GroupNorm({second}, {second})"),
    ("F.group_norm({0}, {second})", ""),
    ("self.{name}({0})", "nn.InstanceNorm1d({second})"),
    ("self.{name}({0})", "nn.InstanceNorm2d({second}, affine=True)"),
    ("F.instance_norm({0})", ""),
    ("self.{name}({0})", "nn.PReLU()"),
    ("self.{name}({0})", "nn.PReLU({second})"),
)
_PRODUCTS = (
    "{0} @ {1}.transpose(-1, -2)",
    "{0}.transpose(-1, -2) @ {1}",
    "torch.matmul({0} @ {1}.mT, {0})",
    "torch.softmax({0} @ {1}.mT, -1) @ {1}",
    "torch.bmm({0}, {1}.permute(0, 2, 1))",
    "torch.baddbmm({0} @ {1}.mT, {0}, {1}.mT)",
    "torch.addmm({0}[0], {0}[0], {1}[0].T @ {0}[0])[None].expand_as({0})",
    "torch.mm({0}[0], {1}[0].T)[None].expand({0}.shape[0], -1, -1)",
    "torch.mv({0}[0], {1}[0, 0])[None].expand({0}.shape[0], -1)",
    "{0} * torch.dot({0}[0, 0], {1}[0, 0])",
    "torch.einsum('bij,bkj->bik', {0}, {1})",
    "torch.einsum('b...i,b...i->b...', {0}, {1})",
    "F.scaled_dot_product_attention({0}, {1}, {1})",
    "F.scaled_dot_product_attention({0}, {0}, {1}, is_causal=True)",
    "F.scaled_dot_product_attention({0}, {1}, {0}, attn_mask=({0} @ {1}.mT) > 0, scale=0.5)",
    "F.scaled_dot_product_attention({0}.unsqueeze(1).expand(-1, 2, *{0}.shape[1:]), "
    "{1}.unsqueeze(1), {1}.unsqueeze(1), enable_gqa=True)",
)


def can_broadcast(one: Shape, other: Shape) -> bool:
    """Return whether values of two shapes can be added, with one batch."""
    try:
        return np.broadcast_shapes(one, other)[:1] == one[:1]
    except ValueError:
        return False


def _draw_text(random: Random, shape: Shape, texts: Sequence[str]) -> dict[str, Any]:
    unless(len(shape) > 1)
    return {"text": random.choice(texts), "axis": random.number(1, len(shape) - 1)}


def _draw_pair(random: Random, shape: Shape) -> dict[str, Any]:
    return _draw_text(random, shape, _PAIRS)


def _draw_reduction(random: Random, shape: Shape) -> dict[str, Any]:
    settings = _draw_text(random, shape, _REDUCTIONS)
    unless("-1" not in settings["text"] or settings["axis"] < len(shape) - 1)
    return settings


def _draw_product(random: Random, shape: Shape) -> dict[str, Any]:
    unless(len(shape) > 2)
    return _draw_text(random, shape, _PRODUCTS)


def _write_text(
    settings: dict[str, Any], names: Sequence[str], shapes: Sequence[Shape], name: str
) -> Written:
    return Written(settings["text"].format(*names, axis=settings["axis"]))


def _draw_norm(random: Random, shape: Shape) -> dict[str, Any]:
    unless(len(shape) > 1)
    return {"form": random.choice(_NORMS)}


def _write_norm(
    settings: dict[str, Any], names: Sequence[str], shapes: Sequence[Shape], name: str
) -> Written:
    shape = shapes[0]
    sizes = {"last": shape[-1], "second": shape[1], "features": shape[1:]}
    return formatted(settings["form"], names, name, **sizes)


KINDS = {
    "pair": Kind(
        _draw_pair,
        _write_text,
        {2: 0.7, 3: 0.7, 4: 1.5, 0: 0.5},
        sources=(2,),
        beside=can_broadcast,
    ),
    "reduction": Kind(_draw_reduction, _write_text, {2: 0.1, 3: 0.3, 4: 0.5, 0: 0.2}),
    "norm": Kind(_draw_norm, _write_norm, {2: 0.5, 3: 0.7, 4: 0.7, 0: 0.3}),
    "product": Kind(_draw_product, _write_text, {3: 0.7, 4: 0.4, 0: 0.2}, sources=(2,)),
}
