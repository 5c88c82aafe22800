"""Steps that keep shapes (activation functions, sums, softmax, dropout, copies), linear layers."""

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

_ACTIVATIONS = (
    ("self.{name}({0})", "nn.ReLU()"),
    ("self.{name}({0})", "nn.ReLU(inplace=True)"),
    ("F.relu({0})", ""),
    ("F.relu({0}, inplace=True)", ""),
    ("torch.relu({0})", ""),
    ("{0}.relu()", ""),
    ("{0}.relu_()", ""),
    ("torch.relu_({0})", ""),
    ("self.{name}({0})", "nn.ReLU6()"),
    ("F.relu6({0})", ""),
    ("F.relu6({0}, inplace=True)", ""),
    ("self.{name}({0})", "nn.Hardtanh({low}, {high})"),
    ("self.{name}({0})", "nn.Hardtanh(inplace=True)"),
    ("F.hardtanh({0}, {low}, {high})", ""),
    ("F.hardtanh({0}, min_val={low})", ""),
    ("F.hardtanh({0}, max_val={high})", ""),
    ("F.hardtanh_({0})", ""),
    ("self.{name}({0})", "nn.LeakyReLU({slope})"),
    ("self.{name}({0})", "nn.LeakyReLU({slope}, inplace=True)"),
    ("F.leaky_relu({0}, {slope})", ""),
    ("F.leaky_relu({0}, negative_slope={slope})", ""),
    ("F.leaky_relu({0})", ""),
    ("F.leaky_relu_({0}, {slope})", ""),
    ("self.{name}({0})", "nn.Sigmoid()"),
    ("torch.sigmoid({0})", ""),
    ("{0}.sigmoid_()", ""),
    ("torch.tanh({0})", ""),
    ("{0}.abs()", ""),
    ("self.{name}({0})", "nn.SiLU(inplace=True)"),
    ("F.gelu({0})", ""),
    ("self.{name}({0})", "nn.GELU('tanh')"),
    ("self.{name}({0})", "nn.Hardswish()"),
    ("F.hardsigmoid({0})", ""),
    ("self.{name}({0})", "nn.ELU({slope})"),
    ("F.selu({0})", ""),
    ("self.{name}({0})", "nn.CELU()"),
    ("F.softplus({0}, 2, 5)", ""),
    ("F.mish({0})", ""),
    ("F.logsigmoid({0})", ""),
    ("torch.exp(-F.relu({0}))", ""),
    ("torch.log(F.relu({0}) + 1)", ""),
    ("torch.sqrt(F.relu({0}) + 0.25)", ""),
    ("torch.log10(F.relu({0}) + 1) - torch.log2(F.relu({0}) + 0.5)", ""),
    ("torch.log1p(F.relu({0}))", ""),
    ("torch.expm1(-F.relu({0})) + torch.exp2(-F.relu({0}))", ""),
    ("2.5 ** -F.relu({0})", ""),
    ("{0}.type_as({0}).to('cpu')", ""),
    ("{0}.floor().to(torch.bool) * {0}", ""),
    ("F.one_hot({0}.argmax(-1), {0}.shape[-1]).sum(-2) * {0}", ""),
    ("{0} ** 3", ""),
    ("(F.relu({0}) + 0.5) ** -2", ""),
    ("torch.rsqrt(F.relu({0}) + 1)", ""),
    ("torch.reciprocal(F.relu({0}) + 0.5)", ""),
    ("torch.erf({0})", ""),
    ("torch.sin({0}) + torch.cos({0})", ""),
    ("torch.round({0})", ""),
    ("{0}.floor() + {0}.ceil()", ""),
    ("torch.sign({0}) * torch.square({0})", ""),
    ("torch.where({0} > 0, 1.5, -0.5)", ""),
    ("{0}.clamp_max({high}).clamp_min({low})", ""),
    ("torch.clip({0}, {low}, {high})", ""),
    ("F.silu({0}) + torch.special.expit({0}) * torch.special.erf({0})", ""),
    ("torch.greater_equal({0}, 0.5).float() - torch.less_equal({0}, -0.5).float()", ""),
    ("torch.greater({0}, 1).float() + torch.less({0}, -1) * torch.not_equal({0}, 0)", ""),
    ("{0}.multiply(2).divide(3).subtract(0.5).true_divide(1.5)", ""),
    ("{0}.multiply_(2).divide_(3).subtract_(0.5).true_divide_(1.5)", ""),
    *(
        (f"{{0}}.{name}_()", "")
        for name in ("abs", "ceil", "floor", "round", "sign", "square", "tanh", "cos", "sin", "erf")
    ),
    *(
        (f"({{0}}.abs() + 0.5).{name}_()", "")
        for name in ("log", "sqrt", "rsqrt", "reciprocal", "exp2", "neg")
    ),
    *(
        (f"F.{name}({{0}}, inplace=True)", "")
        for name in ("celu", "elu", "hardsigmoid", "hardswish", "mish", "selu", "silu")
    ),
    ("{0}.clamp(-9, 9).exp_()", ""),
    ("torch.special.expit({0}).pow_(2)", ""),
    ("{0}.clip_({low}, {high})", ""),
    ("{0}.clamp_max_({high}).clamp_min_({low})", ""),
)


def _draw_activation(random: Random, shape: Shape) -> dict[str, Any]:
    low, high = random.choice(((-1.0, 1.0), (0.0, 6.0), (-0.25, 2.0), (0.5, 0.75), (-3.0, -1.0)))
    return {
        "form": random.choice(_ACTIVATIONS),
        "low": low,
        "high": high,
        "slope": random.choice((0.01, 0.125, 0.3, 0.0, 1.0, 1.5, -0.5, -1.0, 1e-30, 2)),
    }


def _write_form(
    settings: dict[str, Any], names: Sequence[str], shapes: Sequence[Shape], name: str
) -> Written:
    values = {key: value for key, value in settings.items() if key != "form"}
    return formatted(settings["form"], names, name, **values)


_SUMS = ("{0} + {1}", "torch.add({0}, {1})", "{0}.add({1})", "{0}.add_({1})")
_ODD_SUMS = (
    "torch.add({0}, {1}, alpha=2)",
    "{0} + self.{name}",
    "self.{name} + {0}",
)


def _draw_sum(random: Random, shape: Shape) -> dict[str, Any]:
    return {"text": random.choice(_SUMS if random.chance(0.95) else _ODD_SUMS)}


def _write_sum(
    settings: dict[str, Any], names: Sequence[str], shapes: Sequence[Shape], name: str
) -> Written:
    unless(shapes[0] == shapes[1])
    members = {}
    if "{name}" in settings["text"]:
        members[name] = f"nn.Buffer(torch.ones({', '.join(map(str, shapes[0]))}))"
    return Written(settings["text"].format(*names, name=name), members)


_AFFINE = (
    "{0} * {factor}",
    "{factor} * {0}",
    "{0} / {factor}",
    "{0} + {constant}",
    "{constant} + {0}",
    "{0} - {constant}",
    "{constant} - {0}",
    "-{0}",
    "{0} * {factor} + {constant}",
    "{constant} - {0} / {factor}",
    "({0} - {constant}) / {factor}",
    "{0}.mul_({factor})",
    "{0}.div_({factor})",
    "{0}.add_({constant})",
    "{0}.sub_({constant})",
    "{0}.neg_()",
    "torch.div({0}, {factor})",
    "torch.add({0}, {constant}, alpha=2)",
    "torch.sub({0}, {constant}, alpha=0.5)",
    "torch.rsub({0}, {constant}, alpha=3)",
)
_ODD_AFFINE = (
    ("{0} * self.{name}", "nn.Buffer(torch.tensor({factor}))"),
    ("{0} + self.{name}", "nn.Parameter(torch.ones({ones}))"),
    ("self.{name} - {0}", "nn.Buffer(torch.ones({ones}))"),
    ("{factor} / (1 + {0} * {0})", ""),
    ("{0} * 1e39", ""),
    ("{0} / 1e-40", ""),
)


def _draw_affine(random: Random, shape: Shape) -> dict[str, Any]:
    plain = (random.choice(_AFFINE), "")
    return {
        "form": plain if random.chance(0.97) else random.choice(_ODD_AFFINE),
        "factor": random.choice((2, 3, 0.5, 255, -1.5, 1e-3, 1, 0)),
        "constant": random.choice((1, 0.5, -3, 127.5, 1e-3, 0)),
        "ones": ", ".join(["1"] * (len(shape) - 2)),
    }


_JOINS = (
    "torch.cat(({0},), {dim})",
    "torch.cat([{0}], dim={dim})",
    "torch.concat(({0},), {dim})",
    "torch.concatenate([{0}], axis={dim})",
)


def _joined_axis(shape: Shape) -> int:
    """Return the dimension that is last on the device."""
    return 1 if len(shape) == 4 else len(shape) - 1


def can_join(one: Shape, other: Shape) -> bool:
    """Return whether values of two shapes can be concatenated."""
    axis = _joined_axis(one)
    sizes = [(*shape[:axis], *shape[axis + 1 :]) for shape in (one, other)]
    return len(one) == len(other) and sizes[0] == sizes[1]


def draw_join(random: Random, shape: Shape) -> dict[str, Any]:
    """Return random settings of a step that concatenates values."""
    axis = _joined_axis(shape) if random.chance(0.95) else random.number(0, len(shape) - 1)
    dim = axis - len(shape) if random.chance(0.3) else axis
    return {"text": random.choice(_JOINS, (5, 3, 1, 1)), "dim": dim}


def _write_join(
    settings: dict[str, Any], names: Sequence[str], shapes: Sequence[Shape], name: str
) -> Written:
    return Written(settings["text"].format(", ".join(names), dim=settings["dim"]), {})


_SOFTMAX = (
    ("self.{name}({0})", "nn.Softmax(dim={dim})"),
    ("F.softmax({0}, dim={dim})", ""),
    ("torch.softmax({0}, {dim})", ""),
    ("{0}.softmax({dim})", ""),
    ("self.{name}({0})", "nn.LogSoftmax(dim={dim})"),
    ("F.log_softmax({0}, {dim})", ""),
)


def _draw_softmax(random: Random, shape: Shape) -> dict[str, Any]:
    last = random.choice((-1, len(shape) - 1))
    dim = last if random.chance(0.8) else random.number(0, len(shape) - 1)
    return {"form": random.choice(_SOFTMAX), "dim": dim}


_ARGMAX = (
    "{0}.argmax({dim})",
    "torch.argmax({0}, dim={dim})",
    "{0}.argmax({dim}, keepdim=True)",
    "{0}.argmax()",
    "{0}.max({dim})[1]",
)


def _draw_argmax(random: Random, shape: Shape) -> dict[str, Any]:
    dim = random.choice((-1, 1), (3, 1)) if len(shape) > 1 else -1
    return {"form": (random.choice(_ARGMAX, (8, 8, 4, 1, 1)), ""), "dim": dim}


def _draw_linear(random: Random, shape: Shape) -> dict[str, Any]:
    return {
        "form": random.choice(("nn", "F", "keywords"), (6, 3, 1)),
        # Sometimes as many as channels: confusing the two then gives wrong values, but no error.
        "outputs": shape[1] if len(shape) > 1 and random.chance(0.15) else random.number(1, 24),
        "bias": random.chance(0.7),
    }


def _write_linear(
    settings: dict[str, Any], names: Sequence[str], shapes: Sequence[Shape], name: str
) -> Written:
    words, outputs = shapes[0][-1], settings["outputs"]
    if settings["form"] == "nn":
        bias = "" if settings["bias"] else ", bias=False"
        return Written(f"self.{name}({names[0]})", {name: f"nn.Linear({words}, {outputs}{bias})"})
    members = {f"{name}_weight": f"nn.Parameter(torch.zeros({outputs}, {words}))"}
    keyword = settings["form"] == "keywords"
    text = f"{'weight=' if keyword else ''}self.{name}_weight"
    if settings["bias"]:
        members[f"{name}_bias"] = f"nn.Parameter(torch.zeros({outputs}))"
        text += f", {'bias=' if keyword else ''}self.{name}_bias"
    return Written(f"F.linear({names[0]}, {text})", members)


_COPIES = (
    ("self.{name}({0})", "nn.Identity()"),
    ("self.{name}({0})", "nn.Dropout(0.25)"),
    ("self.{name}({0})", "nn.Dropout(0.5, inplace=True)"),
    ("self.{name}({0})", "nn.Dropout2d()"),
    ("F.dropout({0}, 0.5, self.training)", ""),
    ("F.dropout({0}, training=False)", ""),
    ("F.dropout({0}, 0.0)", ""),
    ("{0}.contiguous()", ""),
    ("{0}.clone()", ""),
    ("{0}.detach()", ""),
    ("{0}.to(torch.float32)", ""),
    ("{0}.float()", ""),
    ("{0}", ""),
)


def _draw_copy(random: Random, shape: Shape) -> dict[str, Any]:
    return {"form": random.choice(_COPIES)}


KINDS = {
    "activation": Kind(_draw_activation, _write_form, {2: 3, 3: 2, 4: 5, 0: 1}),
    "sum": Kind(_draw_sum, _write_sum, {2: 2, 3: 1, 4: 3, 0: 1}, sources=(2,)),
    "affine": Kind(_draw_affine, _write_form, {2: 1, 3: 0.7, 4: 1.5, 0: 0.5}),
    "join": Kind(
        draw_join,
        _write_join,
        {2: 0.7, 3: 0.5, 4: 1.5, 0: 0.5},
        sources=(1, 2, 2, 2, 3, 3, 4),
        beside=can_join,
    ),
    "softmax": Kind(_draw_softmax, _write_form, {2: 0.8, 3: 0.7, 4: 0.5, 0: 0.5}),
    "argmax": Kind(_draw_argmax, _write_form, {2: 0.25, 3: 0.05, 4: 0.05, 0: 0.1}),
    "linear": Kind(_draw_linear, _write_linear, {2: 5, 3: 3, 4: 1, 0: 1}),
    "copy": Kind(_draw_copy, _write_form, {2: 0.5, 3: 0.5, 4: 0.5, 0: 0.5}),
}
