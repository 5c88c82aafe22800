"""Import of operators that change the size of feature maps: upsampling, pixel shuffling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from modelgen.frontends.torch_export.calls import arguments, shape_of
from modelgen.frontends.torch_export.feature_maps import define_maps, pair, read_maps
from modelgen.frontends.torch_export.translation import Translation
from modelgen.operators import Permute, Resize, Take
from modelgen.operators.base import Shape
from modelgen.operators.resize import step_of


def _scales(given: dict[str, Any], dimensions: int) -> list[float | None]:
    """Return the factors that PyTorch computes positions with, of rows and columns.

    None stands for the ratio of the sizes.
    """
    if dimensions == 1:
        return [_first(given, ("scale_factors", "scales")), None]
    factors = given.get("scale_factors")
    return list(factors) if factors else [given.get("scales_h"), given.get("scales_w")]


def _first(given: dict[str, Any], names: Sequence[str]) -> float | None:
    values = (given.get(name) for name in names)
    value = next((value for value in values if value is not None), None)
    return value[0] if isinstance(value, list | tuple) else value


def _nearest(dimensions: int, function: str) -> Callable[[Translation, Any], None]:
    def add(to: Translation, call: Any) -> None:
        given = arguments(call)
        maps = read_maps(to, call, call.args[0], dimensions)
        sizes, results = to.shape(maps)[1:3], _results(call, dimensions)
        scales = _scales(given, dimensions)
        chosen = [
            _nearest_indices(function, size, result, scale)
            for size, result, scale in zip(sizes, results, scales, strict=True)
        ]
        larger = Take((1, 2), tuple(chosen), "nearest upsampling")
        define_maps(to, call, to.apply(call, larger, maps), dimensions)

    return add


def _nearest_indices(function: str, size: int, result: int, scale: float | None) -> tuple[int, ...]:
    """Return the pixel that PyTorch takes for each position, as PyTorch itself says."""
    import torch

    pixels = torch.arange(size, dtype=torch.float32)[None, None]
    taken = getattr(torch.ops.aten, function)(pixels, [result], scale)
    return tuple(int(pixel) for pixel in taken[0, 0])


def _linear(dimensions: int) -> Callable[[Translation, Any], None]:
    def add(to: Translation, call: Any) -> None:
        given = arguments(call)
        maps = read_maps(to, call, call.args[0], dimensions)
        results, align = _results(call, dimensions), bool(given["align_corners"])
        sizes = zip(to.shape(maps)[1:3], results, _scales(given, dimensions), strict=True)
        rows, columns = (step_of(size, result, align, scale) for size, result, scale in sizes)
        resize = Resize(results, (rows, columns), align)
        define_maps(to, call, to.apply(call, resize, maps), dimensions)

    return add


def _results(call: Any, dimensions: int) -> tuple[int, int]:
    """Return rows and columns of the result."""
    return pair(shape_of(call)[-dimensions:], dimensions)


def add_pixel_shuffle(to: Translation, call: Any) -> None:
    """Add a rearrangement of channels into squares of pixels."""
    factor = int(arguments(call)["upscale_factor"])
    maps = read_maps(to, call, call.args[0], 2)
    batch, rows, columns, channels = to.shape(maps)
    inside = (batch, rows, columns, channels // factor**2, factor, factor)
    _rearrange(to, call, maps, inside, (0, 1, 4, 2, 5, 3))


def add_pixel_unshuffle(to: Translation, call: Any) -> None:
    """Add a rearrangement of squares of pixels into channels."""
    factor = int(arguments(call)["downscale_factor"])
    maps = read_maps(to, call, call.args[0], 2)
    batch, rows, columns, channels = to.shape(maps)
    inside = (batch, rows // factor, factor, columns // factor, factor, channels)
    _rearrange(to, call, maps, inside, (0, 1, 3, 5, 2, 4))


def add_channel_shuffle(to: Translation, call: Any) -> None:
    """Add an exchange of channels between groups."""
    groups = int(arguments(call)["groups"])
    maps = read_maps(to, call, call.args[0], 2)
    batch, rows, columns, channels = to.shape(maps)
    inside = (batch, rows, columns, groups, channels // groups)
    _rearrange(to, call, maps, inside, (0, 1, 2, 4, 3))


def _rearrange(to: Translation, call: Any, maps: str, inside: Shape, axes: tuple[int, ...]) -> None:
    """Define maps whose dimensions are divided and then permuted as the result of a call."""
    divided = to.reshaped(call, maps, inside)
    define_maps(to, call, to.apply(call, Permute(axes), divided), 2)


def _overloads(name: str, add: Callable[[Translation, Any], None]) -> dict[str, Any]:
    return {f"aten.{name}.vec": add, f"aten.{name}.default": add}


OPERATORS: dict[str, Callable[[Translation, Any], None]] = {
    **_overloads("upsample_nearest1d", _nearest(1, "upsample_nearest1d")),
    **_overloads("upsample_nearest2d", _nearest(2, "upsample_nearest1d")),
    **_overloads("_upsample_nearest_exact1d", _nearest(1, "_upsample_nearest_exact1d")),
    **_overloads("_upsample_nearest_exact2d", _nearest(2, "_upsample_nearest_exact1d")),
    **_overloads("upsample_linear1d", _linear(1)),
    **_overloads("upsample_bilinear2d", _linear(2)),
    "aten.pixel_shuffle.default": add_pixel_shuffle,
    "aten.pixel_unshuffle.default": add_pixel_unshuffle,
    "aten.channel_shuffle.default": add_channel_shuffle,
    "aten.native_channel_shuffle.default": add_channel_shuffle,
}
"""ATen operator -> the function that adds it."""
