"""Steps that move, choose, repeat or resize values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modelgen.verify.random_modules.description import (
    Kind,
    Random,
    Shape,
    Written,
    formatted,
    unless,
)

_CHOICES = (
    "{0}.narrow({axis}, {first}, {count})",
    "{0}.select({axis}, {first})",
    "{0}.split({count}, {axis})[0]",
    "{0}.chunk(2, {axis})[-1]",
    "torch.cat({0}.chunk(3, {axis})[::-1], {axis})",
    "torch.stack({0}.unbind({axis})[::-1], {axis})",
    "{0}.index_select({axis}, torch.tensor([{first}, 0, -1 - {first}]).abs())",
    "{0}.flip({axis})",
    "{0}.roll({count}, {axis})",
    "{0}.unfold({axis}, {count}, 1)",
    "{0}[..., {first}:]",
    "{0}[..., ::2]",
    "{0}[:, [0, -1]]",
    "{0}[:, torch.tensor([[0, -1], [-1, 0]])]",
    "{0}[..., [[0], [-1]], [-1, 0, 0]]",
    "{0}[:, 0, torch.tensor(-1)]",
    "{0}.tensor_split(2, {axis})[0]",
    "torch.tensor_split({0}, ({first},), {axis})[1]",
    "torch.split({0}, [{first}, {0}.shape[{axis}] - {first}], {axis})[1]",
    "torch.fliplr({0})",
    "torch.flipud({0})",
    "torch.hstack([{0}, {0}.narrow(1, 0, 1)])",
)
_REPETITIONS = (
    "{0}.repeat_interleave(2, {axis})",
    "{0}.narrow({axis}, {first}, 1).expand_as({0})",
    "{0}.unsqueeze({axis}).expand(*[-1] * {axis}, 2, *[-1] * ({0}.dim() - {axis}))",
    "torch.stack([{0}, {0}], {axis})",
    "torch.cat([{0}, {0}], {axis})",
    "{0}.repeat(*[1] * {axis}, 2, *[1] * ({0}.dim() - {axis} - 1))",
    "{0}.transpose({axis}, -1)",
    "{0}.movedim({axis}, 1)",
    "{0}.moveaxis({axis}, 1)",
    "{0}.swapaxes({axis}, 1)",
    "torch.swapdims({0}, -1, {axis})",
    "{0}.flatten(1).reshape_as({0})",
    "{0}.transpose(1, {axis}).tril({axis} - 2)",
    "{0}.triu()",
    "{0}.movedim((1, -1), (-1, 1))",
    "torch.tile({0}, (2,))",
    "{0}.narrow({axis}, {first}, 1).broadcast_to({0}.shape)",
    "torch.native_channel_shuffle({0}, 2)",
)
_MODES = ("constant", "reflect", "replicate", "circular")
_SIZES = (
    ("F.interpolate({0}, scale_factor={factor})", ""),
    ("F.interpolate({0}, size={size})", ""),
    ("F.interpolate({0}, size={size}, mode='nearest-exact')", ""),
    ("F.interpolate({0}, scale_factor={factor}, mode='bilinear')", ""),
    ("F.interpolate({0}, size={size}, mode='bilinear', align_corners=True)", ""),
    ("self.{name}({0})", "nn.Upsample(scale_factor=2)"),
    ("self.{name}({0})", "nn.UpsamplingBilinear2d(scale_factor=2)"),
    ("F.max_pool2d({0}, 2, return_indices=True)[0]", ""),
    ("self.{name}({0})", "nn.PixelShuffle(2)"),
    ("self.{name}({0})", "nn.Unfold(2, dilation=2, padding=1, stride=2)"),
    ("F.unfold({0}, (1, 3), padding=(0, 1))", ""),
    ("self.{name}({0})", "nn.PixelUnshuffle(2)"),
    ("self.{name}({0})", "nn.ChannelShuffle({groups})"),
)


def _draw_move(random: Random, shape: Shape) -> dict[str, Any]:
    unless(len(shape) > 1)
    axis = random.number(1, len(shape) - 1)
    first = random.number(0, shape[axis] - 1)
    return {
        "text": random.choice(_CHOICES if random.chance(0.5) else _REPETITIONS),
        "axis": axis,
        "first": first,
        "count": random.number(1, shape[axis] - first),
    }


def _write_move(
    settings: dict[str, Any], names: Sequence[str], shapes: Sequence[Shape], name: str
) -> Written:
    rest = {key: settings[key] for key in ("axis", "first", "count")}
    # Views with gaps or overlaps would make PyTorch reject steps that follow.
    return Written(f"{settings['text'].format(*names, **rest)}.contiguous()")


def _draw_pad(random: Random, shape: Shape) -> dict[str, Any]:
    unless(len(shape) > 2)
    mode = random.choice(_MODES)
    most = len(shape) - 2 if mode == "constant" else min(len(shape) - 2, 2)
    numbers = [random.number(-1 if mode == "constant" else 0, 3) for _ in range(2 * most)]
    value = random.choice((0, 1.5, -2))
    return {"padding": tuple(numbers), "mode": mode, "value": value}


def _write_pad(
    settings: dict[str, Any], names: Sequence[str], shapes: Sequence[Shape], name: str
) -> Written:
    padding, mode = settings["padding"], settings["mode"]
    value = f", value={settings['value']}" if mode == "constant" else ""
    return Written(f"F.pad({names[0]}, {padding}, mode={mode!r}{value})")


def _draw_size(random: Random, shape: Shape) -> dict[str, Any]:
    return {
        "form": random.choice(_SIZES),
        "factor": random.choice((2, 3, 1.5, 0.7)),
        "size": (random.number(1, 12), random.number(1, 12)),
        "groups": random.choice((2, 3)),
    }


def _write_size(
    settings: dict[str, Any], names: Sequence[str], shapes: Sequence[Shape], name: str
) -> Written:
    rest = {key: settings[key] for key in ("factor", "size", "groups")}
    return formatted(settings["form"], names, name, **rest)


def _draw_embedding(random: Random, shape: Shape) -> dict[str, Any]:
    return {"columns": random.number(1, 6)}


def _write_embedding(
    settings: dict[str, Any], names: Sequence[str], shapes: Sequence[Shape], name: str
) -> Written:
    table = f"nn.Embedding(7, {settings['columns']})"
    return Written(f"self.{name}(F.relu6({names[0]}).long())", {name: table})


KINDS = {
    "move": Kind(_draw_move, _write_move, {2: 0.3, 3: 0.7, 4: 1, 0: 0.5}),
    "pad": Kind(_draw_pad, _write_pad, {3: 0.3, 4: 0.5, 0: 0.1}),
    "size": Kind(_draw_size, _write_size, {4: 0.6}),
    "embedding": Kind(_draw_embedding, _write_embedding, {2: 0.2, 3: 0.1, 0: 0.05}),
}
