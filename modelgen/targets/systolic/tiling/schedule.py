"""Choice of a layer's tiling: of those that fit, the fastest according to the cost model.

The last block of rows is made small if that pays off, as the next layer starts while it is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import lru_cache
from heapq import nsmallest

from modelgen.errors import ModelError
from modelgen.hardware import Hardware
from modelgen.targets.systolic.cost import JobCost, job_cost
from modelgen.targets.systolic.geometry import Geometry
from modelgen.targets.systolic.jobs import Job
from modelgen.targets.systolic.scratchpad.layout import (
    FIELD_LIMIT,
    Layout,
    ceil_div,
    saves_slices,
)
from modelgen.targets.systolic.tiling.cut import (
    Cut,
    Source,
    Target,
    Tiling,
    cut,
    spans,
    tile_count,
    with_accumulators,
)
from modelgen.targets.systolic.tiling.family import Family, split, tiles_of_two
from modelgen.targets.systolic.timing import next_start

_MOST_SIMULATED = 40
"""Number of tilings evaluated with the cost model, the most promising ones first."""
_MOST_JOBS = 200
"""Tilings with more jobs than this are compared by their bounds only."""
_ABOUT_AS_FAST = 1.002
"""Tilings within this factor of the fastest count as equal, and the one with fewer jobs wins."""
_BLOCK_COUNTS = (1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 32)
_LAST_HEIGHTS = (1, 2, 3, 4, 6, 8)
_EARLY_COUNTS = (2, 3, 4)
"""Numbers of blocks before a last one that is as large as possible."""
_MOST_SPLIT_TILES = 32
"""Layers with more tiles than this gain nothing from a small last block of tiles."""
_REMEMBERED = 4096
"""Number of layers whose fastest tiling is remembered, and of numbers of rows and their cuts."""
_EXPOSED = 0.1
"""Weight of the storing time that the next layer can hide."""
_BUSY_STEP = 16
"""Cycles in which the previous layer's results are stored are rounded to multiples of these: more
layers are then alike."""
_LATENCY = 35
"""Cycles from a job's last row to its first result that tilings are ranked with, for arrays of any
size. Larger arrays take longer, but the ranking sees one layer at a time: it would pay with more
jobs for latency that the next layer hides."""


class Following(Enum):
    """What the next layer does while a layer's last results are being stored."""

    WAITS = auto()
    """It waits for all of them, or there is none."""
    READS = auto()
    """It begins with the rows that are stored."""
    COMPUTES = auto()
    """It computes from other tensors."""


@dataclass(frozen=True)
class Schedule:
    """A layer's jobs and how they were cut."""

    tiling: Tiling
    cut: Cut
    ready_rows: int
    """Rows of the output that are stored once all jobs but the last have stored."""
    storing: float
    """Cycles in which results are stored after the next layer could begin."""


@dataclass(frozen=True)
class _Rank:
    """The criteria by which tilings are compared."""

    cycles: float
    jobs: int
    first_tiles: int
    """If the layer loads its input, the number of tiles computed meanwhile: the more there are, the
    less the array waits for the port, and the fewer remain to be stored later."""

    def is_better(self, other: _Rank) -> bool:
        """Return whether this is faster; if about as fast, whether it has fewer jobs, then whether
        it has more first tiles.
        """
        slower, faster = max(self.cycles, other.cycles), min(self.cycles, other.cycles)
        if slower <= faster * _ABOUT_AS_FAST:
            return (self.jobs, -self.first_tiles) < (other.jobs, -other.first_tiles)
        return self.cycles < other.cycles


def schedule(
    name: str,
    geometry: Geometry,
    source: Source,
    target: Target,
    hardware: Hardware,
    ready_rows: int,
    *,
    following: Following = Following.READS,
    busy: float = 0.0,
) -> Schedule:
    """Return the fastest tiling of a layer.

    Args:
        name: the layer's name.
        geometry: the layer's geometry.
        source: where its input is.
        target: where its output goes.
        hardware: sizes of the engine.
        ready_rows: rows of the input that are available when the layer begins; the others are still
            being stored by the previous layer.
        following: what the next layer does meanwhile.
        busy: cycles in which the previous layer's results are still being stored.

    Raises:
        ModelError: the buffer is too small.
    """
    nameless = _nameless(source, hardware), _nameless_target(target, hardware)
    busy = _BUSY_STEP * round(busy / _BUSY_STEP)
    found = _fastest(geometry, *nameless, hardware, ready_rows, following, busy)
    if found is None:
        raise ModelError(
            f"Layer '{name}' has {geometry.channels} channels, and not even its smallest block "
            f"fits the activation buffer of {hardware.buffer_words} words. Raise "
            "engine.buffer_words in the hardware configuration."
        )
    tiling, storing = found
    made = cut(geometry, source, target, tiling, hardware)
    return Schedule(tiling, made, _ready_rows(geometry, tiling.heights), storing)


def _nameless(source: Source, hardware: Hardware) -> Source:
    """Return a source of the same speed that is the same for equal layers of a network."""
    staging = source.staging[0] % hardware.banks, source.staging[1]
    return Source("", _lowest(source.layout, hardware), source.loads, staging)


def _nameless_target(target: Target, hardware: Hardware) -> Target:
    """Return a target of the same speed that is the same for equal layers of a network."""
    residual = None if target.residual is None else ""
    layout = _lowest(target.layout, hardware)
    return replace(target, tensor="", residual=residual, layout=layout, row=0)


def _lowest(layout: Layout | None, hardware: Hardware) -> Layout | None:
    """Return the lowest layout whose words are in the same banks."""
    return None if layout is None else replace(layout, base=layout.base % hardware.banks)


@lru_cache(maxsize=_REMEMBERED)
def _fastest(
    geometry: Geometry,
    source: Source,
    target: Target,
    hardware: Hardware,
    ready_rows: int,
    following: Following,
    busy: float,
) -> tuple[Tiling, float] | None:
    """Return the fastest tiling of a layer, and the cycles of storing beyond the next layer's
    begin; None if none fits.

    Networks repeat their layers, so the answers are kept.
    """
    found = _promising(_families(geometry, source, target, hardware), following)
    if not found and source.layout is None:
        # Use one area instead of two halves, so that each block waits for the previous one.
        whole = replace(source, staging=(source.staging[0], 2 * source.staging[1]))
        found = _promising(_families(geometry, whole, target, hardware), following)
    best: tuple[_Rank, Tiling, float] | None = None
    for bound, family, heights in found:
        if best is not None and bound > best[0].cycles * _ABOUT_AS_FAST:
            break
        tiling = family.tiling(heights)
        made = cut(geometry, source, target, tiling, hardware)
        cost, storing = bound, 0.0
        if len(made.jobs) <= _MOST_JOBS:
            late = geometry.y.reach(heights[0] * geometry.pool[0]) > ready_rows
            start, end = next_start(_costs(made.jobs, hardware), 0.0 if late else busy)
            if _waiting(geometry, heights, following) is Following.WAITS:
                start = end
            cost, storing = (late * busy) + start + _EXPOSED * (end - start), end - start
        rank = _Rank(cost, len(made.jobs), tiling.tiles[0] if source.loads else 0)
        if best is None or rank.is_better(best[0]):
            best = rank, tiling, storing
    return None if best is None else best[1:]


def _costs(jobs: list[Job], hardware: Hardware) -> list[JobCost]:
    """Return the work of a layer's jobs, with the same latency for arrays of any size."""
    jobs = with_accumulators(jobs, 0, hardware)
    return [
        job_cost(job, hardware, last=index == len(jobs) - 1, latency=_LATENCY)
        for index, job in enumerate(jobs)
    ]


def _waiting(geometry: Geometry, heights: tuple[int, ...], following: Following) -> Following:
    """Return what the next layer does if the last block of rows has this size."""
    late = 2 * _ready_rows(geometry, heights) < geometry.target.rows
    return Following.WAITS if following is Following.READS and late else following


def _ready_rows(geometry: Geometry, heights: tuple[int, ...]) -> int:
    return geometry.target.rows - heights[-1]


_Candidate = tuple[float, Family, tuple[int, ...]]
"""The cycles expected of a tiling, its family, and its heights."""


def _promising(families: Iterable[Family], following: Following) -> list[_Candidate]:
    """Return the tilings that fit and should be the fastest, in that order."""
    candidates = (
        (_expected(family, heights, following), family, heights)
        for family in families
        for heights in _heights(family)
        if family.fits(heights)
    )
    return nsmallest(_MOST_SIMULATED, candidates, key=lambda candidate: candidate[0])


def _expected(family: Family, heights: tuple[int, ...], following: Following) -> float:
    """Return roughly the cycles until the next layer can begin."""
    bound = family.bound(heights)
    moving, computing = bound.moving, bound.computing
    if following is Following.COMPUTES:
        return computing + _EXPOSED * max(moving - computing, 0)
    if _waiting(family.geometry, heights, following) is Following.READS:
        moving -= bound.last
    return max(moving, computing) + _EXPOSED * bound.last


def _families(
    geometry: Geometry, source: Source, target: Target, hardware: Hardware
) -> Iterator[Family]:
    """Yield the families of tilings to try, each once."""
    seen: set[tuple[object, ...]] = set()
    for taps, words in _chunks(geometry, source, hardware):
        span = bool(saves_slices(geometry, hardware)) and spans(geometry, source, taps, hardware)
        if source.layout is not None and source.layout.seen_as(geometry.source) is None:
            span = spans(geometry, source, taps, hardware)
        for blocks in _tile_splits(geometry, hardware):
            for width in _widths(geometry, source, tiles_of_two(blocks), hardware):
                chosen = width, blocks, taps, words, span
                if chosen not in seen:
                    seen.add(chosen)
                    yield Family(geometry, source, target, hardware, *chosen)


def _chunks(
    geometry: Geometry, source: Source, hardware: Hardware
) -> Iterator[tuple[tuple[int, int], int]]:
    """Yield (taps, words) of chunks to try; per-channel operations are not cut by channels."""
    kernel = geometry.y.kernel, geometry.x.kernel
    yield kernel, geometry.words
    size = geometry.slice_words(hardware.array_size)
    if source.layout is not None:
        # A matrix may be loaded from memory in parts, if no frame is filled around its rows.
        parts_fit = geometry.source.columns == 1 and source.layout.fill is None
        divides = geometry.is_matmul and geometry.blocks == 1
        if divides and source.loads and parts_fit and geometry.taps == 1:
            for parts in (2, 4, 8, 16):
                yield kernel, ceil_div(ceil_div(geometry.words, parts), size) * size
        return
    shapes = [kernel]
    shapes += [shape for shape in ((1, kernel[1]), (1, 1)) if shape not in shapes]
    for shape in shapes:
        yield shape, geometry.words
        if geometry.is_matmul and geometry.blocks == 1:
            slices = ceil_div(geometry.words, size)
            while slices > 1:
                slices = ceil_div(slices, 2)
                yield shape, slices * size


def _tile_splits(geometry: Geometry, hardware: Hardware) -> set[tuple[int, ...]]:
    """Return splits of the tiles into blocks; a small last block leaves little to store."""
    tiles = tile_count(geometry, hardware)
    if geometry.blocks > 1:
        # Only tiles of the same block read the same channels.
        tiles //= geometry.blocks
        return {split(tiles, step) * geometry.blocks for step in (tiles, 1)}
    most = min(tiles, hardware.accumulator_depth // 2, FIELD_LIMIT // hardware.array_size)
    steps = {min(ceil_div(tiles, parts), most) for parts in range(1, 9)} | {1, most}
    splits = {split(tiles, step) for step in steps}
    if 1 < tiles <= _MOST_SPLIT_TILES:
        splits |= {(*split(tiles - 1, step), 1) for step in range(1, min(most, tiles - 1) + 1)}
        splits |= {(first, *split(tiles - first, 1)) for first in range(1, min(most, tiles))}
    return splits


def _widths(geometry: Geometry, source: Source, pair: int, hardware: Hardware) -> list[int]:
    """Return widths of blocks to try, in stored columns: all columns, or equal parts that fit."""
    columns = geometry.target.columns
    pool = geometry.pool[0] * geometry.pool[1]
    most = hardware.accumulator_depth // (pair * pool)
    if most < 1:
        return []
    fitting = {ceil_div(columns, ceil_div(columns, min(columns, most)))}
    if source.layout is None:
        parts = 1
        while parts < columns:
            parts *= 2
            fitting.add(min(ceil_div(columns, parts), most))
    return sorted(fitting, reverse=True)


def _heights(family: Family) -> Iterable[tuple[int, ...]]:
    """Return the heights of the blocks of stored rows to try."""
    rows = family.geometry.target.rows
    fitting = family.hardware.accumulator_depth // family.entries_of_row
    if family.geometry.pairs:
        fitting *= 2
    most = min(fitting, rows, FIELD_LIMIT)
    return _cuts_of_rows(rows, most) if most else ()


@lru_cache(maxsize=_REMEMBERED)
def _cuts_of_rows(rows: int, most: int) -> tuple[tuple[int, ...], ...]:
    """Return ways to cut rows into blocks of up to `most`, each once.

    A small last block leaves little to store; a large one is stored while the next layer computes
    from the rows before it.
    """
    return tuple(dict.fromkeys(_each_cut(rows, most)))


def _each_cut(rows: int, most: int) -> Iterator[tuple[int, ...]]:
    least = ceil_div(rows, most)
    for count in sorted({least, rows, *_BLOCK_COUNTS, *(least + more for more in range(4))}):
        if least <= count <= rows:
            yield evenly(rows, count)
    for last in _LAST_HEIGHTS:
        if last < rows:
            body = rows - last
            fewest = ceil_div(body, most)
            for count in {fewest, fewest + 1, max(fewest, 2), max(fewest, 3)}:
                if last <= body // count:
                    yield (*evenly(body, count), last)
    for count in _EARLY_COUNTS:
        if count <= rows - most < count * most:
            yield (*evenly(rows - most, count), most)


def evenly(size: int, parts: int) -> tuple[int, ...]:
    """Return `size` as parts that differ by at most one, the larger ones first."""
    small, more = divmod(size, parts)
    return (small + 1,) * more + (small,) * (parts - more)
