"""Import of poolings and means."""

from __future__ import annotations

from collections.abc import Callable

from modelgen.arithmetic.integer.means import mean_multiplier
from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.frontends.tflite.complaints import Refusal
from modelgen.frontends.tflite.records import OperatorRecord
from modelgen.frontends.tflite.translation import Translation, fused_clamp, quantization_of
from modelgen.frontends.tflite.windows import sliding_window
from modelgen.operators import IntegerAvgPool2d, IntegerMaxPool2d, IntegerMean, Operator
from modelgen.operators.window import Window

_NEAR = 1e-6
"""Difference of scales that LiteRT takes for equal."""


def _pooling(
    kind: Callable[[Window, Clamp], Operator],
) -> Callable[[Translation, OperatorRecord], None]:
    def add(to: Translation, operator: OperatorRecord) -> None:
        given, result = (quantization_of(t) for t in (to.input(operator, 0), to.output(operator)))
        same = abs(given.scale - result.scale) <= _NEAR
        if not same or given.zero_point != result.zero_point:
            raise Refusal("its input and its output have different quantizations")
        source = to.read(operator, 0, 4)
        kernel = operator.options["FilterHeight"], operator.options["FilterWidth"]
        window = sliding_window(operator, kernel, to.shape(source))
        to.add(operator, kind(window, fused_clamp(operator, result)), [source])

    return add


def add_mean(to: Translation, operator: OperatorRecord) -> None:
    """Add a mean over constant dimensions."""
    given, result = (quantization_of(t) for t in (to.input(operator, 0), to.output(operator)))
    source = to.read(operator, 0)
    shape = to.shape(source)
    given_axes = to.integers(operator, 1).reshape(-1).tolist()
    if not all(-len(shape) <= axis < len(shape) for axis in given_axes):
        raise Refusal(f"its input has no dimensions {given_axes}")
    axes = sorted({axis % len(shape) for axis in given_axes})
    count = 1
    for axis in axes:
        count *= shape[axis]
    multiplier = mean_multiplier(given.scale / result.scale, count)
    translated = IntegerMean(tuple(axes), given.zero_point, multiplier, result.zero_point)
    to.add(operator, translated, [source], reshapes=True)


OPERATORS: dict[str, Callable[[Translation, OperatorRecord], None]] = {
    "AVERAGE_POOL_2D": _pooling(IntegerAvgPool2d),
    "MAX_POOL_2D": _pooling(IntegerMaxPool2d),
    "MEAN": add_mean,
}
"""Operator of a file -> the function that adds it."""
