"""Steps that are seldom written, or refused: each is compiled correctly, or refused by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modelgen.verify.random_modules.description import Kind, Random, Shape, Written, formatted

_SUPPORTED = (
    ("self.{name}({0})", "nn.PReLU()"),
    ("self.{name}({0})", "nn.LayerNorm({last})"),
    ("self.{name}({0})", "nn.GroupNorm(1, {second})"),
    ("self.{name}({0})", "nn.Conv1d({second}, 3, 1)"),
    ("self.{name}({0})", "nn.ConvTranspose2d({second}, 3, 2)"),
    ("self.{name}({0})", "nn.InstanceNorm2d({second})"),
    ("self.{name}({0})", "nn.Upsample(scale_factor=2)"),
    ("self.{name}({0})[0]", "nn.GRU({last}, 3, batch_first=True)"),
    ("self.{name}({0})[0]", "nn.LSTM({last}, 3, num_layers=2, bidirectional=True)"),
    (
        "self.{name}({0}.flatten(1, -2), {0}.flatten(1, -2), {0}.flatten(1, -2))[0]",
        "nn.MultiheadAttention({last}, 1, batch_first=True)",
    ),
    (
        "self.{name}({0}.flatten(1, -2))",
        "nn.TransformerEncoderLayer({last}, 1, 8, 0.0, batch_first=True)",
    ),
    ("self.{name}({0})", "nn.Bilinear({last}, {last}, 2)"),
    ("{0} * {0}", ""),
    ("{0} * {0}.mean(tuple(range(2, {0}.dim())) or -1, keepdim=True)", ""),
    ("{0} - {0}", ""),
    ("{0}.clamp(min=0)", ""),
    ("{0}.clamp_(-1, 1)", ""),
    ("torch.maximum({0}, {0})", ""),
    ("torch.where({0} > 0, {0}, 0)", ""),
    ("({0} > 0).float()", ""),
    ("torch.stack([{0}, {0}], 1)", ""),
    ("{0}.chunk(2, -1)[0]", ""),
    ("{0}[:, 0:1]", ""),
    ("{0}[..., 0]", ""),
    ("{0}[0:1]", ""),
    ("{0}.transpose(1, -1)", ""),
    ("{0}.transpose(-2, -1)", ""),
    ("{0}.permute(*range({0}.dim()))", ""),
    ("{0}.permute(0, *range({0}.dim() - 1, 0, -1))", ""),
    ("{0}.transpose(1, -1).reshape({0}.shape)", ""),
    ("{0}.flip(-1)", ""),
    ("{0}.roll(1, -1)", ""),
    ("{0}.expand({0}.shape)", ""),
    ("{0}.repeat(*[1] * {0}.dim())", ""),
    ("{0}.expand_as({0}) + {0}.mean()", ""),
    ("{0} + {0}.mean(-1, keepdim=True)", ""),
    ("{0}.sum(-1)", ""),
    ("{0}.mean(-1)", ""),
    ("{0}.amax(-1)", ""),
    ("{0}.max(-1)[0]", ""),
    ("{0} @ {0}.transpose(-2, -1)", ""),
    ("torch.matmul({0}, torch.eye({last}))", ""),
    ("F.pad({0}, (1, 1))", ""),
    ("F.pad({0}, (0, 0))", ""),
    ("F.interpolate({0}, scale_factor=2)", ""),
    ("F.unfold({0}, 1)", ""),
    ("F.normalize({0})", ""),
    ("F.layer_norm({0}, ({last},))", ""),
    ("F.softmax({0}, -1, dtype=torch.float64)", ""),
    ("F.linear({0}, torch.eye({last}))", ""),
    ("F.linear({0}, self.{name} * 2)", "nn.Parameter(torch.ones(3, {last}))"),
    ("F.linear({0}, self.{name}[1:])", "nn.Parameter(torch.ones(3, {last}))"),
    ("F.linear({0}, self.{name}.t())", "nn.Parameter(torch.ones({last}, 3))"),
    ("{0}.index_select(-1, torch.tensor([0]))", ""),
    ("{0}.masked_fill({0} > 0, 0.0)", ""),
    ("torch.zeros({0}.shape) + {0}", ""),
    ("{0} + torch.ones({0}.shape)", ""),
    ("{0}[:, 0:1].relu_()", ""),
    ("{0}.flatten(1).relu_()", ""),
    ("{0}.view({0}.shape).add_({0})", ""),
    ("torch.view_as_real(torch.view_as_complex({0}.unsqueeze(-1).repeat(1, 2)))", ""),
)
REFUSED = (
    ("self.{name}({0})", "nn.AlphaDropout()"),
    ("self.{name}({0})[1]", "nn.RNN({last}, 3, nonlinearity='relu')"),
    ("{0}.cumprod(-1)", ""),
    ("torch.einsum('...i->...', {0})", ""),
    ("F.linear({0}, F.relu({0}))", ""),
    ("F.linear(torch.eye({last}), {0})", ""),
    ("{0}.half().float()", ""),
    ("{0}.double()", ""),
    ("{0}.double().float()", ""),
    ("{0}.int()", ""),
    ("{0}.new_zeros({0}.shape)", ""),
    ("{0} + torch.rand_like({0})", ""),
    ("F.dropout({0})", ""),
    ("{0} if {0}.sum() > 0 else -{0}", ""),
    ("{0} * float({0}.max())", ""),
    ("torch.cond({0}.sum() > 0, torch.relu, torch.neg, ({0},))", ""),
    ("{0}[:, 0].zero_()", ""),
    ("{0}.copy_(torch.relu({0}))", ""),
)
"""Forms that are refused for values of some shape."""
FORMS = _SUPPORTED + REFUSED


def _draw(random: Random, shape: Shape) -> dict[str, Any]:
    return {"form": random.choice(FORMS)}


def _write(
    settings: dict[str, Any], names: Sequence[str], shapes: Sequence[Shape], name: str
) -> Written:
    sizes = {"second": shapes[0][1] if len(shapes[0]) > 1 else 1, "last": shapes[0][-1]}
    return formatted(settings["form"], names, name, **sizes)


KINDS = {"strange": Kind(_draw, _write, {0: 4})}
