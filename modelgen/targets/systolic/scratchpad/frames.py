"""Filling of the frames of resident feature maps, which are the padding for the maps' readers.

A frame is filled by a job whose load stage is free. Ideally, that is the second job of the layer
that stores the map: the loader then works while the first job is computed, and the previous
contents of those words are no longer read. Otherwise, it is the first job of the next layer, or a
job that does nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from modelgen.targets.systolic.abi import Operation
from modelgen.targets.systolic.jobs import Compute, EngineLayer, Job, Load
from modelgen.targets.systolic.scratchpad.layout import Layout
from modelgen.targets.systolic.scratchpad.residency import Residency
from modelgen.targets.systolic.tiling.cut import frames


@dataclass(frozen=True)
class Map:
    """A feature map that a layer leaves in the buffer."""

    tensor: str
    layout: Layout


def fill_frames(
    layers: Mapping[int, EngineLayer], maps: Mapping[int, Map], residency: Residency
) -> dict[int, EngineLayer]:
    """Return the layers with jobs that fill frames.

    A map that replaces an earlier one with the same layout finds its frame already filled, unless
    the words were used for something else in between.

    Args:
        layers: the engine's layers, by index.
        maps: index of a layer -> its output, if that is in the buffer.
        residency: what else is in the buffer.
    """
    filled = dict(layers)
    same: dict[Layout, list[int]] = {}
    for index, made in maps.items():
        same.setdefault(made.layout, []).append(index)
        is_filled = _is_filled(same[made.layout], maps, residency)
        pending = [] if is_filled else frames(made.layout)
        pending = _give(filled, index, pending, skip_first=True)
        following = filled.get(index + 1)
        if following is not None and following.source_place == "buffer":
            pending = _give(filled, index + 1, pending, only_first=True)
        pending = _give(filled, index, pending)
        layer = filled[index]
        idle = tuple(_idle(layer.jobs[0], load) for load in pending)
        filled[index] = replace(layer, jobs=idle + layer.jobs)
    return filled


def _is_filled(same: list[int], maps: Mapping[int, Map], residency: Residency) -> bool:
    """Return whether the frame of the last of several maps is left over from the one before.

    Args:
        same: indices of the layers that leave a map with this layout, in ascending order.
        maps: index of a layer -> its output.
        residency: what else is in the buffer.
    """
    if len(same) == 1:
        return False
    before, index = same[-2:]
    layout = maps[index].layout
    names = {maps[other].tensor for other in same}
    others = [
        (region.offset, region.size)
        for region in residency.buffer.alive(before, index)
        if region.name not in names
    ]
    # A layer may use more than its region for streaming, if the buffer has room.
    layers = range(before, index + 1)
    areas = [residency.staging[layer] for layer in layers if layer in residency.staging]
    begin, end = layout.base, layout.base + layout.size
    return not any(place < end and begin < place + size for place, size in others + areas)


def _give(
    layers: dict[int, EngineLayer],
    index: int,
    pending: list[Load],
    *,
    skip_first: bool = False,
    only_first: bool = False,
) -> list[Load]:
    """Put loads into free load stages of a layer; return those that did not fit."""
    left = list(pending)
    jobs = list(layers[index].jobs)
    for number, job in enumerate(jobs):
        if not left or (only_first and number > 0):
            break
        if job.load is None and not (skip_first and number == 0):
            jobs[number] = replace(job, load=left.pop(0))
    layers[index] = replace(layers[index], jobs=tuple(jobs))
    return left


def _idle(job: Job, load: Load) -> Job:
    """Return a job that only fills; it computes one word whose result is not used."""
    base = _filled_word(load)
    compute = Compute(base=base, rows=1, columns=1, step_y=0, step_x=0, run=1)
    return Job(
        operation=Operation.SUM,
        compute=compute,
        channel=0,
        outputs=1,
        tiles=1,
        first=True,
        accumulator=job.accumulator,
        load=load,
    )


def _filled_word(load: Load) -> int:
    """Return a word that a frame fills."""
    if load.head:
        return load.base
    has_gaps = load.pitch > load.columns * load.words
    return load.first_row + (load.columns * load.words if has_gaps else load.rows * load.pitch)
