"""Steps on feature maps: convolutions, batch-norms, poolings, means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modelgen.verify.random_modules.description import Kind, Random, Shape, Written, unless

_MAPS = 4


def _pair(random: Random, low: int, high: int) -> Any:
    """Return one number, or one each for rows and columns."""
    first = random.number(low, high)
    return first if random.chance(0.5) else (first, random.number(low, high))


def _both(value: Any) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)


_CONV_DEFAULTS = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}


def _draw_conv(random: Random, shape: Shape) -> dict[str, Any]:
    kernel = _pair(random, 1, 4)
    stride = 1 if random.chance(0.5) else _pair(random, 1, 3)
    padding: Any = tuple(
        random.number(0, random.choice((0, size // 2, size, 2 * size))) for size in _both(kernel)
    )
    if padding[0] == padding[1] and random.chance(0.5):
        padding = padding[0]
    if random.chance(0.2):
        padding = "same" if stride == 1 and random.chance(0.7) else "valid"
    return {
        "form": random.choice(("nn", "F", "torch"), (6, 3, 1)),
        "channels": random.choice((random.number(1, 8), random.number(1, 40))),
        "kernel": kernel,
        "stride": stride,
        "padding": padding,
        "dilation": _pair(random, 1, 3) if random.chance(0.25) else 1,
        "groups": random.choice(("one", "depthwise", "multiplied", "two"), (75, 25, 0.5, 0.5)),
        "bias": random.chance(0.7),
        "mode": random.choice(("zeros", "circular", "reflect"), (98, 1, 1)),
    }


def _write_conv(
    settings: dict[str, Any], names: Sequence[str], shapes: Sequence[Shape], name: str
) -> Written:
    unless(len(shapes[0]) == _MAPS)
    channels = shapes[0][1]
    groups, outputs = {
        "one": (1, settings["channels"]),
        "depthwise": (channels, channels),
        "multiplied": (channels, 2 * channels),
        "two": (2, 2 * settings["channels"]),
    }[settings["groups"]]
    unless(channels % groups == 0)
    given = {**{key: settings[key] for key in _CONV_DEFAULTS if key in settings}, "groups": groups}
    options = "".join(
        f", {key}={value!r}" for key, value in given.items() if value != _CONV_DEFAULTS[key]
    )
    if settings["form"] == "nn":
        mode = settings["mode"]
        options += "" if settings["bias"] else ", bias=False"
        options += "" if mode == "zeros" else f", padding_mode={mode!r}"
        kernel = settings["kernel"]
        layer = f"nn.Conv2d({channels}, {outputs}, {kernel!r}{options})"
        return Written(f"self.{name}({names[0]})", {name: layer})
    rows, columns = _both(settings["kernel"])
    members = {
        f"{name}_weight": f"nn.Parameter(torch.zeros({outputs}, {channels // groups}, {rows}, "
        f"{columns}))"
    }
    bias = "None"
    if settings["bias"]:
        members[f"{name}_bias"] = f"nn.Parameter(torch.zeros({outputs}))"
        bias = f"self.{name}_bias"
    function = f"{settings['form']}.conv2d"
    return Written(f"{function}({names[0]}, self.{name}_weight, {bias}{options})", members)


_NORMS = {2: "BatchNorm1d", 3: "BatchNorm1d", _MAPS: "BatchNorm2d"}
"""Rank -> class."""


def _draw_norm(random: Random, shape: Shape) -> dict[str, Any]:
    return {
        "form": random.choice(("nn", "F"), (5, 1)),
        "affine": random.chance(0.8),
        "statistics": random.chance(0.97),
        "epsilon": random.choice((1e-5, 1e-3, 0.0, 1.0), (6, 2, 1, 1)),
    }


def _write_norm(
    settings: dict[str, Any], names: Sequence[str], shapes: Sequence[Shape], name: str
) -> Written:
    rank, epsilon = len(shapes[0]), settings["epsilon"]
    unless(rank in _NORMS)
    channels = shapes[0][1]
    if settings["form"] == "nn":
        options = "" if settings["affine"] else ", affine=False"
        options += "" if settings["statistics"] else ", track_running_stats=False"
        layer = f"nn.{_NORMS[rank]}({channels}, eps={epsilon!r}{options})"
        return Written(f"self.{name}({names[0]})", {name: layer})
    roles = ("running_mean", "running_var", *(("norm_weight", "norm_bias") * settings["affine"]))
    members = {f"{name}_{role}": f"nn.Buffer(torch.ones({channels}))" for role in roles}
    given = ", ".join(f"self.{member}" for member in members)
    return Written(f"F.batch_norm({names[0]}, {given}, eps={epsilon!r})", members)


def _draw_pool(random: Random, shape: Shape) -> dict[str, Any]:
    kernel = _pair(random, 1, 4)
    return {
        "form": random.choice(("nn", "F")),
        "kernel": kernel,
        "stride": random.choice((None, _pair(random, 1, 3))),
        "padding": random.choice((0, tuple(random.number(0, k // 2) for k in _both(kernel)))),
        "ceil_mode": random.chance(0.2),
        "dilation": 2 if random.chance(0.1) else 1,
        "inside": random.chance(0.05),
        "divisor": 3 if random.chance(0.02) else None,
    }


def _write_pool(kind: str) -> Any:
    """Return the function that writes a pooling, max or avg."""
    own = {"max": ("dilation",), "avg": ("inside", "divisor")}[kind]
    default = {"padding": 0, "ceil_mode": False, "dilation": 1, "inside": False, "divisor": None}
    keyword = {"inside": "count_include_pad", "divisor": "divisor_override"}

    def write(
        settings: dict[str, Any], names: Sequence[str], shapes: Sequence[Shape], name: str
    ) -> Written:
        arguments = [repr(settings["kernel"])]
        if settings["stride"] is not None:
            arguments.append(f"stride={settings['stride']!r}")
        for key in ("padding", "ceil_mode", *own):
            if settings[key] != default[key]:
                value = False if key == "inside" else settings[key]
                arguments.append(f"{keyword.get(key, key)}={value!r}")
        text = ", ".join(arguments)
        if settings["form"] == "nn":
            layer = f"nn.{kind.capitalize()}Pool2d({text})"
            return Written(f"self.{name}({names[0]})", {name: layer})
        return Written(f"F.{kind}_pool2d({names[0]}, {text})")

    return write


def _draw_adaptive(random: Random, shape: Shape) -> dict[str, Any]:
    sizes = []
    for size in shape[2:]:
        parts = [part for part in range(1, size + 1) if size % part == 0]
        sizes.append(random.choice(parts) if random.chance(0.5) else random.number(1, size + 1))
    return {
        "form": random.choice(("nn", "F")),
        "kind": random.choice(("avg", "max")),
        "size": random.choice((1, tuple(sizes), (None, sizes[1])), (1, 3, 1)),
    }


def _write_adaptive(
    settings: dict[str, Any], names: Sequence[str], shapes: Sequence[Shape], name: str
) -> Written:
    size, kind = settings["size"], settings["kind"]
    if settings["form"] == "nn":
        layer = f"nn.Adaptive{kind.capitalize()}Pool2d({size!r})"
        return Written(f"self.{name}({names[0]})", {name: layer})
    return Written(f"F.adaptive_{kind}_pool2d({names[0]}, {size!r})")


_MEANS = (
    "{0}.mean((2, 3))",
    "{0}.mean((-1, -2))",
    "{0}.mean([2, 3], keepdim=True)",
    "torch.mean({0}, dim=(3, 2))",
    "{0}.mean(-1).mean(-1)",
    "{0}.mean(1)",
    "{0}.mean()",
)


def _draw_mean(random: Random, shape: Shape) -> dict[str, Any]:
    return {"text": random.choice(_MEANS, (4, 4, 4, 4, 1, 1, 1))}


def _write_text(
    settings: dict[str, Any], names: Sequence[str], shapes: Sequence[Shape], name: str
) -> Written:
    return Written(settings["text"].format(*names))


KINDS = {
    "conv": Kind(_draw_conv, _write_conv, {4: 9}),
    "batch_norm": Kind(_draw_norm, _write_norm, {2: 1.5, 3: 0.3, 4: 2}),
    "max_pool": Kind(_draw_pool, _write_pool("max"), {4: 1.5}),
    "avg_pool": Kind(_draw_pool, _write_pool("avg"), {4: 1.5}),
    "adaptive": Kind(_draw_adaptive, _write_adaptive, {4: 1}),
    "mean": Kind(_draw_mean, _write_text, {4: 0.6}),
}
