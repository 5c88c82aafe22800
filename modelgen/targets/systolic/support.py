"""Which operators the engine computes, and how; for the others, why it cannot."""

from __future__ import annotations

from modelgen.operators import (
    Argmax,
    AvgPool2d,
    Binary,
    ByteTable,
    ChannelScale,
    Conv2d,
    Elementwise,
    Fp32Add,
    Fp32Mean,
    GruState,
    IntegerAdd,
    IntegerAvgPool2d,
    IntegerConv2d,
    IntegerLinear,
    IntegerMaxPool2d,
    IntegerMean,
    Linear,
    LstmOutput,
    LstmState,
    MatMul,
    MaxPool2d,
    Normalize,
    Operator,
    Pointwise,
    Softmax,
)
from modelgen.operators.movement import Movement
from modelgen.operators.table_functions import TABLE_FUNCTIONS

_COMPUTED: dict[type[Operator], str] = {
    Linear: "matrix product",
    Conv2d: "convolution, read from the feature map without a copy",
    MaxPool2d: "maximum over the window, bypassing the array",
    AvgPool2d: "sum over the window, bypassing the array",
    Pointwise: "scale, bias, sum or product, function and clamp in the store path",
    ChannelScale: "scales from a tensor in the store path",
    IntegerConv2d: "INT8 convolution, two positions or nine taps at a time",
    IntegerLinear: "INT8 matrix product, two rows at a time",
    IntegerMaxPool2d: "maximum over the window of INT8 values, bypassing the array",
    IntegerAvgPool2d: "sum over the window of INT8 values, bypassing the array",
    IntegerMean: "sum over the map's INT8 values, bypassing the array",
    Fp32Mean: "sum over the map's INT8 values, bypassing the array",
    IntegerAdd: "sum of INT8 values with scales of their own in the store path",
    Fp32Add: "the same, rounded as in FP32",
    ByteTable: "table of INT8 results in the store path",
}
_GATES = "gates with functions and products between them, which are one kernel there"
_LACKING: dict[type, str] = {
    Softmax: "exponentials and a division, which the engine does not have",
    Argmax: "a comparison between channels, which the engine does not support",
    MatMul: "the array's weights are INT8 constants, and both factors are activations",
    Normalize: "means and deviations of what is computed, which the engine does not have",
    **dict.fromkeys((LstmState, LstmOutput, GruState), _GATES),
}
_OPERANDS = {
    "add": "the engine adds tensors of one shape, both computed by the network",
    "multiply": "the engine multiplies tensors of one shape, or each channel by a factor, both "
    "computed by the network",
}
"""Kind of an operator on two tensors -> which of them the store path computes."""


def computed(operator: Operator) -> str | None:
    """Return how the engine computes an operator; None if it does not."""
    if isinstance(operator, Movement):
        return "copies of runs of words, from and to places at any distances"
    return _COMPUTED.get(type(operator))


def lacking(operator: Operator) -> str:
    """Return why the engine cannot compute an operator."""
    if isinstance(operator, Elementwise):
        return _no_table(operator.function)
    if isinstance(operator, Binary):
        kind = operator.kind.replace("_", " ")
        return _OPERANDS.get(kind, f"the engine does not support '{kind}' of two tensors")
    reasons = (reason for kind, reason in _LACKING.items() if isinstance(operator, kind))
    return next(reasons, f"the engine does not support {operator.name}")


def _no_table(function: str) -> str:
    if function in TABLE_FUNCTIONS:
        return "fewer cycles than a table of the function takes the engine to load"
    return (
        f"the engine has no table of {function}, only of bounded functions and products with them"
    )
