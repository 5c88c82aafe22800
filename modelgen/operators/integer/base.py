"""What all operators on integers share: one result, however they are run.

Sums of integers do not depend on an order, and each operator's rounding is a part of its record. So
there is nothing that PyTorch could compute in another way, and no error to bound: `evaluate_float`
returns the integers of `evaluate_exact` as FP32 numbers, and bounds are 0.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from modelgen.operators.base import Arrays, Bounded, Cut, Operator, Shape

if TYPE_CHECKING:
    import torch


class IntegerOperator(Operator):
    """An operator on integers."""

    reads: ClassVar[type[np.generic]] = np.int8
    """Type of the elements of its inputs."""

    def macs(self, inputs: Sequence[Shape], constants: Arrays) -> int:
        """Return the number of products with weights.

        Args:
            inputs: shapes of the node's inputs.
            constants: the node's constants, by role.
        """
        return 0

    def weights(self, constants: Arrays) -> int:
        """Return the number of weights.

        Args:
            constants: the node's constants, by role.
        """
        return constants["weight"].size if "weight" in constants else 0

    @abstractmethod
    def compute(self, inputs: Sequence[np.ndarray], constants: Arrays) -> np.ndarray:
        """Return the output.

        Args:
            inputs: elements of the type `reads`.
            constants: the node's constants, by role.
        """

    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """See `Operator.evaluate_exact`; sums are not cut."""
        return self.compute(inputs, constants)

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """See `Operator.evaluate_float`."""
        import torch

        given = [values.cpu().numpy().astype(self.reads) for values in inputs]
        result = self.compute(
            given, {role: values.cpu().numpy() for role, values in constants.items()}
        )
        return torch.from_numpy(result.astype(np.float32)).to(inputs[0].device)

    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """See `Operator.error_bound`."""
        result = self.compute([values.astype(self.reads) for values, _ in inputs], constants)
        return result.astype(np.float64), np.zeros(result.shape)
