"""What kernels of integers are given: forms of rounding, weights in the order of loops, windows."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from modelgen.arithmetic.integer.channel_forms import CPU, ChannelForms
from modelgen.arithmetic.integer.forms import is_monotone, requantization_forms
from modelgen.arithmetic.integer.multiplier import Multiplier
from modelgen.arithmetic.integer.requantization import Clamp, Requantization, Rounding
from modelgen.arithmetic.integer.shift_form import ShiftForm, rounded_once, rounded_twice
from modelgen.operators.base import Arrays, Data, Kernel, Shape, Table
from modelgen.operators.broadcast import broadcast_loops, with_a_long_run
from modelgen.operators.window import Window

LANES = 4
"""Output channels that kernels compute at once: `heepstor::int8::kLanes`."""
_FORM = np.dtype(
    [("positive", "<i8"), ("negative", "<i8"), ("multiplier", "<i4"), ("shift", "<i4")]
)
"""Layout of a `heepstor::int8::ShiftForm`."""


def factors_of(
    requantization: Requantization, constants: Arrays, lowest: np.ndarray, highest: np.ndarray
) -> Data | None:
    """Return what kernels multiply the sums of N channels by; None if there is nothing exact.

    Args:
        requantization: of the node.
        constants: the node's.
        lowest: smallest sum of each channel, INT64, shape (N,).
        highest: largest sum.
    """
    rule = requantization.rounding
    if rule is Rounding.HALF_EVEN:
        scales = np.broadcast_to(constants["scale"].astype("<f4"), len(lowest))
        return Data("heepstor::int8::SingleFactor", scales)
    if rule is Rounding.HALF_AWAY:
        forms = _solved(requantization, constants, lowest, highest)
    else:
        form = rounded_twice if rule is Rounding.DOUBLE else rounded_once
        pairs = np.broadcast_arrays(constants["multiplier"], constants["shift"], lowest)[:2]
        forms = [form(*pair) for pair in zip(*(each.tolist() for each in pairs), strict=True)]
    rows = [(f.positive, f.negative, f.multiplier, f.shift) for f in forms if f is not None]
    if len(rows) < len(forms):
        return None
    if rule.uses_integers:
        reach = np.maximum(-lowest, highest)
        if not is_monotone(rule, constants, reach).all():
            return None
    return Data("heepstor::int8::ShiftForm", np.array(rows, _FORM))


def _solved(
    requantization: Requantization, constants: Arrays, lowest: np.ndarray, highest: np.ndarray
) -> list[ShiftForm | None]:
    """Return the form of each channel; channels with the same factor share one."""
    scales, places = np.unique(
        np.broadcast_to(constants["scale"], len(lowest)), return_inverse=True
    )
    first, last = np.full(len(scales), lowest.max()), np.full(len(scales), highest.min())
    np.minimum.at(first, places, lowest)
    np.maximum.at(last, places, highest)
    forms = requantization_forms(requantization, {"scale": scales}, first, last, CPU)
    return [_shifted(forms, int(place)) for place in places]


def _shifted(forms: ChannelForms, channel: int) -> ShiftForm | None:
    """Return the form of a channel, rounded by its constants; None if it is not exact."""
    if not forms.exact[channel]:
        return None
    multiplier, shift = int(forms.multiplier[channel]), int(forms.shift[channel])
    half = 1 << (shift - 1)
    positive, negative = (
        int(constants[channel]) + half for constants in (forms.positive, forms.negative)
    )
    return ShiftForm(multiplier, shift, positive, negative)


def factor_text(multiplier: Multiplier) -> str | None:
    """Return the C++ expression of a multiplier that is rounded twice; None if there is none."""
    form = rounded_twice(multiplier.value, multiplier.shift)
    return None if form is None else _form_text(form)


def _form_text(form: ShiftForm) -> str:
    numbers = form.positive, form.negative, form.multiplier, form.shift
    return f"heepstor::int8::ShiftForm{{{', '.join(map(str, numbers))}}}"


def output_text(zero_point: int, clamp: Clamp) -> str:
    """Return the C++ expression of what follows rounding."""
    return f"heepstor::int8::Output{{{zero_point}, {clamp.low}, {clamp.high}}}"


def window_texts(window: Window, shape: Shape) -> tuple[str, str]:
    """Return the C++ initializers of a window's axes, on maps of a shape."""
    outputs = window.outputs(shape[1], shape[2])
    axes = [
        (size, *numbers)
        for size, *numbers in zip(
            shape[1:3],
            outputs,
            window.kernel,
            window.stride,
            window.dilation,
            window.padding[::2],
            strict=True,
        )
    ]
    rows, columns = ("{" + ", ".join(map(str, axis)) + "}" for axis in axes)
    return rows, columns


def cycles_of_lanes(
    window: Window, shape: Shape, outputs: int, of_result: float, of_lane: float
) -> float:
    """Return the cycles of a kernel that goes through the taps for some channels at a time.

    Args:
        window: that slides over the maps.
        shape: of the maps.
        outputs: channels of the result; as many at a time as there are lanes, then one by one.
        of_result: cycles for each result.
        of_lane: for each value under a tap.
    """
    rows, columns = taps_inside(window, shape)
    positions = math.prod(window.outputs(shape[1], shape[2]))
    blocks = outputs // LANES + outputs % LANES
    loops = 17.0 * rows * window.outputs(shape[1], shape[2])[1]
    of_blocks = blocks * (15.0 * positions + loops + 7.0 * rows * columns)
    of_outputs = outputs * (of_result * positions + of_lane * rows * columns)
    return 100.0 + shape[0] * (60.0 * positions + of_blocks + of_outputs)


def taps_inside(window: Window, shape: Shape) -> tuple[int, int]:
    """Return how many taps are inside of maps of a shape: of all positions along rows, and along
    columns."""
    found = []
    for axis in (0, 1):
        size, positions = shape[axis + 1], window.outputs(shape[1], shape[2])[axis]
        places = np.arange(positions)[:, None] * window.stride[axis] - window.padding[2 * axis]
        places = places + np.arange(window.kernel[axis]) * window.dilation[axis]
        found.append(int(((places >= 0) & (places < size)).sum()))
    return found[0], found[1]


def pooling(
    kind: str,
    window: Window,
    clamp: Clamp,
    shape: Shape,
    *,
    of_result: float,
    of_lane: float,
) -> Kernel:
    """Return the kernel of a pooling.

    Args:
        kind: `Largest` or `Average`.
        window: that slides over the maps.
        clamp: of the results.
        shape: of the maps.
        of_result: cycles for each result.
        of_lane: for each value under a tap.
    """
    images, _, _, channels = shape
    sizes = ", ".join([*window_texts(window, shape), str(images), str(channels)])
    return Kernel(
        "int8/pool.hpp",
        f"int8::pool<heepstor::int8::{kind}>",
        (f"heepstor::int8::Pooling{{{sizes}}}", output_text(0, clamp)),
        cycles=cycles_of_lanes(window, shape, channels, of_result, of_lane),
    )


def averaging(
    shape: Shape,
    axes: Sequence[int],
    zero_point: int,
    arguments: tuple[str, str],
    *,
    cycles: tuple[float, float],
) -> Kernel:
    """Return the kernel of a mean.

    Args:
        shape: of the values.
        axes: dimensions over which it averages.
        zero_point: of the values.
        arguments: the factor of sums, and what follows rounding.
        cycles: for each result, and for each value.
    """
    kept, averaged = _extents(shape, axes)
    count, results = (math.prod(size for size, _ in each) for each in (averaged, kept))
    table = Table("int8::Extent", tuple(f"{{{s}, {step}}}" for s, step in (*kept, *averaged)))
    return Kernel(
        "int8/mean.hpp",
        "int8::mean",
        (str(len(kept)), str(count * zero_point), *arguments),
        table,
        cycles=50.0 + results * (cycles[0] + cycles[1] * count),
    )


def _extents(
    shape: Shape, axes: Sequence[int]
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return sizes and strides of the dimensions that a mean keeps, and of the others, merged."""
    kept: list[tuple[int, int]] = []
    averaged: list[tuple[int, int]] = []
    for axis, size in enumerate(shape):
        stride = math.prod(shape[axis + 1 :])
        extents = averaged if axis in axes else kept
        if extents and extents[-1][1] == size * stride:
            extents[-1] = extents[-1][0] * size, stride
        else:
            extents.append((size, stride))
    return kept or [(1, 0)], averaged or [(1, 0)]


def element_wise(
    name: str,
    shapes: Sequence[Shape],
    arguments: tuple[str, ...],
    data: tuple[Data, ...],
    of_element: float,
) -> Kernel:
    """Return the kernel of an operator on two tensors that are broadcast against each other.

    Args:
        name: of the C++ function.
        shapes: of both.
        arguments: after the number of elements.
        data: arrays that it reads.
        of_element: cycles for each element.
    """
    *outer, run = with_a_long_run(broadcast_loops(shapes))
    steps = ", ".join(map(str, run.strides))
    table = Table("Loop", tuple(loop.initializer() for loop in outer)) if outer else None
    repeats = math.prod(loop.size for loop in outer)
    return Kernel(
        "int8/binary.hpp",
        f"int8::{name}<{steps}>",
        (str(run.size), *arguments),
        table,
        data,
        # In several loops the compiler calls a function for each run.
        cycles=50.0 + repeats * ((160.0 if len(outer) > 1 else 5.0) + of_element * run.size),
    )


def in_lanes(weight: np.ndarray) -> np.ndarray:
    """Return weights in the order in which kernels read them, shape (blocks, K, `LANES`).

    Args:
        weight: shape (N, K); outputs that the last block lacks get zeros.
    """
    return filled_up(weight).reshape(-1, LANES, weight.shape[1]).transpose(0, 2, 1)


def filled_up(values: np.ndarray) -> np.ndarray:
    """Return an array with zeros behind it, so that its first dimension is whole blocks."""
    missing = -len(values) % LANES
    return np.pad(values, ((0, missing), *((0, 0),) * (values.ndim - 1)))
