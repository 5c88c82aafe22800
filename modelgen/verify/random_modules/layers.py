"""Layers of several operators: on sequences, recurrent, attention, transposed convolution."""

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

_TRANSPOSED = (
    "nn.ConvTranspose2d({second}, {outputs}, {kernel}, {stride}, bias={bias})",
    "nn.ConvTranspose2d({second}, {outputs}, 2, 2)",
    "nn.ConvTranspose2d({second}, {outputs}, 3, 2, 1, 1, bias={bias})",
    "nn.ConvTranspose2d({second}, {outputs}, ({kernel}, 1), 1, dilation=2)",
    "nn.ConvTranspose2d({second}, {second}, {kernel}, {stride}, groups={second})",
)
_OF_SEQUENCES = (
    "nn.Conv1d({second}, {outputs}, {kernel}, {stride}, bias={bias})",
    "nn.Conv1d({second}, {outputs}, {kernel}, padding={kernel}, dilation={stride})",
    "nn.Conv1d({second}, {outputs}, 3, padding='same', dilation={stride}, bias={bias})",
    "nn.Conv1d({second}, {second}, {kernel}, groups={second}, padding={stride})",
    "nn.Conv1d({second}, {second}, {kernel}, groups=2, padding=1, padding_mode='replicate')",
    "nn.ConvTranspose1d({second}, {outputs}, {kernel}, {stride}, bias={bias})",
    "nn.MaxPool1d({kernel}, {stride})",
    "nn.MaxPool1d({kernel}, {stride}, {kernel} // 2, ceil_mode=True)",
    "nn.AvgPool1d({kernel}, {stride}, {kernel} // 2)",
    "nn.AvgPool1d({kernel}, {stride}, {kernel} // 2, count_include_pad={bias})",
    "nn.AdaptiveAvgPool1d({outputs})",
    "nn.AdaptiveMaxPool1d({outputs})",
    "nn.Upsample(scale_factor={stride}, mode='linear')",
    "nn.Upsample(scale_factor={stride})",
    "nn.Upsample(scale_factor={stride}, mode='nearest-exact')",
    "nn.ConstantPad1d(({stride}, {kernel}), -0.5)",
)
_RECURRENT = (
    "nn.GRU({last}, {outputs}, batch_first=True, bias={bias})",
    "nn.GRU({last}, {outputs}, batch_first=True, bidirectional=True)",
    "nn.GRU({last}, {outputs}, num_layers=2, batch_first=True)",
    "nn.LSTM({last}, {outputs}, batch_first=True, bias={bias})",
    "nn.LSTM({last}, {outputs}, num_layers=2, bidirectional=True, batch_first=True)",
    "nn.LSTM({last}, {outputs}, batch_first=True, bidirectional={bias}, dropout=0.0)",
    "nn.RNN({last}, {outputs}, batch_first=True, nonlinearity='relu')",
    "nn.RNN({last}, {outputs}, batch_first=True, bias={bias})",
)
_READ = (
    "self.{name}({0})[0]",
    "self.{name}({0})[0][:, -1]",
    "self.{name}({0})[1]{state}.transpose(0, 1).contiguous()",
    "self.{name}({0})[1]{state}[-1]",
    "torch.cat([self.{name}({0})[0].mean(1), self.{name}({0})[1]{state}[0]], 1)",
)
_CELLS = (
    ("self.{name}({0})", "nn.GRUCell({last}, {outputs}, bias={bias})"),
    ("self.{name}({0}, self.{name}({0}))", "nn.GRUCell({last}, {outputs})"),
    ("self.{name}({0})[0]", "nn.LSTMCell({last}, {outputs})"),
    ("self.{name}({0}, self.{name}({0}))[1]", "nn.LSTMCell({last}, {outputs}, bias={bias})"),
    ("self.{name}({0})", "nn.RNNCell({last}, {outputs})"),
    ("self.{name}({0}, self.{name}({0}))", "nn.RNNCell({last}, {outputs}, nonlinearity='relu')"),
)
_ATTENTION = (
    (
        "self.{name}({0}, {0}, {0})[0]",
        "nn.MultiheadAttention({last}, {heads}, batch_first=True, bias={bias})",
    ),
    (
        "self.{name}({0}, {1}, {1}, need_weights=False)[0]",
        "nn.MultiheadAttention({last}, {heads}, batch_first=True)",
    ),
    (
        "self.{name}({0}, {0}, {1})[1]",
        "nn.MultiheadAttention({last}, {heads}, batch_first=True)",
    ),
    (
        "self.{name}({0}, {0}, {0}, attn_mask=torch.ones({second}, {second}).triu(1).bool())[0]",
        "nn.MultiheadAttention({last}, {heads}, batch_first=True)",
    ),
    (
        "self.{name}({0}, {1}, {1}, key_padding_mask={1}[..., 0] > 2)[0]",
        "nn.MultiheadAttention({last}, {heads}, batch_first=True)",
    ),
    (
        "self.{name}({0}.transpose(0, 1), {1}.transpose(0, 1), {1}.transpose(0, 1))[0]"
        ".transpose(0, 1)",
        "nn.MultiheadAttention({last}, {heads}, kdim={last}, vdim={last})",
    ),
    (
        "self.{name}({0})",
        "nn.TransformerEncoderLayer({last}, {heads}, {outputs}, 0.0, batch_first=True)",
    ),
    (
        "self.{name}({0})",
        "nn.TransformerEncoderLayer({last}, {heads}, {outputs}, 0.1, 'gelu', batch_first=True, "
        "norm_first=True)",
    ),
    (
        "self.{name}({0}, {1})",
        "nn.TransformerDecoderLayer({last}, {heads}, {outputs}, batch_first=True)",
    ),
)


def _drawn(random: Random, shape: Shape) -> dict[str, Any]:
    """Return the numbers that the forms name."""
    return {
        "outputs": random.number(1, 12),
        "kernel": random.number(1, 4),
        "stride": random.number(1, 3),
        "bias": random.chance(0.7),
        "pick": random.number(0, 1000),
    }


def _draw_transposed(random: Random, shape: Shape) -> dict[str, Any]:
    return {"form": ("self.{name}({0})", random.choice(_TRANSPOSED)), **_drawn(random, shape)}


def _draw_sequence(random: Random, shape: Shape) -> dict[str, Any]:
    return {"form": ("self.{name}({0})", random.choice(_OF_SEQUENCES)), **_drawn(random, shape)}


def _draw_recurrent(random: Random, shape: Shape) -> dict[str, Any]:
    layer = random.choice(_RECURRENT)
    read = random.choice(_READ).replace("{state}", "[0]" if "LSTM" in layer else "")
    return {"form": (read, layer), **_drawn(random, shape)}


def _draw_cell(random: Random, shape: Shape) -> dict[str, Any]:
    return {"form": random.choice(_CELLS), **_drawn(random, shape)}


def _draw_attention(random: Random, shape: Shape) -> dict[str, Any]:
    return {"form": random.choice(_ATTENTION), **_drawn(random, shape)}


def _write(
    settings: dict[str, Any], names: Sequence[str], shapes: Sequence[Shape], name: str
) -> Written:
    shape = shapes[0]
    unless(len(shape) > 1)
    numbers = {key: value for key, value in settings.items() if key not in ("form", "pick")}
    heads = [count for count in range(1, shape[-1] + 1) if shape[-1] % count == 0]
    chosen = heads[settings["pick"] % len(heads)]
    return formatted(
        settings["form"], names, name, second=shape[1], last=shape[-1], heads=chosen, **numbers
    )


def _same_width(one: Shape, other: Shape) -> bool:
    """Return whether a sequence can attend to another one."""
    return len(one) == len(other) and (one[0], one[2:]) == (other[0], other[2:])


KINDS = {
    "transposed": Kind(_draw_transposed, _write, {4: 0.5}),
    "sequence": Kind(_draw_sequence, _write, {3: 2}),
    "recurrent": Kind(_draw_recurrent, _write, {3: 0.8}),
    "cell": Kind(_draw_cell, _write, {2: 0.4}),
    "attention": Kind(_draw_attention, _write, {3: 0.8}, sources=(2,), beside=_same_width),
}
