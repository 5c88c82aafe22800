"""Makes the frames of feature maps that stay in the buffer: the padding of their readers.

A frame is filled by a job whose load stage is free. Best is the second job of the layer that
stores the map: the loader works while the first is computed, and nothing that was in that place is
still read. Without one, the first job of the next layer does it, or a job that does nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from modelgen.descriptor import Operation
from modelgen.layout import Layout
from modelgen.program import Arena, Compute, CpuLayer, EngineLayer, Job, Load
from modelgen.tiling import frames

Layer = EngineLayer | CpuLayer


@dataclass(frozen=True)
class Map:
    """A feature map that a layer leaves in the buffer."""

    tensor: str
    layout: Layout


def fill_frames(layers: Sequence[Layer], maps: Mapping[int, Map], buffer: Arena) -> list[Layer]:
    """Return the layers with jobs that fill frames.

    A map that takes the place of an earlier one with the same frame finds it filled, if nothing
    else was there in between.

    Args:
        layers: in order.
        maps: index of a layer -> its output, if that lies in the buffer.
        buffer: all that the buffer holds.
    """
    filled = list(layers)
    for index, made in maps.items():
        pending = [] if _is_filled(index, maps, buffer) else frames(made.layout)
        pending = _give(filled, index, pending, skip_first=True)
        reads_it = index + 1 < len(filled) and isinstance(filled[index + 1], EngineLayer)
        if reads_it and filled[index + 1].source_place == "buffer":
            pending = _give(filled, index + 1, pending, only_first=True)
        pending = _give(filled, index, pending)
        layer = filled[index]
        idle = tuple(_idle(layer.jobs[0], load) for load in pending)
        filled[index] = replace(layer, jobs=idle + layer.jobs)
    return filled


def _is_filled(index: int, maps: Mapping[int, Map], buffer: Arena) -> bool:
    """Tell whether the frame of a layer's output stands from an earlier layer's."""
    layout = maps[index].layout
    same = [other for other in maps if other <= index and maps[other].layout == layout]
    if len(same) == 1:
        return False
    names = {maps[other].tensor for other in same}
    begin, end = layout.base, layout.base + layout.size
    return not any(
        region.offset < end
        and begin < region.offset + region.size
        and region.last >= same[-2]
        and region.first <= index
        and region.name not in names
        for region in buffer.regions
    )


def _give(
    layers: list[Layer],
    index: int,
    pending: list[Load],
    *,
    skip_first: bool = False,
    only_first: bool = False,
) -> list[Load]:
    """Put loads into free load stages of a layer; return those that found none."""
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
    """Return a job that fills, and computes one word that nobody uses."""
    # What it reads is in the map's own place, which nobody else uses yet.
    compute = Compute(base=load.first_row, rows=1, columns=1, step_y=0, step_x=0, run=1)
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
