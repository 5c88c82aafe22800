"""Families of tilings: what fits the buffer, and the bound that tilings are ranked by."""

from __future__ import annotations

from itertools import product

import pytest

from modelgen.hardware import Hardware
from modelgen.operators.window import Window
from modelgen.targets.systolic.abi import ACCUMULATE_LATENCY
from modelgen.targets.systolic.cost import CONSTANTS, fetch_cycles, tile_cycles
from modelgen.targets.systolic.geometry import Geometry
from modelgen.targets.systolic.scratchpad.layout import layout_for
from modelgen.targets.systolic.tiling.cut import Source, Target, Tiling, cut
from modelgen.targets.systolic.tiling.family import Family, split
from modelgen.targets.systolic.tiling.window import Block, chunks_of, staged
from tests.support.integer_graphs import IntegerGraph
from tests.support.layers import convolution, geometry_of

HARDWARE = Hardware()
SAME = Window((3, 3), padding=(1, 1, 1, 1))


def family(layer: Geometry, area: int = 65536, **changes: object) -> Family:
    """Return a family of a layer that streams, with blocks as wide as the map."""
    tiles = -(-layer.outputs // HARDWARE.array_size)
    kernel = layer.y.kernel, layer.x.kernel
    usual = {
        "source": Source("x", staging=(0, area)),
        "target": Target("y", True),
        "hardware": HARDWARE,
        "width": layer.target.columns,
        "tiles": (tiles,),
        "taps": kernel,
        "words": layer.words,
        "span": False,
    }
    return Family(layer, **{**usual, **changes})  # type: ignore[arg-type]


def test_parts_and_the_remainder() -> None:
    assert split(10, 4) == (4, 4, 2) and split(8, 4) == (4, 4) and split(3, 4) == (3,)


def test_a_tiling_of_the_family() -> None:
    found = family(convolution((1, 8, 8, 4), 16, SAME)).tiling((5, 3))
    assert found == Tiling((5, 3), 8, (2,), (3, 3), 4, span=False)


@pytest.mark.parametrize("taps", [(3, 3), (1, 3), (1, 1)], ids=str)
@pytest.mark.parametrize("stride", [1, 2])
def test_the_words_of_a_window_are_never_too_few(taps: tuple[int, int], stride: int) -> None:
    window = Window((3, 3), (stride, stride), (1, 1, 1, 1))
    layer = convolution((1, 9, 9, 6), 8, window)
    rows, columns = layer.target.rows, layer.target.columns
    words = family(layer, taps=taps, words=4).window_words(rows - 2)
    blocks = Block(0, range(2), range(columns)), Block(0, range(2, rows), range(columns))
    for block, chunk in product(blocks, chunks_of(layer, taps, 4)):
        assert staged(layer, block, chunk, "x", span=False, hardware=HARDWARE)[2] <= words


def test_pixels_that_are_left_out_take_no_words() -> None:
    layer = convolution((1, 9, 9, 6), 8, Window((3, 3), padding=(0, 0, -2, 0)))
    same = convolution((1, 9, 7, 6), 8, Window((3, 3)))
    assert family(layer).window_words(3) == family(same).window_words(3)


def test_two_blocks_alternate_in_the_area_and_a_single_one_has_it_alone() -> None:
    layer = convolution((1, 8, 8, 4), 16, SAME)
    whole, half = (family(layer).window_words(rows) for rows in (8, 4))
    assert family(layer, whole).fits((8,)) and not family(layer, whole - 1).fits((8,))
    assert family(layer, 2 * half).fits((4, 4)) and not family(layer, 2 * half - 1).fits((4, 4))
    part = family(layer, words=2).window_words(8)
    assert not family(layer, 2 * part - 1, words=2).fits((8,)), "chunks alternate as well"
    assert not family(convolution((2, 8, 8, 4), 16, SAME), whole).fits((8,)), "and so do images"


def test_what_is_in_the_buffer_fits() -> None:
    layer = convolution((1, 8, 8, 4), 16, SAME)
    resident = Source("x", layout_for(layer.source, [layer], HARDWARE))
    assert family(layer, source=resident).fits((8,))


@pytest.mark.parametrize("memory", [False, True])
@pytest.mark.parametrize("heights", [(8,), (3, 3, 2), (1,) * 8])
@pytest.mark.parametrize("tiles", [(3,), (2, 1)])
def test_the_bound_is_the_sum_over_all_jobs(
    heights: tuple[int, ...], tiles: tuple[int, ...], memory: bool
) -> None:
    """Of a layer in the buffer, all of whose tiles are full."""
    layer = convolution((2, 8, 6, 8), 24, Window((1, 1)))
    source = Source("x", layout_for(layer.source, [layer], HARDWARE))
    target = Target("y", memory, None if memory else layout_for(layer.target, [layer], HARDWARE))
    chosen = family(layer, source=source, target=target, tiles=tiles, width=4)
    jobs = cut(layer, source, target, chosen.tiling(heights), HARDWARE).jobs
    tile, tile_port = tile_cycles(layer.operation, HARDWARE.array_size, HARDWARE)
    bound = chosen.bound(heights)
    assert bound.computing == sum(
        CONSTANTS.compute_setup + max(job.tiles * max(job.positions, tile), ACCUMULATE_LATENCY)
        for job in jobs
    )
    words = HARDWARE.port_words if memory else HARDWARE.store_words
    positions = [job.store.rows * job.store.columns if job.store else 0 for job in jobs]
    stored = [n * job.outputs // words for n, job in zip(positions, jobs, strict=True)]
    port = sum(job.tiles * tile_port + fetch_cycles(HARDWARE) for job in jobs)
    assert bound.moving == max(sum(stored), port + (sum(stored) if memory else 0))
    assert bound.last == sum(stored[-len(tiles) :])


@pytest.mark.parametrize("dilation", [1, 3])
@pytest.mark.parametrize("height", [8, 9, 16])
def test_slices_that_span_rows_leave_rows_for_pairs(height: int, dilation: int) -> None:
    """The pitch of such rows decides which of them are computed at the same time."""
    built = IntegerGraph(1, 30, 10, 4)
    window = Window((3, 5), dilation=(dilation, 1))
    layer = geometry_of(built.build(built.conv("x", 16, window)))
    chosen = family(layer, span=True)
    job = cut(layer, chosen.source, chosen.target, chosen.tiling((height,)), HARDWARE).jobs[0]
    assert 0 < job.pair_rows <= height // 2 and job.compute.span
    loading = -(-chosen.window_words(height) // HARDWARE.port_words)
    computing = CONSTANTS.compute_setup + job.slices(HARDWARE.array_size) * job.entries
    assert chosen.bound((height,)).computing == loading + computing
