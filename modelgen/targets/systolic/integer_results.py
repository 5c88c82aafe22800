"""What the store path makes of sums of INT8 values: the constants of channels, in its format."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from modelgen.arithmetic.integer.channel_forms import SHIFTS, ChannelForms
from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.ir.graph import Graph, Node
from modelgen.operators import (
    ByteTable,
    Fp32Add,
    Fp32Mean,
    IntegerAdd,
    IntegerAvgPool2d,
    IntegerConv2d,
    IntegerLinear,
    IntegerMaxPool2d,
    IntegerMean,
)
from modelgen.operators.integer.base import IntegerOperator
from modelgen.operators.integer.epilogue import Sum, integer_epilogue_of
from modelgen.targets.systolic.geometry import Geometry
from modelgen.targets.systolic.integer_parameters import (
    channel_parameters,
    fits,
    sum_parameters,
)

_FLIPPED = 128
"""What depthwise slices add to each value, as the array takes them for unsigned ones."""


@dataclass(frozen=True, eq=False)
class IntegerResults:
    """From the sums of N channels to INT8 results."""

    forms: ChannelForms
    bias: np.ndarray
    """INT64, shape (N,): what is added to sums of products with values as they are, which have
    their zero point."""
    zero_point: int
    """Of what requantization gives."""
    clamp: Clamp
    addition: Sum | None = None
    """The sum of that, the first operand, and of a tensor."""
    table: bytes | None = None
    """The result for each byte of what would be stored without it."""

    @property
    def final_zero_point(self) -> int:
        """Zero point of what is stored."""
        return self.addition.output_zero_point if self.addition else self.zero_point

    @property
    def final_clamp(self) -> Clamp:
        """The range of what is stored."""
        return self.addition.clamp if self.addition else self.clamp

    def block(self, channels: range, array_size: int) -> bytes:
        """Return the parameters of a job, in the order in which the engine reads them.

        Args:
            channels: of its results.
            array_size: S.
        """
        own = slice(channels.start, channels.stop)
        part = channel_parameters(self._forms_of(own), self.bias[own], array_size)
        return self._line() + part

    def _forms_of(self, channels: slice) -> ChannelForms:
        arrays: dict[str, Any] = {
            name: getattr(self.forms, name)[channels] for name in _of_channels(self.forms)
        }
        return replace(self.forms, **arrays)

    def _line(self) -> bytes:
        """Return the line that comes first if there is a sum."""
        if self.addition is None:
            return b""
        form = self.addition.form()
        assert form is not None
        return sum_parameters(form, self.addition.zero_points, self.clamp)


def results_of(graph: Graph, node: Node, geometry: Geometry) -> IntegerResults:
    """Return what the store path makes of a node's sums."""
    operator = node.operator
    assert isinstance(operator, IntegerOperator)
    addition = integer_epilogue_of(operator).addition
    outputs = geometry.outputs
    nothing = np.zeros(outputs, np.int64)
    match operator:
        case IntegerConv2d() | IntegerLinear():
            arrays = graph.arrays(node)
            given = operator.zero_point + _FLIPPED * geometry.reads_rows
            weights = arrays["weight"].astype(np.int64).reshape(outputs, -1).sum(axis=1)
            rule = operator.requantization
            bias = arrays["bias"].astype(np.int64) - given * weights
            table = _in_order(arrays["table"]) if operator.epilogue.function else None
            return IntegerResults(
                operator.forms(arrays), bias, rule.zero_point, rule.clamp, addition, table
            )
        case IntegerAvgPool2d():
            (forms,) = operator.forms(graph.shapes(node)[0]).values()
            return IntegerResults(_repeated(forms, outputs), nothing, 0, operator.clamp)
        case IntegerMean() | Fp32Mean():
            shape = graph.shapes(node)[0]
            count = math.prod(shape[axis] for axis in operator.axes)
            forms, bias = operator.form(shape), nothing - count * operator.zero_point
            zero_point = operator.output_zero_point
            return IntegerResults(_repeated(forms, outputs), bias, zero_point, Clamp())
        case IntegerMaxPool2d():
            return IntegerResults(_identity(outputs), nothing, 0, operator.clamp)
        case ByteTable():
            table = _in_order(graph.arrays(node)["table"])
            return IntegerResults(_identity(outputs), nothing, 0, Clamp(), table=table)
        case IntegerAdd() | Fp32Add():
            own, _ = operator.zero_points
            return IntegerResults(_identity(outputs), nothing - own, own, Clamp(), addition)
    raise AssertionError(f"layer '{node.name}': the engine has no {operator.name}")


def _in_order(table: np.ndarray) -> bytes:
    """Return a table in the order of unsigned bytes."""
    return np.roll(table, _FLIPPED).tobytes()


def _identity(channels: int) -> ChannelForms:
    """Return forms whose results are the sums."""
    ones = np.ones(channels, np.int64)
    return ChannelForms(
        offset=0 * ones,
        multiplier=ones << SHIFTS[0],
        shift=SHIFTS[0] * ones,
        positive=0 * ones,
        negative=0 * ones,
        ties_even=False,
        exact=ones.astype(bool),
    )


def _repeated(form: ChannelForms, channels: int) -> ChannelForms:
    """Return the form of one channel as that of all."""
    arrays: dict[str, Any] = {
        name: np.broadcast_to(getattr(form, name), channels) for name in _of_channels(form)
    }
    return replace(form, **arrays)


def _of_channels(forms: ChannelForms) -> list[str]:
    """Return the names of what each channel has of its own."""
    return [field.name for field in fields(forms) if field.name not in ("ties_even", "format")]


def exact(results: IntegerResults) -> bool:
    """Return whether the store path gives the results of the operator's rule for all sums."""
    return bool(results.forms.exact.all() and fits(results.bias + results.forms.offset).all())
