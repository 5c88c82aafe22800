"""Scales and zero points of activations, from the values that they have for some inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.arithmetic.integer.requantization import HIGHEST, LOWEST
from modelgen.errors import ModelError
from modelgen.ir.graph import Graph
from modelgen.quantize.activations.observation import observe

_BINS = 2048
_SHARE = 1e-4
"""Share of the values that a percentile leaves out, at both ends together."""
_CANDIDATES = 80
"""Ranges tried for the least squared error."""
_SMALLEST = 1e-12
"""Width of the range of a tensor that is always 0."""
_STEPS = HIGHEST - LOWEST

Range = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Histogram:
    """How often values lie in each of equal intervals."""

    low: float
    high: float
    counts: np.ndarray

    @property
    def centers(self) -> np.ndarray:
        """The middle of each interval."""
        edges = np.linspace(self.low, self.high, len(self.counts) + 1)
        return (edges[:-1] + edges[1:]) / 2


def calibrate(
    graph: Graph, rows: np.ndarray, groups: Mapping[str, str], method: str
) -> dict[str, Quantization]:
    """Return the quantization of each tensor that becomes integers.

    Tensors with infinite values, such as masks, and those of their groups have none: they stay
    FP32.

    Args:
        graph: of float operators.
        rows: of inputs; see `modelgen.ir.packing`.
        groups: tensor -> the first tensor of those that have its scale.
        method: one of `METHODS`.

    Raises:
        ModelError: the method is unknown, or a tensor has values that are not a number.
    """
    if method not in METHODS:
        raise ModelError(f"Unknown calibration '{method}'. Valid choices: {', '.join(METHODS)}.")
    ranges = _ranges(graph, rows, groups)
    histograms = _histograms(graph, rows, groups, ranges)
    chosen = {name: METHODS[method](histogram) for name, histogram in histograms.items()}
    return {name: quantization_of(chosen[g]) for name, g in groups.items() if g in chosen}


def quantization_of(limits: Range) -> Quantization:
    """Return the quantization whose integers reach from one number to another, and have 0."""
    low, high = min(limits[0], 0.0), max(limits[1], 0.0)
    scale = np.float32(max(high - low, _SMALLEST) / _STEPS)
    return Quantization(float(scale), round(LOWEST - low / float(scale)))


def _ranges(graph: Graph, rows: np.ndarray, groups: Mapping[str, str]) -> dict[str, Range]:
    """Return the smallest and the largest value of each group whose values are finite."""
    found: dict[str, Range] = {}
    for tensors in observe(graph, rows):
        for name, first in groups.items():
            values = tensors[name]
            if np.isnan(values).any():
                raise ModelError(
                    f"Tensor '{name}' has values that are NaN for the calibration inputs, so it "
                    "has no scale. Did the training diverge?"
                )
            low, high = found.get(first, (0.0, 0.0))
            found[first] = min(low, float(values.min())), max(high, float(values.max()))
    return {first: limits for first, limits in found.items() if np.isfinite(limits).all()}


def _histograms(
    graph: Graph, rows: np.ndarray, groups: Mapping[str, str], ranges: Mapping[str, Range]
) -> dict[str, Histogram]:
    counts = {first: np.zeros(_BINS) for first in ranges}
    limits = {name: (low, max(high, low + _SMALLEST)) for name, (low, high) in ranges.items()}
    for tensors in observe(graph, rows):
        for name, first in groups.items():
            if first not in counts:
                continue
            counts[first] += np.histogram(tensors[name], _BINS, limits[first])[0]
    return {first: Histogram(*limits[first], counts[first]) for first in ranges}


def _all(histogram: Histogram) -> Range:
    return histogram.low, histogram.high


def _percentile(histogram: Histogram) -> Range:
    """Return the range without the outermost values."""
    below = np.cumsum(histogram.counts) / histogram.counts.sum()
    inside = np.flatnonzero(
        (below > _SHARE / 2) & (below - histogram.counts / histogram.counts.sum() < 1 - _SHARE / 2)
    )
    width = (histogram.high - histogram.low) / len(histogram.counts)
    first, last = (int(inside[at]) for at in (0, -1))
    return histogram.low + first * width, histogram.low + (last + 1) * width


def _least_squares(histogram: Histogram) -> Range:
    """Return the range whose integers have the least sum of squared errors."""
    centers, best, least = histogram.centers, _all(histogram), np.inf
    for factor in np.linspace(1.0, 1.0 / _CANDIDATES, _CANDIDATES):
        candidate = histogram.low * factor, histogram.high * factor
        found = quantization_of(candidate)
        scale = float(found.single)
        integers = np.rint(centers / scale) + found.zero_point
        numbers = (integers.clip(LOWEST, HIGHEST) - found.zero_point) * scale
        error = float((histogram.counts * (numbers - centers) ** 2).sum())
        if error < least:
            best, least = candidate, error
    return best


METHODS: dict[str, Callable[[Histogram], Range]] = {
    "minmax": _all,
    "mse": _least_squares,
    "percentile": _percentile,
}
"""How the range of a tensor is chosen from its values."""
