"""Functions of each value, computed on the CPU: sigmoid, tanh, GELU, exp, powers and others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from modelgen.operators.base import Arrays, Bounded, Cut, Kernel, Operator, Shape
from modelgen.operators.bounds import RELATIVE
from modelgen.operators.functions import FUNCTIONS, Function

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Elementwise(Operator):
    """A function of each value.

    NaN becomes the canonical NaN, and infinities the function's limits. The device's results differ
    from PyTorch's by at most 2^-20 relative, plus an absolute difference that the function states.
    """

    name: ClassVar[str] = "elementwise"
    function: str
    """Its name in `modelgen.operators.functions.FUNCTIONS`."""
    parameters: tuple[float, ...] = ()

    @property
    def record(self) -> Function:
        """The function."""
        return FUNCTIONS[self.function]

    def describe(self) -> str:
        """See `Operator.describe`."""
        return " ".join([self.function, *(f"{value:g}" for value in self.parameters)])

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        return inputs[0]

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """See `Operator.evaluate_float`."""
        return self.record.evaluate(inputs[0], *self.parameters)

    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """See `Operator.evaluate_exact`."""
        return self.record.exact(inputs[0], *self._kernel_arguments)

    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """See `Operator.error_bound`.

        The bound is infinite where an argument may be outside of the function's domain.
        """
        value, error = inputs[0]

        def wide(values: np.ndarray) -> np.ndarray:
            return self.record.wide(values, *self.parameters)

        with np.errstate(all="ignore"):
            result = wide(value)
            spread = np.where(error > 0.0, self.record.spread(wide, value, error), 0.0)
            allowed = RELATIVE * (np.abs(result) + spread) + self.record.absolute(*self.parameters)
            return result, spread + allowed

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel:
        """See `Operator.kernel`."""
        size, numbers = math.prod(inputs[0]), self._kernel_arguments
        function, arguments = self.function, [str(size)]
        if self.record.is_template:
            function += f"<{', '.join(str(int(value)) for value in numbers)}>"
        else:
            arguments += [f"{np.float32(value)!s}f" for value in numbers]
        cycles = self._cycles(size)
        return Kernel(self.record.header, function, tuple(arguments), cycles=cycles)

    def _cycles(self, size: int) -> float:
        """Return the cycles that the kernel takes: four values at a time, then the rest."""
        cycles, rest = self.record.cycles, size % 4
        four = cycles(*self.parameters) if callable(cycles) else cycles
        return 70.0 + four * (size // 4) + (45.0 + 0.55 * four * rest if rest else 0.0)

    @property
    def _kernel_arguments(self) -> tuple[float, ...]:
        return self.record.kernel_arguments(*self.parameters)
