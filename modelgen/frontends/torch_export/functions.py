"""Import of functions of one value: sigmoid, GELU, exponentials, powers and others."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from modelgen.frontends.torch_export.calls import arguments
from modelgen.frontends.torch_export.translation import Translation
from modelgen.operators import Elementwise, Pointwise

_SELU = (1.6732632423543772, 1.0507009873554805, 1.0)
"""alpha, scale and input_scale of nn.SELU."""
_LARGEST_EXPONENT = 8
_ROOTS = {0.5: "sqrt", -0.5: "rsqrt"}


def add_function(
    to: Translation, call: Any, function: str, parameters: tuple[float, ...] = ()
) -> None:
    """Add a function with these parameters."""
    to.elementwise(call, Elementwise(function, parameters))


def add_gelu(to: Translation, call: Any) -> None:
    """Add a GELU in either form."""
    form = arguments(call)["approximate"]
    add_function(to, call, "gelu_tanh" if form == "tanh" else "gelu")


def add_elu(to: Translation, call: Any) -> None:
    """Add an ELU; scale and input_scale are arguments that torch.nn does not set."""
    add_function(to, call, "elu", _numbers(call, "alpha", "scale", "input_scale"))


def add_celu(to: Translation, call: Any) -> None:
    """Add a CELU: max(0, x) + min(0, alpha (exp(x / alpha) - 1))."""
    (alpha,) = _numbers(call, "alpha")
    if alpha <= 0:
        to.reject(call, f"has an alpha of {alpha:g}; expected a number > 0")
    add_function(to, call, "elu", (alpha, 1.0, 1.0 / alpha))


def add_softplus(to: Translation, call: Any) -> None:
    """Add a softplus."""
    beta, threshold = _numbers(call, "beta", "threshold")
    if beta <= 0 or threshold < 0:
        reason = f"has a beta of {beta:g} and a threshold of {threshold:g}"
        to.reject(call, f"{reason}; expected beta > 0 and threshold >= 0")
    add_function(to, call, "softplus", (beta, threshold))


def add_power(to: Translation, call: Any) -> None:
    """Add a power with a small integer exponent, or a root."""
    (exponent,) = _numbers(call, "exponent")
    if exponent in _ROOTS:
        add_function(to, call, _ROOTS[exponent])
    elif exponent.is_integer() and 1 <= abs(exponent) <= _LARGEST_EXPONENT:
        add_function(to, call, "power", (exponent,))
    else:
        supported = f"integers from -{_LARGEST_EXPONENT} to {_LARGEST_EXPONENT}, 0.5 and -0.5"
        to.reject(call, f"raises to the power {exponent:g}; supported exponents: {supported}")


def _with_factor(function: str, before: float, after: float) -> Callable[[Translation, Any], None]:
    """Return what adds `after * function(before * x)`."""

    def add(to: Translation, call: Any) -> None:
        _add_scaled(to, call, call.args[0], function, before, after)

    return add


def add_exponential(to: Translation, call: Any) -> None:
    """Add a power of a positive number: `2 ** x`."""
    base, exponent = call.args
    if base <= 0:
        to.reject(call, f"raises {base:g} to a power; expected a number > 0")
    _add_scaled(to, call, exponent, "exp", math.log(base), 1.0)


def _add_scaled(
    to: Translation, call: Any, source: Any, function: str, before: float, after: float
) -> None:
    tensor, layout = to.native(call, source)
    tensor = _affine(to, call, tensor, before, 0.0, "scaled")
    result = to.apply(call, Elementwise(function), tensor, name=f"{call.name}.{function}")
    to.define(call, _affine(to, call, result, after, 0.0), layout)


def add_log1p(to: Translation, call: Any) -> None:
    """Add log(1 + x)."""
    tensor, layout = to.native(call, call.args[0])
    more = _affine(to, call, tensor, 1.0, 1.0, "more")
    to.define(call, to.apply(call, Elementwise("log"), more), layout)


def add_expm1(to: Translation, call: Any) -> None:
    """Add exp(x) - 1."""
    tensor, layout = to.native(call, call.args[0])
    power = to.apply(call, Elementwise("exp"), tensor, name=f"{call.name}.exp")
    to.define(call, _affine(to, call, power, 1.0, -1.0), layout)


def _affine(
    to: Translation, call: Any, tensor: str, factor: float, constant: float, part: str = ""
) -> str:
    """Return a tensor times a factor plus a constant; `part` names it if it is no result."""
    if (factor, constant) == (1.0, 0.0):
        return tensor
    channels = to.shape(tensor)[-1:] or (1,)
    scale, bias = (np.full(channels, number, np.float32) for number in (factor, constant))
    roles = to.add_roles(call, **{f"scale{part}": scale, f"bias{part}": bias})
    roles = {"scale": roles[f"scale{part}"], "bias": roles[f"bias{part}"]}
    name = f"{call.name}.{part}" if part else None
    return to.apply(call, Pointwise(), tensor, name=name, roles=roles)


def _numbers(call: Any, *names: str) -> tuple[float, ...]:
    """Return arguments of a call that are numbers."""
    given = arguments(call)
    return tuple(float(given[name]) for name in names)


_OF_ONE_VALUE: dict[str, tuple[Any, ...]] = {
    "ceil": ("ceil",),
    "cos": ("cos",),
    "erf": ("erf",),
    "exp": ("exp",),
    "floor": ("floor",),
    "hardsigmoid": ("hardsigmoid",),
    "hardswish": ("hardswish",),
    "log": ("log",),
    "log_sigmoid": ("log_sigmoid",),
    "mish": ("mish",),
    "reciprocal": ("power", -1.0),
    "round": ("nearest",),
    "rsqrt": ("rsqrt",),
    "selu": ("elu", *_SELU),
    "sigmoid": ("sigmoid",),
    "sign": ("sign",),
    "silu": ("silu",),
    "sin": ("sin",),
    "special_erf": ("erf",),
    "special_expit": ("sigmoid",),
    "sqrt": ("sqrt",),
    "square": ("power", 2.0),
    "tanh": ("tanh",),
}
"""Name in ATen -> function and parameters, for those without arguments."""
_OF_A_MULTIPLE: dict[str, Callable[[Translation, Any], None]] = {
    "exp2": _with_factor("exp", math.log(2), 1.0),
    "expm1": add_expm1,
    "log10": _with_factor("log", 1.0, 1 / math.log(10)),
    "log1p": add_log1p,
    "log2": _with_factor("log", 1.0, 1 / math.log(2)),
}
"""Name in ATen -> what adds it, for those that scale or move the values before or after."""

OPERATORS: dict[str, Callable[[Translation, Any], None]] = {
    **{
        f"aten.{name}{suffix}.default": partial(
            add_function, function=function[0], parameters=function[1:]
        )
        for name, function in _OF_ONE_VALUE.items()
        for suffix in ("", "_")
    },
    **{
        f"aten.{name}{suffix}.default": add
        for name, add in _OF_A_MULTIPLE.items()
        for suffix in ("", "_")
    },
    "aten.celu.default": add_celu,
    "aten.celu_.default": add_celu,
    "aten.elu.default": add_elu,
    "aten.elu_.default": add_elu,
    "aten.gelu.default": add_gelu,
    "aten.pow.Scalar": add_exponential,
    "aten.pow.Tensor_Scalar": add_power,
    "aten.pow_.Scalar": add_power,
    "aten.softplus.default": add_softplus,
}
"""ATen operator -> the function that adds it."""
