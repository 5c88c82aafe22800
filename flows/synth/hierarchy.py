"""The design as a tree of instances with their resource usage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property

from flows.synth.resources import Resources
from flows.synth.rtlil import Module


@dataclass
class Instance:
    """One instance: `own` is its own usage, `total` includes all its submodules."""

    name: str
    kind: str
    own: Resources
    children: list[Instance] = field(default_factory=list)

    @cached_property
    def total(self) -> Resources:
        """Its usage including all submodules."""
        return sum((child.total for child in self.children), self.own)

    def walk(self) -> Iterator[Instance]:
        """Yield this instance and all those in it."""
        yield self
        for child in self.children:
            yield from child.walk()

    def as_json(self) -> dict:
        """Return name, kind, own and total resources, and children for JSON."""
        return {
            "name": self.name,
            "kind": self.kind,
            "total": asdict(self.total),
            "own": asdict(self.own),
            "children": [child.as_json() for child in self.children],
        }


def tree(modules: Mapping[str, Module], resources: Mapping[str, Resources]) -> Instance:
    """Return the design's tree; `resources` is each module's own usage, by its name."""
    contained = {
        name: [cell for cell in module.cells() if cell[0] in modules]
        for name, module in modules.items()
    }

    def instance(module: str, name: str) -> Instance:
        children = [instance(*cell) for cell in contained[module]]
        children.sort(key=lambda child: (-child.total.lut, child.name))
        return Instance(name, modules[module].kind, resources[module], children)

    top = top_of(modules)
    return instance(top, top)


def top_of(modules: Mapping[str, Module]) -> str:
    """Return the name of the module that no other one contains."""
    inner = {kind for module in modules.values() for kind, _ in module.cells()}
    return next(name for name in modules if name not in inner)


def by_kind(top: Instance) -> dict[str, dict]:
    """Return the resources of each kind of module, the top first.

    Each kind maps to a dictionary with ``instances``, its number in the design, and the resources
    of its largest instance including submodules.
    """
    instances: dict[str, int] = {}
    largest: dict[str, Resources] = {}
    for one in top.walk():
        instances[one.kind] = instances.get(one.kind, 0) + 1
        largest[one.kind] = one.total.largest(largest.get(one.kind, Resources()))
    kinds = sorted(instances, key=lambda kind: (kind != top.kind, kind))
    return {kind: {"instances": instances[kind], **asdict(largest[kind])} for kind in kinds}
