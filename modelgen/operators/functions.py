"""The functions of one value that the CPU computes: in PyTorch, bit for bit, how exactly, where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np

from modelgen.arithmetic import (
    error_function,
    exponential,
    logarithm,
    logistic,
    powers,
    rectifiers,
    rounding,
    trigonometric,
)
from modelgen.operators.bounds import ROUNDING

if TYPE_CHECKING:
    import torch

_UNDERFLOW = 1e-34
"""Difference that is always allowed: results that PyTorch gives as subnormal numbers, or as one of
the smallest normal ones, may be 0 on the device, and some are multiplied by at most 88 then."""
_CANCELLED = 2.0**-21
"""Allowed difference of functions whose small results are differences of numbers around 1, in
PyTorch too."""
_OF_GELU = 1.5 * 2.0**-20
"""The same for GELU, most of it PyTorch's: it multiplies such a difference by up to 5."""

Wide = Callable[[np.ndarray], np.ndarray]
"""A function in FP64."""
Spread = Callable[[Wide, np.ndarray, np.ndarray], np.ndarray]
"""How far results may be apart: of the function, a value, and how far arguments may be off."""


def _slope(steepest: float) -> Spread:
    """Return the spread of a function with a largest slope."""
    return lambda wide, value, error: steepest * error


def _bounded_slope(wide: Wide, value: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Return the spread of a function with slopes and values in -1 .. 1."""
    return np.minimum(error, 2.0)


def _ends(wide: Wide, value: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Return the spread of a function that is monotonic."""
    return _largest_difference(wide, value, value - error, value + error)


def _positive_ends(wide: Wide, value: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Return the spread of a function that is monotonic and takes no negative values."""
    return _largest_difference(wide, value, np.maximum(value - error, 0.0), value + error)


def _ends_or_zero(wide: Wide, value: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Return the spread of a function that is monotonic on each side of 0."""
    nearest = np.where(np.abs(value) < error, 0.0, value)
    return _largest_difference(wide, value, value - error, value + error, nearest)


def _power_ends(wide: Wide, value: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Return the spread of a power: infinite if the argument of a negative one may be 0."""
    size = np.abs(value)
    spread = _largest_difference(wide, size, np.maximum(size - error, 0.0), size + error)
    # Powers on different sides of 0 differ in sign.
    return np.where(size < error, 2.0 * spread, spread)


def _largest_difference(wide: Wide, value: np.ndarray, *others: np.ndarray) -> np.ndarray:
    result = wide(value)
    return np.maximum.reduce([np.abs(wide(other) - result) for other in others])


@dataclass(frozen=True)
class Function:
    """A function of one value, with parameters."""

    path: str
    """Of PyTorch's function of a tensor and the parameters, such as "nn.functional.silu"."""
    exact: Callable[..., np.ndarray]
    """The device's function of an FP32 array and the kernel's arguments, bit for bit."""
    header: str
    """Of its kernel, which has the function's name, relative to sw/include/heepstor/."""
    spread: Spread
    cycles: float | Callable[..., float]
    """Of the kernel for four values, or a function of the parameters that returns them."""
    options: tuple[tuple[str, str], ...] = ()
    """Keyword arguments of PyTorch's function."""
    kernel_arguments: Callable[..., tuple[float, ...]] = lambda *parameters: parameters
    """What the kernel takes, given the parameters."""
    is_template: bool = False
    """Whether the kernel's arguments are integers and template arguments."""
    absolute: Callable[..., float] = lambda *parameters: _UNDERFLOW
    """Difference that is allowed beside the relative one, given the parameters."""

    def evaluate(self, value: torch.Tensor, *parameters: float) -> torch.Tensor:
        """Return PyTorch's result, in the precision of the tensor."""
        import torch

        result: torch.Tensor = attrgetter(self.path)(torch)(
            value, *parameters, **dict(self.options)
        )
        return result

    def wide(self, value: np.ndarray, *parameters: float) -> np.ndarray:
        """Return PyTorch's result in FP64."""
        import torch

        return self.evaluate(torch.from_numpy(np.ascontiguousarray(value)), *parameters).numpy()


def _elu_arguments(alpha: float, scale: float, input_scale: float) -> tuple[float, ...]:
    return scale, alpha * scale, input_scale


def _elu_absolute(alpha: float, scale: float, input_scale: float) -> float:
    # The rounded product with input_scale; u exp(u) is at most 0.37.
    return _UNDERFLOW if input_scale == 1.0 else abs(alpha * scale) * ROUNDING


def _softplus_absolute(beta: float, threshold: float) -> float:
    # The same for the product with beta.
    return _UNDERFLOW if beta == 1.0 else ROUNDING / beta


def _power_cycles(exponent: float) -> float:
    size = abs(int(exponent))
    products = size.bit_length() + size.bit_count() - 2
    return 13.0 + 4.2 * products + (73.0 if exponent < 0 else 0.0)


FUNCTIONS = {
    "ceil": Function("ceil", rounding.ceil, "rounding.hpp", _ends, cycles=93),
    "cos": Function(
        "cos",
        trigonometric.cos,
        "trigonometric.hpp",
        _bounded_slope,
        absolute=lambda: _CANCELLED,
        cycles=94,
    ),
    "elu": Function(
        "ops.aten.elu",
        rectifiers.elu,
        "rectifiers.hpp",
        _ends_or_zero,
        kernel_arguments=_elu_arguments,
        absolute=_elu_absolute,
        cycles=100,
    ),
    "erf": Function("erf", error_function.erf, "error_function.hpp", _ends, cycles=96),
    "exp": Function("exp", exponential.exp, "exponential.hpp", _ends, cycles=84),
    "floor": Function("floor", rounding.floor, "rounding.hpp", _ends, cycles=89),
    "gelu": Function(
        "nn.functional.gelu",
        error_function.gelu,
        "error_function.hpp",
        _slope(1.13),
        absolute=lambda: _OF_GELU,
        cycles=109,
    ),
    "gelu_tanh": Function(
        "nn.functional.gelu",
        logistic.gelu_tanh,
        "logistic.hpp",
        _slope(1.13),
        options=(("approximate", "tanh"),),
        absolute=lambda: _OF_GELU,
        cycles=132,
    ),
    "hardsigmoid": Function(
        "nn.functional.hardsigmoid",
        rectifiers.hardsigmoid,
        "rectifiers.hpp",
        _ends,
        absolute=lambda: _CANCELLED,
        cycles=40,
    ),
    "hardswish": Function(
        "nn.functional.hardswish",
        rectifiers.hardswish,
        "rectifiers.hpp",
        _slope(1.5),
        absolute=lambda: _CANCELLED,
        cycles=34,
    ),
    "log": Function("log", logarithm.log, "logarithm.hpp", _positive_ends, cycles=100),
    "log_sigmoid": Function(
        "nn.functional.logsigmoid", rectifiers.log_sigmoid, "rectifiers.hpp", _ends, cycles=120
    ),
    "mish": Function("nn.functional.mish", logistic.mish, "logistic.hpp", _slope(1.09), cycles=132),
    "nearest": Function("round", rounding.nearest, "rounding.hpp", _ends, cycles=57),
    "power": Function(
        "pow", powers.power, "powers.hpp", _power_ends, is_template=True, cycles=_power_cycles
    ),
    "rsqrt": Function("rsqrt", powers.rsqrt, "powers.hpp", _positive_ends, cycles=160),
    "sigmoid": Function("sigmoid", logistic.sigmoid, "logistic.hpp", _ends, cycles=120),
    "sign": Function("sign", rounding.sign, "rounding.hpp", _ends, cycles=30),
    "silu": Function("nn.functional.silu", logistic.silu, "logistic.hpp", _slope(1.1), cycles=120),
    "sin": Function(
        "sin",
        trigonometric.sin,
        "trigonometric.hpp",
        _bounded_slope,
        absolute=lambda: _CANCELLED,
        cycles=94,
    ),
    "softplus": Function(
        "nn.functional.softplus",
        rectifiers.softplus,
        "rectifiers.hpp",
        _ends,
        absolute=_softplus_absolute,
        cycles=155,
    ),
    "sqrt": Function("sqrt", powers.sqrt, "powers.hpp", _positive_ends, cycles=86),
    "tanh": Function("tanh", logistic.tanh, "logistic.hpp", _ends, cycles=132),
}
"""Name -> function. Parameters: elu: alpha, scale, input_scale; softplus: beta, threshold; power:
the exponent, an integer."""
