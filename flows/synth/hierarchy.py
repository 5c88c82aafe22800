"""The design as a tree of instances, each with what it takes of the device."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property

from flows.synth.resources import Resources
from flows.synth.rtlil import Module


@dataclass
class Instance:
    """One instance: `own` is what it takes itself, `total` with all that it contains."""

    name: str
    kind: str
    own: Resources
    children: list[Instance] = field(default_factory=list)

    @cached_property
    def total(self) -> Resources:
        """What it takes with all that it contains."""
        return sum((child.total for child in self.children), self.own)

    def walk(self) -> Iterator[Instance]:
        """This one and all in it."""
        yield self
        for child in self.children:
            yield from child.walk()

    def as_json(self) -> dict:
        """For a program: name, kind, own and total resources, children."""
        return {
            "name": self.name,
            "kind": self.kind,
            "total": asdict(self.total),
            "own": asdict(self.own),
            "children": [child.as_json() for child in self.children],
        }


def tree(modules: Mapping[str, Module], resources: Mapping[str, Resources]) -> Instance:
    """The design's tree; `resources` are those that each module takes itself, by its name."""
    contained = {
        name: [cell for cell in module.cells() if cell[0] in modules]
        for name, module in modules.items()
    }
    inner = {kind for cells in contained.values() for kind, _ in cells}
    top = next(name for name in modules if name not in inner)

    def instance(module: str, name: str) -> Instance:
        children = [instance(*cell) for cell in contained[module]]
        children.sort(key=lambda child: (-child.total.lut, child.name))
        return Instance(name, modules[module].kind, resources[module], children)

    return instance(top, top)


def by_kind(top: Instance) -> dict[str, dict]:
    """Resources of each kind of module, the design's first.

    Returns a mapping from the kind to a dictionary of ``instances``, how often it stands in the
    design, and the resources of its largest instance with all that it contains.
    """
    instances: dict[str, int] = {}
    largest: dict[str, Resources] = {}
    for one in top.walk():
        instances[one.kind] = instances.get(one.kind, 0) + 1
        largest[one.kind] = one.total.largest(largest.get(one.kind, Resources()))
    kinds = sorted(instances, key=lambda kind: (kind != top.kind, kind))
    return {kind: {"instances": instances[kind], **asdict(largest[kind])} for kind in kinds}
