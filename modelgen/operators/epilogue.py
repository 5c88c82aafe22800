"""What happens to each result before it is stored, shared by all operators on feature maps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from modelgen.arithmetic.fp32 import maximum, postprocess
from modelgen.operators.base import Bounded, Operator, Shape
from modelgen.operators.binary import bounded_multiply
from modelgen.operators.bounds import RELATIVE
from modelgen.operators.functions import FUNCTIONS
from modelgen.operators.integer.base import IntegerOperator
from modelgen.operators.integer.epilogue import integer_epilogue_of
from modelgen.operators.table_functions import TABLE_FUNCTIONS, function_table
from modelgen.operators.window import channels_first, pair_text

if TYPE_CHECKING:
    import torch

_NO_POOL = (1, 1)


@dataclass(frozen=True)
class Epilogue:
    """Operand, function, slope, clamp and max-pooling, in this order, after scale and bias."""

    residual: bool = False
    """Whether the node's last input is added."""
    slope: float = 1.0
    """Factor applied to negative values."""
    low: float | None = None
    """Smallest result; None: no bound."""
    high: float | None = None
    pool: tuple[int, int] = _NO_POOL
    """Rows, columns of the max-pooling windows, which do not overlap."""
    function: str = ""
    """Name of a function in `modelgen.operators.table_functions`; empty: none."""
    product: bool = False
    """Whether results, after the function, are multiplied by the node's last input."""

    @property
    def reads_operand(self) -> bool:
        """Whether the node's last input is added, or a factor."""
        return self.residual or self.product

    @property
    def is_symmetric(self) -> bool:
        """Whether the node's first input and its operand may change places."""
        return not (self.function and self.product)

    @property
    def clamps(self) -> bool:
        """Whether results are clamped."""
        return self.low is not None or self.high is not None

    @property
    def pools(self) -> bool:
        """Whether results are max-pooled."""
        return self.pool != _NO_POOL

    @property
    def bounds(self) -> tuple[float, float]:
        """Smallest and largest result; infinite if there is no bound."""
        return (
            -math.inf if self.low is None else self.low,
            math.inf if self.high is None else self.high,
        )

    def describe(self) -> list[str]:
        """Return a short description of each part."""
        parts = ["add"] if self.residual else []
        parts += [self.function] if self.function else []
        parts += ["multiply"] if self.product else []
        if self.slope != 1.0:
            parts.append(f"leaky ReLU {self.slope:g}")
        if self.clamps:
            names: dict[tuple[float | None, float | None], str] = {
                (0.0, None): "ReLU",
                (0.0, 6.0): "ReLU6",
            }
            parts.append(names.get((self.low, self.high), f"clamp {self.low} .. {self.high}"))
        if self.pools:
            parts.append(f"max-pool {pair_text(self.pool)}")
        return parts

    def without_pool(self) -> Epilogue:
        """Return the epilogue without its pooling."""
        return replace(self, pool=_NO_POOL)

    def then(self, after: Epilogue) -> Epilogue | None:
        """Return one epilogue that does both in sequence; None if a single store cannot."""
        if after.pools or (after.residual and self != Epilogue()):
            return None
        if after.function or after.product:
            return self._then_full(after)
        if (self.function or self.product) and after.slope != 1.0:
            return None
        if after.slope != 1.0 and not self._may_scale(after.slope):
            return None
        low, high = _intersection(self, after)
        if low is not None and high is not None and low > high:
            return None
        slope = after.slope if after.slope != 1.0 else self.slope
        residual = self.residual or after.residual
        return replace(self, residual=residual, slope=slope, low=low, high=high)

    def _then_full(self, after: Epilogue) -> Epilogue | None:
        """Return both in sequence, of which the second has a function or a product."""
        if self.slope != 1.0 or self.clamps or self.pools or self.product:
            return None
        if not self.function:
            adds = self.residual or after.residual
            return None if adds and after.product else replace(after, residual=adds)
        alone = not TABLE_FUNCTIONS[self.function].times_value and not self.residual
        return replace(after, function=self.function) if alone and not after.function else None

    def _may_scale(self, slope: float) -> bool:
        """Return whether a slope may be applied after what this epilogue does."""
        # A negative factor reverses the order of values, which would change the pooling.
        turns = self.pools and slope < 0
        return self.slope == 1.0 and not self.clamps and not turns

    def shape(self, computed: Shape) -> Shape:
        """Return the shape of the stored results."""
        if not self.pools:
            return computed
        batch, rows, columns, channels = computed
        return batch, rows // self.pool[0], columns // self.pool[1], channels

    def evaluate_float(self, values: torch.Tensor, others: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return the stored results, as computed by PyTorch.

        Args:
            values: results with scale and bias applied.
            others: the node's inputs after the first.
        """
        import torch

        if self.residual:
            values = values + others[0].reshape(values.shape)
        if self.function:
            values = FUNCTIONS[self.function].evaluate(values)
        if self.product:
            values = values * others[0].reshape(values.shape)
        if self.slope != 1.0:
            values = torch.where(values < 0, values * self.slope, values)
        if self.clamps:
            values = values.clamp(self.low, self.high)
        if self.pools:
            maps = torch.nn.functional.max_pool2d(channels_first(values), self.pool, self.pool)
            values = maps.permute(0, 2, 3, 1)
        return values

    def evaluate_exact(
        self,
        totals: np.ndarray,
        scale: np.ndarray | np.float32,
        bias: np.ndarray | np.float32,
        others: Sequence[np.ndarray],
    ) -> np.ndarray:
        """Return the stored results, bit for bit.

        Args:
            totals: FP32, the contents of the accumulators.
            scale: FP32, per channel, or one for all.
            bias: likewise.
            others: the node's inputs after the first.
        """
        operand = others[0].reshape(totals.shape) if self.reads_operand else None
        stored = postprocess(
            totals,
            scale,
            bias,
            *self.bounds,
            residual=operand if self.residual else None,
            function=function_table(self.function).evaluate if self.function else None,
            times_value=bool(self.function) and TABLE_FUNCTIONS[self.function].times_value,
            factor=operand if self.product else None,
            slope=self.slope,
        )
        return self._largest_exact(stored) if self.pools else stored

    def _largest_exact(self, values: np.ndarray) -> np.ndarray:
        """Return the largest value of each window, the first of equal ones."""
        rows, columns = (values.shape[a + 1] // self.pool[a] * self.pool[a] for a in (0, 1))
        largest: np.ndarray | None = None
        for y in range(self.pool[0]):
            for x in range(self.pool[1]):
                part = values[:, y : rows : self.pool[0], x : columns : self.pool[1]]
                largest = part if largest is None else maximum(largest, part)
        assert largest is not None
        return largest

    def error_bound(self, bounded: Bounded, others: Sequence[Bounded]) -> Bounded:
        """Return the stored results in FP64, and a bound on their error.

        Args:
            bounded: results with scale and bias applied.
            others: the node's inputs after the first.
        """
        value, error = bounded
        if self.residual:
            other, other_error = (part.reshape(value.shape) for part in others[0])
            value = value + other
            error = error + other_error + RELATIVE * np.abs(value)
        if self.function:
            value, error = _bounded_function(self.function, value, error)
        if self.product:
            factor, factor_error = (part.reshape(value.shape) for part in others[0])
            value, error = bounded_multiply((value, error), (factor, factor_error))
        # Slope, clamp and maximum never increase the difference between values.
        value = np.where(value < 0, value * self.slope, value)
        error = error * max(1.0, abs(self.slope))
        if self.clamps:
            value = np.clip(value, self.low, self.high)
        if self.pools:
            return self._largest(value), self._largest(error)
        return value, error

    def _largest(self, values: np.ndarray) -> np.ndarray:
        """Return the largest value of each window."""
        batch, rows, columns, channels = values.shape
        rows, columns = rows // self.pool[0], columns // self.pool[1]
        cut = values[:, : rows * self.pool[0], : columns * self.pool[1]]
        windows = cut.reshape(batch, rows, self.pool[0], columns, self.pool[1], channels)
        return windows.max(axis=(2, 4))


_Operator = TypeVar("_Operator", bound="Stored")


class Stored(Operator):
    """An operator whose results go through an epilogue before they are stored."""

    epilogue: Epilogue

    def with_epilogue(self: _Operator, epilogue: Epilogue) -> _Operator:
        """Return the operator with a different epilogue."""
        changes: dict[str, Any] = {"epilogue": epilogue}
        return replace(self, **changes)


def epilogue_of(operator: Operator) -> Epilogue:
    """Return what happens to an operator's results; nothing does if it has no epilogue."""
    return operator.epilogue if isinstance(operator, Stored) else Epilogue()


def reads_operand(operator: Operator) -> bool:
    """Return whether a node's last input is added to its results, or a factor of them."""
    if isinstance(operator, IntegerOperator):
        return integer_epilogue_of(operator).reads_operand
    return epilogue_of(operator).reads_operand


def _bounded_function(name: str, value: np.ndarray, error: np.ndarray) -> Bounded:
    """Return a function by its table in FP64, and a bound on its error."""
    record, by_table = FUNCTIONS[name], TABLE_FUNCTIONS[name]
    with np.errstate(all="ignore"):
        result = record.wide(value)
        spread = np.where(error > 0.0, record.spread(record.wide, value, error), 0.0)
        # Beyond the table's reach its error decreases faster than values increase.
        size = np.minimum(np.abs(value) + error, 2.0**by_table.reach)
        weight = size if by_table.times_value else 1.0
        allowed = by_table.error * weight + RELATIVE * (np.abs(result) + spread)
    return result, spread + allowed + record.absolute()


def _intersection(first: Epilogue, second: Epilogue) -> tuple[float | None, float | None]:
    """Return the bounds of two clamps in sequence."""
    low = max((e.low for e in (first, second) if e.low is not None), default=None)
    high = min((e.high for e in (first, second) if e.high is not None), default=None)
    return low, high
