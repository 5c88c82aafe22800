"""Where each tensor is: in the activation buffer, in memory, or in both.

A tensor that fits stays in the buffer from the layer that writes it to the last that reads it. A
tensor that does not fit is streamed: read from memory, block by block, through a separate area of
the buffer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from modelgen.hardware import Hardware
from modelgen.ir.graph import Graph, Node
from modelgen.memory import arena
from modelgen.memory.arena import Arena
from modelgen.targets.base import Network
from modelgen.targets.systolic.geometry import Geometry, View, view_of
from modelgen.targets.systolic.scratchpad.layout import FIELD_LIMIT, Layout, layout_for

_STAGING_SHARE = 4
"""A layer that streams gets at least one part in this many of the buffer."""


@dataclass(frozen=True)
class Work:
    """A step as the engine sees it: its node, and its geometry if it runs on the engine."""

    node: Node
    geometry: Geometry | None
    part: range | None = None
    """Rows that it reads of the map that its input is a part of; None: its input is whole."""


@dataclass(frozen=True)
class Residency:
    """Where tensors are. Tensors are identified by their buffers, layers by their index."""

    layouts: dict[str, Layout]
    """Tensor -> its layout in the activation buffer, if it is there."""
    readers: dict[str, frozenset[int]]
    """Tensor -> the layers that read it there."""
    loaders: dict[str, int]
    """Tensor -> the layer that loads it from memory into the buffer; none if a layer writes it."""
    in_memory: frozenset[str]
    staging: dict[int, tuple[int, int]]
    """Layer -> (first word, words) of the area through which it streams its input."""
    buffer: Arena

    def layout_written(self, tensor: str) -> Layout | None:
        """Return the layout that layers write; None if the tensor is not in the buffer, or comes
        from memory because something else writes a part of it."""
        return None if tensor in self.loaders else self.layouts.get(tensor)

    def layout_read(self, tensor: str, layer: int) -> Layout | None:
        """Return the layout that a layer reads; None if it streams the tensor."""
        return self.layouts[tensor] if layer in self.readers.get(tensor, ()) else None


class _Uses:
    """Which layers write and read each tensor."""

    def __init__(self, network: Network, works: Sequence[Work]) -> None:
        graph, buffer = network.graph, network.buffer
        buffers = {buffer(name) for name in graph.tensors}
        given = {*map(buffer, graph.inputs), *graph.constant_tensors}
        self.makers: dict[str, int] = {}
        """Tensor -> the first layer that writes it."""
        for index, work in enumerate(works):
            self.makers.setdefault(buffer(work.node.output), index)
        self.readers: dict[str, dict[int, Geometry]] = {
            name: {} for name in graph.tensors if name in buffers
        }
        self.views: dict[str, View] = {name: view_of(graph.tensors[name]) for name in self.readers}
        self.read_in_parts: set[str] = set()
        """Tensors of which a layer reads only some rows."""
        self.by_memory = {*map(buffer, graph.outputs), *given}
        """Tensors that must be in memory, as a reader or writer cannot access the buffer."""
        moved = []
        for index, work in enumerate(works):
            inputs = [buffer(name) for name in work.node.inputs]
            if work.geometry is None:
                self.by_memory |= {*inputs, buffer(work.node.output)}
                continue
            output = work.node.output
            if network.views[output].is_whole(graph.tensors[output].shape):
                self.views[buffer(output)] = work.geometry.target
                moved += [buffer(output)] if work.geometry.parts else []
            self.readers[inputs[0]][index] = work.geometry
            self.by_memory |= set(inputs[1:])
        for name in moved:
            self._suit_readers(name)
        for name in self.readers:
            self._suit_frames(name)
        self._see_whole_maps(graph, works)
        self.from_memory = given | {
            buffer(work.node.output) for work in works if work.geometry is None
        }
        """Tensors that no layer on the engine writes."""

    def _suit_readers(self, name: str) -> None:
        """View what a movement writes, which can be any maps, as those that readers need."""
        views = [
            reader.source
            for reader in sorted(self.readers[name].values(), key=lambda reader: not reader.pads)
            if not reader.parts and reader.source.size == self.views[name].size
        ]
        self.views[name] = [*views, self.views[name]][0]

    def _suit_frames(self, name: str) -> None:
        """View maps by the pixels of a reader that needs a frame around them."""
        for reader in self.readers[name].values():
            if reader.pads and reader.source.has_rows_of(self.views[name]):
                self.views[name] = reader.source

    def _see_whole_maps(self, graph: Graph, works: Sequence[Work]) -> None:
        """Give readers of some rows the view of the whole map, whose frame they share."""
        for name, readers in self.readers.items():
            for index, reader in readers.items():
                if works[index].part is not None:
                    self.read_in_parts.add(name)
                    self.views[name] = view_of(graph.tensors[name])
                    readers[index] = replace(reader, source=self.views[name])


def plan(network: Network, works: Sequence[Work]) -> Residency:
    """Return where the tensors are.

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
    if name in uses.from_memory:
        # The layer that loads a map loads all that it reads itself.
        skips = all(_skips_pixels(reader) for reader in wanted.values())
        if skips or name in uses.read_in_parts:
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
        groups.append(
            {i: g for i, g in group.items() if can_read(layout, g, hardware, loads=loads)}
        )
    best = max(groups, key=lambda group: (len(group), sorted(group)))
    layout = layout_for(uses.views[name], list(best.values()), hardware)
    fits = max(layout.size, layout.pitch) <= min(hardware.buffer_words, FIELD_LIMIT)
    return best if fits else {}


def _skips_pixels(geometry: Geometry) -> bool:
    """Return whether most of the input is never read, so that streaming moves less data."""
    return geometry.taps == 1 and geometry.y.stride * geometry.x.stride > 1


def can_read(layout: Layout, geometry: Geometry, hardware: Hardware, *, loads: bool) -> bool:
    """Return whether a layer can read a layout; if it also loads it, only in its own view.

    A movement reads any layout, but loads only what it copies. One that fills needs an area for the
    values, which only those that stream have.
    """
    if geometry.parts:
        return not loads and geometry.fill is None
    seen = layout.seen_as(geometry.source)
    if seen is not None:
        return seen.pads(geometry) and seen.suits(geometry, hardware)
    return not loads and reads_maps_as_rows(layout, geometry)


def reads_maps_as_rows(layout: Layout, geometry: Geometry) -> bool:
    """Return whether each row of a matrix product is one feature map with gaps between its rows."""
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
    """Place tensors in the buffer; move them to memory, one at a time, until the others fit."""
    contents = _Contents(uses, layouts, readers, hardware)
    placed = arena.place(contents.lifetimes(early=1))
    # Reserving regions one layer early avoids fences, but keeping tensors matters more.
    while placed.size > hardware.buffer_words:
        while contents.most > hardware.buffer_words:
            contents.drop()
        placed = arena.place(contents.lifetimes(early=0))
        if placed.size > hardware.buffer_words:
            contents.drop()
    return placed


class _Contents:
    """What is to be placed in the buffer: the tensors kept in it, and areas for streaming."""

    def __init__(
        self,
        uses: _Uses,
        layouts: Mapping[str, Layout],
        readers: Mapping[str, frozenset[int]],
        hardware: Hardware,
    ) -> None:
        self._uses = uses
        self._readers = readers
        self._hardware = hardware
        self._kept = {name: self._lifetime(name, layout) for name, layout in layouts.items()}
        self._usage = arena.Usage(self.lifetimes(early=0).values())

    def _lifetime(self, name: str, layout: Layout) -> arena.Lifetime:
        readers = self._readers[name]
        loaded = name in self._uses.from_memory
        first = min(readers) if loaded else self._uses.makers[name]
        return arena.Lifetime(first, max(readers), layout.size)

    def lifetimes(self, *, early: int) -> dict[str, arena.Lifetime]:
        """Return all lifetimes, beginning `early` layers before the first that needs the words."""
        streamed = _streamed(self._uses, {name: self._readers[name] for name in self._kept})
        areas = {_staging_name(index): self._area(index, name) for index, name in streamed.items()}
        return {
            name: replace(item, first=max(item.first - early, 0))
            for name, item in {**self._kept, **areas}.items()
        }

    def _area(self, index: int, name: str) -> arena.Lifetime:
        """Return the lifetime of the fewest words that a layer needs to stream a tensor."""
        words = self._hardware.buffer_words
        pool = self._uses.readers[name][index].pool
        least = 2 * pool[0] * pool[1] * self._hardware.array_size
        wanted = max(min(words // _STAGING_SHARE, 4 * self._uses.views[name].size), least)
        return arena.Lifetime(index, index, min(wanted, words))

    @property
    def most(self) -> int:
        """The fewest words in which everything could fit."""
        return self._usage.most

    def drop(self) -> None:
        """Leave a tensor in memory: at the fullest time an input, or the largest one."""
        step = self._usage.fullest
        alive = [name for name, item in self._kept.items() if item.first <= step <= item.last]
        name = max(alive or self._kept, key=self._uselessness)
        self._usage.remove(self._kept.pop(name))
        for index in self._readers[name]:
            self._usage.add(self._area(index, name))

    def _uselessness(self, name: str) -> tuple[bool, int, str]:
        return name in self._uses.from_memory, self._kept[name].size, name


def _streamed(uses: _Uses, readers: Mapping[str, frozenset[int]]) -> dict[int, str]:
    """Return layer -> the tensor that it streams from memory."""
    return {
        index: name
        for name, layers in uses.readers.items()
        for index in layers
        if index not in readers.get(name, ())
    }


def _staging_name(index: int) -> str:
    return f"staging of layer {index}"


def _staging(
    placed: Arena, streamed: Mapping[int, str], hardware: Hardware
) -> dict[int, tuple[int, int]]:
    """Return, for each layer that streams, its region enlarged by the free words around it."""
    areas = {}
    for index in streamed:
        alive = {region.name: region for region in placed.alive(max(index - 1, 0), index)}
        region = alive.pop(_staging_name(index))
        busy = sorted((other.offset, other.offset + other.size) for other in alive.values())
        begin = max([end for _, end in busy if end <= region.offset], default=0)
        end = min(
            [start for start, _ in busy if start >= region.offset + region.size],
            default=hardware.buffer_words,
        )
        areas[index] = (begin, end - begin)
    return areas
