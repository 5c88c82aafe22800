"""Import of functions of one value: sigmoid, GELU, exponentials, powers and others."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from modelgen.frontends.torch_export.calls import arguments
from modelgen.frontends.torch_export.translation import Translation
from modelgen.operators import Elementwise

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

OPERATORS: dict[str, Callable[[Translation, Any], None]] = {
    **{
        f"aten.{name}{suffix}.default": partial(
            add_function, function=function[0], parameters=function[1:]
        )
        for name, function in _OF_ONE_VALUE.items()
        for suffix in ("", "_")
    },
    "aten.celu.default": add_celu,
    "aten.celu_.default": add_celu,
    "aten.elu.default": add_elu,
    "aten.elu_.default": add_elu,
    "aten.gelu.default": add_gelu,
    "aten.pow.Tensor_Scalar": add_power,
    "aten.pow_.Scalar": add_power,
    "aten.softplus.default": add_softplus,
}
"""ATen operator -> the function that adds it."""
