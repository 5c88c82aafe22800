"""Import of what moves values: shapes, padding, slices, concatenation, enlargement."""

from __future__ import annotations

import math
from collections.abc import Callable

from modelgen.frontends.tflite.complaints import Refusal
from modelgen.frontends.tflite.records import OperatorRecord
from modelgen.frontends.tflite.resizing import nearest_pixels
from modelgen.frontends.tflite.translation import Translation, quantization_of
from modelgen.operators import Concatenate, Pad, Permute, Reshape, Slice, Take

_UNSUPPORTED_MASKS = ("EllipsisMask", "NewAxisMask")


def add_reshape(to: Translation, operator: OperatorRecord) -> None:
    """Add a reshape to the shape of the output."""
    to.add(operator, Reshape(to.output(operator).shape), [to.read(operator, 0)])


def add_transpose(to: Translation, operator: OperatorRecord) -> None:
    """Add a permutation of dimensions."""
    axes = tuple(to.integers(operator, 1).reshape(-1).tolist())
    source = to.read(operator, 0)
    if sorted(axes) != list(range(len(to.shape(source)))):
        raise Refusal(f"{list(axes)} is not an order of its input's dimensions")
    to.add(operator, Permute(axes), [source])


def add_padding(to: Translation, operator: OperatorRecord) -> None:
    """Add padding with zeros, which are zero points."""
    source, sides = to.read(operator, 0), to.integers(operator, 1, 2)
    if sides.shape != (len(to.shape(source)), 2) or sides.min(initial=0) < 0:
        raise Refusal(f"it does not add to {len(to.shape(source))} dimensions: {sides.tolist()}")
    before, after = (tuple(side.tolist()) for side in sides.T)
    zero_point = quantization_of(to.output(operator)).zero_point
    to.add(operator, Pad(before, after, value=float(zero_point)), [source])


def add_concatenation(to: Translation, operator: OperatorRecord) -> None:
    """Add a concatenation along any dimension, of tensors with the output's quantization."""
    result = quantization_of(to.output(operator))
    if operator.options["FusedActivationFunction"] != 0:
        raise Refusal("it has a fused activation function")
    for place in range(len(operator.inputs)):
        record = to.input(operator, place)
        if quantization_of(record) != result:
            raise Refusal("its quantization is not the output's", record.name)
    tensors = [to.read(operator, place) for place in range(len(operator.inputs))]
    shapes = [to.shape(tensor) for tensor in tensors]
    axis = operator.options["Axis"] % max(len(shapes[0]), 1)
    if len({(*shape[:axis], *shape[axis + 1 :]) for shape in shapes}) > 1 or not shapes[0]:
        raise Refusal(f"the shapes of its inputs do not fit: {shapes}")
    # Before the last dimension, rows are all dimensions from the axis on together.
    if axis != len(shapes[0]) - 1 or axis == 0:
        rows = [(math.prod(shape[:axis]), math.prod(shape[axis:])) for shape in shapes]
        pairs = zip(tensors, rows, strict=True)
        tensors = [to.reshaped(operator, tensor, shape) for tensor, shape in pairs]
    to.add(operator, Concatenate(), tensors, reshapes=True)


def add_strided_slice(to: Translation, operator: OperatorRecord) -> None:
    """Add a slice with constant limits and steps; dimensions may be dropped."""
    options = operator.options
    if any(options[mask] for mask in _UNSUPPORTED_MASKS) or options["Offset"]:
        raise Refusal("it has an ellipsis, new dimensions, or limits relative to others")
    source = to.read(operator, 0)
    begin, end, step = (to.integers(operator, place, 1).tolist() for place in (1, 2, 3))
    if not len(begin) == len(end) == len(step) <= len(to.shape(source)) or 0 in step:
        raise Refusal(f"its limits do not fit: {begin}, {end}, {step}")
    places = []
    for axis, size in enumerate(to.shape(source)):
        if axis >= len(begin):
            places.append(range(size))
            continue
        first = None if options["BeginMask"] >> axis & 1 else begin[axis]
        last = None if options["EndMask"] >> axis & 1 else end[axis]
        chosen = range(size)[first : last : step[axis]]
        if options["ShrinkAxisMask"] >> axis & 1:
            chosen = range(size)[begin[axis] :][:1]
        if not chosen:
            raise Refusal("its result is empty")
        places.append(chosen)
    starts, sizes, steps = zip(
        *((each.start, len(each), each.step) for each in places), strict=True
    )
    to.add(operator, Slice(starts, sizes, steps), [source], reshapes=True)


def add_nearest(to: Translation, operator: OperatorRecord) -> None:
    """Add an enlargement or reduction of feature maps that takes the nearest pixels."""
    source = to.read(operator, 0, 4)
    sizes = to.integers(operator, 1, 1).tolist()
    if len(sizes) != 2 or min(sizes) < 1:
        raise Refusal(f"its result has the size {sizes} instead of rows and columns")
    align, centers = operator.options["AlignCorners"], operator.options["HalfPixelCenters"]
    selected = tuple(
        nearest_pixels(pixels, size, align, centers)
        for pixels, size in zip(to.shape(source)[1:3], sizes, strict=True)
    )
    to.add(operator, Take((1, 2), selected, "resize, nearest"), [source])


OPERATORS: dict[str, Callable[[Translation, OperatorRecord], None]] = {
    "CONCATENATION": add_concatenation,
    "PAD": add_padding,
    "RESHAPE": add_reshape,
    "RESIZE_NEAREST_NEIGHBOR": add_nearest,
    "STRIDED_SLICE": add_strided_slice,
    "TRANSPOSE": add_transpose,
}
"""Operator of a file -> the function that adds it."""
