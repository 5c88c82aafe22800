"""The design as a tree of instances with their resource usage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar

from flows.synth.rtlil import Module


class Usage(Protocol):
    """What a module uses: primitives of a device, or standard cells."""

    def __add__(self, other: Any, /) -> Any:
        """Return the sum."""

    def largest(self, other: Any, /) -> Any:
        """Return the larger of each."""

    @property
    def size(self) -> float:
        """What instances are sorted by."""


Used = TypeVar("Used", bound=Usage)


@dataclass
class Instance(Generic[Used]):
    """One instance: `own` is its own usage, `total` includes all its submodules."""

    name: str
    kind: str
    own: Used
    children: list[Instance[Used]] = field(default_factory=list)

    @cached_property
    def total(self) -> Used:
        """Its usage including all submodules."""
        return sum((child.total for child in self.children), self.own)

    def walk(self) -> Iterator[Instance[Used]]:
        """Yield this instance and all those in it."""
        yield self
        for child in self.children:
            yield from child.walk()

    def as_json(self, usage: Callable[[Any], dict] = asdict) -> dict:
        """Return name, kind, own and total usage, and children for JSON."""
        return {
            "name": self.name,
            "kind": self.kind,
            "total": usage(self.total),
            "own": usage(self.own),
            "children": [child.as_json(usage) for child in self.children],
        }


def tree(modules: Mapping[str, Module], usage: Mapping[str, Used]) -> Instance[Used]:
    """Return the design's tree; `usage` is what each module itself uses, by its name."""
    contained = {
        name: [cell for cell in module.cells() if cell[0] in modules]
        for name, module in modules.items()
    }

    def instance(module: str, name: str) -> Instance[Used]:
        children = [instance(*cell) for cell in contained[module]]
        children.sort(key=lambda child: (-child.total.size, child.name))
        return Instance(name, modules[module].kind, usage[module], children)

    top = top_of(modules)
    return instance(top, top)


def top_of(modules: Mapping[str, Module]) -> str:
    """Return the name of the module that no other one contains."""
    inner = {kind for module in modules.values() for kind, _ in module.cells()}
    return next(name for name in modules if name not in inner)


def by_kind(top: Instance[Used], usage: Callable[[Any], dict] = asdict) -> dict[str, dict]:
    """Return what each kind of module uses, the top first.

    Each kind maps to a dictionary with ``instances``, its number in the design, and the usage of
    its largest instance including submodules.
    """
    instances: dict[str, int] = {}
    largest: dict[str, Used] = {}
    for one in top.walk():
        instances[one.kind] = instances.get(one.kind, 0) + 1
        largest[one.kind] = one.total.largest(largest.get(one.kind, one.total))
    kinds = sorted(instances, key=lambda kind: (kind != top.kind, kind))
    return {kind: {"instances": instances[kind], **usage(largest[kind])} for kind in kinds}
