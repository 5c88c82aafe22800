"""Convolution over feature maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from modelgen.arithmetic.fp32 import add_in_order, slice_products
from modelgen.operators.base import Arrays, Bounded, Cut, Shape
from modelgen.operators.epilogue import Epilogue, Stored
from modelgen.operators.products import bounded_products, scaled, sliced
from modelgen.operators.window import Window, channels_first

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Conv2d(Stored):
    """Sums of products over a window and its channels.

    Constants: `weight` (N, kernel rows, kernel columns, C / groups), FP32 or quantized to INT8 with
    a `scale` (N,); `bias` (N,), which is optional with floating-point weights.
    """

    name: ClassVar[str] = "conv2d"
    window: Window
    groups: int = 1
    """Groups of channels that do not depend on each other; C = N groups: each channel has its own
    kernel (depthwise). Only 1 and N are exact: targets make one group of any other number."""
    epilogue: Epilogue = field(default_factory=Epilogue)
    joined: int = 1
    """Groups that were made one, with weights of zero between their channels."""
    blocks: int = 1
    """Equal parts of the output channels, each of which depends on an equal part of the input
    channels alone; a number of whole groups."""
    repeated: int = 0
    """Rows of its output that another part of the same layer computes as well."""

    @property
    def depthwise(self) -> bool:
        """Whether each channel has its own kernel."""
        return self.groups > 1

    def describe(self) -> str:
        """See `Operator.describe`."""
        kind = "depthwise conv" if self.depthwise else "conv"
        size, *rest = self.window.describe()
        groups = [f"{self.joined} groups"] if self.joined > 1 else []
        return ", ".join([f"{kind} {size}", *rest, *groups, *self.epilogue.describe()])

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        """See `Operator.infer_shape`."""
        batch, rows, columns, _ = inputs[0]
        channels = constants["weight"].shape[0]
        return self.epilogue.shape((batch, *self.window.outputs(rows, columns), channels))

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """See `Operator.evaluate_float`."""
        import torch

        maps = self.window.pad(inputs[0], 0.0)

        def product(weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
            window = self.window
            settings = window.stride, 0, window.dilation, self.groups
            ordered = channels_first(weight)
            result = torch.nn.functional.conv2d(maps, ordered, bias, *settings)
            return result.permute(0, 2, 3, 1)

        return self.epilogue.evaluate_float(scaled(constants, product), inputs[1:])

    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """See `Operator.evaluate_exact`."""
        weight = constants["weight"]
        taps = np.stack(list(self.window.each_tap(inputs[0], 0.0)), axis=-2)
        assert self.groups in (1, len(weight)), "several groups have no exact result"
        if self.depthwise:
            totals = _channel_by_channel(taps, weight, cut.array_size)
        else:
            rows = taps.reshape(-1, weight[0].size)
            cuts = _by_block(cut, self.blocks, taps.shape[-1])
            parts = np.split(weight.reshape(len(weight), -1), len(cuts))
            sums = [sliced(rows, part, own) for part, own in zip(parts, cuts, strict=True)]
            totals = np.concatenate(sums, axis=1).reshape(*taps.shape[:3], -1)
        factors = constants["scale"], constants["bias"]
        return self.epilogue.evaluate_exact(totals, *factors, inputs[1:])

    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """See `Operator.error_bound`."""
        bounded = bounded_products(constants, inputs[0], self._sums)
        return self.epilogue.error_bound(bounded, inputs[1:])

    def _sums(self, values: np.ndarray, weight: np.ndarray) -> np.ndarray:
        groups, words = self.groups, weight.shape[3]
        matrices = weight.reshape(groups, len(weight) // groups, -1, words)
        total = np.zeros(())
        for index, tap in enumerate(self.window.each_tap(values, 0.0)):
            rows = tap.reshape(-1, groups, words).transpose(1, 0, 2)
            total = total + rows @ matrices[:, :, index].transpose(0, 2, 1)
        return total.transpose(1, 0, 2).reshape(*tap.shape[:3], -1)


def _by_block(cut: Cut, blocks: int, channels: int) -> list[Cut]:
    """Return the slices of each block; the others multiply zeros, which matters for infinities."""
    if blocks == 1 or cut.slices is None:
        return [cut]
    words = channels // blocks
    owners = [indices[0] % channels // words for indices in cut.slices]
    return [
        replace(cut, slices=[s for s, owner in zip(cut.slices, owners, strict=True) if owner == b])
        for b in range(blocks)
    ]


def _channel_by_channel(taps: np.ndarray, weight: np.ndarray, array_size: int) -> np.ndarray:
    """Return the sums over taps of shape (..., taps, channels); S channels share an exponent."""
    channels = weight.shape[0]
    groups = -(-channels // array_size)
    padding = groups * array_size - channels
    values = np.pad(taps, [*[(0, 0)] * (taps.ndim - 1), (0, padding)])
    factors = np.pad(weight.reshape(channels, -1).T, ((0, 0), (0, padding)))
    grouped = values.reshape(*values.shape[:-1], groups, array_size)
    products = slice_products(grouped, factors.reshape(-1, groups, array_size))
    totals = add_in_order(np.moveaxis(products.reshape(values.shape), -2, 0))
    return totals[..., :channels]
