"""Where each tensor lives: in the activation buffer, in memory, or in both.

Everything that fits stays in the buffer from the layer that makes it to the last that reads it.
What does not fit is read from memory, block by block, through an area of the buffer of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from modelgen.hardware import Hardware
from modelgen.ir.graph import Node
from modelgen.memory import arena
from modelgen.memory.arena import Arena
from modelgen.targets.base import Network
from modelgen.targets.systolic.geometry import Geometry, View, view
from modelgen.targets.systolic.scratchpad.layout import FIELD_LIMIT, Layout, layout_for

_STAGING_SHARE = 4
"""A layer that streams gets at least this part of the buffer (one in ...)."""


@dataclass(frozen=True)
class Work:
    """A step as the engine sees it: its node, and its geometry if it is the engine's own."""

    node: Node
    geometry: Geometry | None


@dataclass(frozen=True)
class Residency:
    """Where tensors live. Tensors are named by their buffers, layers by their index."""

    layouts: dict[str, Layout]
    """What is in the buffer."""
    readers: dict[str, frozenset[int]]
    """Layers that read it there."""
    loaders: dict[str, int]
    """The layer that brings a tensor from memory into the buffer, where none makes it there."""
    in_memory: frozenset[str]
    staging: dict[int, tuple[int, int]]
    """(first word, words) of the area through which a layer streams its input."""
    buffer: Arena

    def layout_read(self, tensor: str, layer: int) -> Layout | None:
        """Return the layout that a layer reads; None if it streams the tensor."""
        return self.layouts[tensor] if layer in self.readers.get(tensor, ()) else None


class _Uses:
    """Who makes and who reads each tensor."""

    def __init__(self, network: Network, works: Sequence[Work]) -> None:
        graph, buffer = network.graph, network.buffer
        buffers = {buffer(name) for name in graph.tensors}
        self.input = buffer(graph.input)
        self.makers: dict[str, int] = {}
        """The first layer that writes each."""
        for index, work in enumerate(works):
            self.makers.setdefault(buffer(work.node.output), index)
        self.readers: dict[str, dict[int, Geometry]] = {
            name: {} for name in graph.tensors if name in buffers
        }
        self.views: dict[str, View] = {
            name: view(graph.tensors[name].shape) for name in self.readers
        }
        self.by_memory = {buffer(graph.output), self.input}
        """Tensors that somebody reads who cannot read the buffer."""
        for index, work in enumerate(works):
            inputs = [buffer(name) for name in work.node.inputs]
            if work.geometry is None:
                self.by_memory |= {*inputs, buffer(work.node.output)}
                continue
            output = work.node.output
            if network.views[output].is_whole(graph.tensors[output].shape):
                self.views[buffer(output)] = work.geometry.target
            self.readers[inputs[0]][index] = work.geometry
            self.by_memory |= set(inputs[1:])
        self.from_memory = {self.input} | {
            buffer(work.node.output) for work in works if work.geometry is None
        }
        """Tensors that no engine layer makes."""


def plan(network: Network, works: Sequence[Work]) -> Residency:
    """Return where the tensors live.

    Args:
        network: the whole network.
        works: its steps, as the engine sees them.
    """
    hardware = network.hardware
    uses = _Uses(network, works)
    layouts: dict[str, Layout] = {}
    readers: dict[str, frozenset[int]] = {}
    for name in uses.readers:
        kept = _together(uses, name, hardware)
        if kept:
            readers[name] = frozenset(kept)
            layouts[name] = layout_for(uses.views[name], list(kept.values()), hardware)
    placed = _place_all(uses, layouts, readers, hardware)
    kept_layouts = {
        name: replace(layout, base=placed.offsets[name])
        for name, layout in layouts.items()
        if name in placed.offsets
    }
    kept_readers = {name: readers[name] for name in kept_layouts}
    streamed = _streamed(uses, kept_readers)
    return Residency(
        layouts=kept_layouts,
        readers=kept_readers,
        loaders={n: min(kept_readers[n]) for n in kept_layouts if n in uses.from_memory},
        in_memory=frozenset(uses.by_memory | set(streamed.values())),
        staging=_staging(placed, streamed, hardware),
        buffer=placed,
    )


def _together(uses: _Uses, name: str, hardware: Hardware) -> dict[int, Geometry]:
    """Return the readers that one layout in the buffer can serve."""
    wanted = uses.readers[name]
    if not wanted or uses.views[name].size > min(hardware.buffer_words, FIELD_LIMIT):
        return {}
    if name in uses.from_memory and all(_skips_pixels(reader) for reader in wanted.values()):
        return {}
    groups = []
    for value in {reader.padding_value for reader in wanted.values() if reader.pads} or {0.0}:
        group = {
            index: reader
            for index, reader in wanted.items()
            if not reader.pads or reader.padding_value == value
        }
        layout = layout_for(uses.views[name], list(group.values()), hardware)
        loads = name in uses.from_memory
        groups.append({i: g for i, g in group.items() if can_read(layout, g, loads=loads)})
    best = max(groups, key=lambda group: (len(group), sorted(group)))
    layout = layout_for(uses.views[name], list(best.values()), hardware)
    fits = max(layout.size, layout.pitch) <= min(hardware.buffer_words, FIELD_LIMIT)
    return best if fits else {}


def _skips_pixels(geometry: Geometry) -> bool:
    """Tell whether most of the input is never read, so that streaming moves less."""
    return geometry.taps == 1 and geometry.y.stride * geometry.x.stride > 1


def can_read(layout: Layout, geometry: Geometry, *, loads: bool) -> bool:
    """Tell whether a layer can read a layout; one that `loads` it needs rows of its own view."""
    seen = layout.seen_as(geometry.source)
    if seen is not None:
        return seen.pads(geometry)
    return not loads and reads_maps_as_rows(layout, geometry)


def reads_maps_as_rows(layout: Layout, geometry: Geometry) -> bool:
    """Tell whether each row of a matrix product is one feature map, with gaps between its rows."""
    maps = layout.view
    return (
        geometry.is_matmul
        and geometry.taps == 1
        and geometry.source == View(1, maps.images, 1, maps.image_words)
    )


def _place_all(
    uses: _Uses,
    layouts: Mapping[str, Layout],
    readers: Mapping[str, frozenset[int]],
    hardware: Hardware,
) -> Arena:
    """Place what fits; the largest goes to memory until the rest does."""
    kept = dict(layouts)
    early = 1
    while True:
        chosen = {name: readers[name] for name in kept}
        lifetimes = {
            **{name: _lifetime(uses, name, kept[name], readers[name], early) for name in kept},
            **{
                _staging_name(index): arena.Lifetime(max(index - early, 0), index, size)
                for index, size in _staging_sizes(uses, chosen, hardware).items()
            },
        }
        placed = arena.place(lifetimes)
        if placed.size <= hardware.buffer_words:
            return placed
        if early:
            # Regions that are free a layer earlier spare fences; what fits without comes first.
            early = 0
            continue
        del kept[_least_useful(uses, lifetimes, kept)]


def _lifetime(
    uses: _Uses, name: str, layout: Layout, readers: frozenset[int], early: int
) -> arena.Lifetime:
    first = min(readers) if name in uses.from_memory else uses.makers[name]
    return arena.Lifetime(max(first - early, 0), max(readers), layout.size)


def _least_useful(
    uses: _Uses, lifetimes: Mapping[str, arena.Lifetime], kept: Mapping[str, Layout]
) -> str:
    """Return what to leave in memory: at the fullest time, an input, else the largest tensor."""
    steps = sorted({lifetime.first for lifetime in lifetimes.values()})

    def alive(step: int) -> list[str]:
        return [n for n, item in lifetimes.items() if item.first <= step <= item.last]

    fullest = max(steps, key=lambda step: sum(lifetimes[n].size for n in alive(step)))
    candidates = [name for name in alive(fullest) if name in kept] or list(kept)
    return max(candidates, key=lambda n: (n in uses.from_memory, lifetimes[n].size, n))


def _streamed(uses: _Uses, readers: Mapping[str, frozenset[int]]) -> dict[int, str]:
    """Return layer -> tensor that it reads from memory."""
    return {
        index: name
        for name, layers in uses.readers.items()
        for index in layers
        if index not in readers.get(name, ())
    }


def _staging_name(index: int) -> str:
    return f"staging of layer {index}"


def _staging_sizes(
    uses: _Uses, readers: Mapping[str, frozenset[int]], hardware: Hardware
) -> dict[int, int]:
    """Return the words that layers need at least to stream."""
    share = hardware.buffer_words // _STAGING_SHARE
    sizes = {}
    for index, name in _streamed(uses, readers).items():
        pool = uses.readers[name][index].pool
        least = 2 * pool[0] * pool[1] * hardware.array_size
        sizes[index] = max(min(share, 4 * uses.views[name].size), least)
    return sizes


def _staging(
    placed: Arena, streamed: Mapping[int, str], hardware: Hardware
) -> dict[int, tuple[int, int]]:
    """Give each layer that streams the largest free part of the buffer."""
    areas = {}
    for index in streamed:
        own = _staging_name(index)
        busy = sorted(
            (region.offset, region.offset + region.size)
            for region in placed.regions
            if region.name != own and region.first <= index and max(index - 1, 0) <= region.last
        )
        region = next(region for region in placed.regions if region.name == own)
        begin = max([end for _, end in busy if end <= region.offset], default=0)
        end = min(
            [start for start, _ in busy if start >= region.offset + region.size],
            default=hardware.buffer_words,
        )
        areas[index] = (begin, end - begin)
    return areas
