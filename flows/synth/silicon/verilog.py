"""The mapped design as one Verilog netlist, with short names that every tool can read.

Ports have single bits. In a module, `p<port>_<bit>` is a bit of a port, `n<net>` another net,
`c<number>` a cell and `i<number>` a submodule, in the order of its netlist. `Names` translates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flows.synth.flattening import Mapped
from flows.synth.netlist import CONSTANT, Netlist, Pins
from flows.synth.silicon import memories

TOP = "top"


@dataclass(frozen=True)
class Names:
    """Translates paths in the netlist, such as ``i0/i3/c12``, to those of the design."""

    modules: Mapping[str, Mapped]
    top: str

    def place(self, path: str) -> tuple[str, str, int]:
        """Return the instance's path, its module and the number of the primitive at a path.

        The number is -1 for a path without a cell: a port of the top.
        """
        module = self.top
        instances: list[str] = []
        for part in path.split("/"):
            if part[0] != "i" or not part[1:].isdecimal():
                number = int(part[1:]) if part[0] == "c" and part[1:].isdecimal() else -1
                return ".".join(instances), module, number
            name = list(self.modules[module].netlist.boxes)[int(part[1:])]
            instances.append(name)
            module = self.modules[module].inner[name]
        return ".".join(instances), module, -1


def port_bits(netlist: Netlist) -> Iterator[tuple[str, str, int]]:
    """Yield the port's name, the bit's name in Verilog and the net of each bit of the ports."""
    for number, (port, nets) in enumerate(netlist.ports.items()):
        for bit, net in enumerate(nets):
            yield port, f"p{number}_{bit}", net


def clock_ports(modules: Mapping[str, Mapped], top: str) -> list[str]:
    """Return the bits of the top's inputs, by their names in Verilog, that clock registers.

    Those that only do so through gates are left out.
    """
    known: dict[str, frozenset[int]] = {}

    def clocks(name: str) -> frozenset[int]:
        """Return the nets of a module that are clocks."""
        if name not in known:
            netlist = modules[name].netlist
            pins = ("CLK", *memories.CLOCKS)
            own = {
                net for one in netlist.primitives for pin in pins for net in one.pins.get(pin, ())
            }
            for box, inner in modules[name].inner.items():
                behind = clocks(inner)
                for port, nets in modules[inner].netlist.ports.items():
                    outside = netlist.boxes[box].get(port, ())
                    own |= {out for out, net in zip(outside, nets, strict=False) if net in behind}
            known[name] = frozenset(own - {CONSTANT})
        return known[name]

    found = clocks(top)
    netlist = modules[top].netlist
    return [bit for port, bit, net in port_bits(netlist) if port in netlist.inputs and net in found]


def write(modules: Mapping[str, Mapped], top: str) -> Iterator[str]:
    """Yield the lines of the netlist; the module TOP contains the others.

    A module is written once for all instances with the same cells and submodules.
    """
    known: dict[tuple, str] = {}

    def written(name: str) -> Iterator[str]:
        """Write what a module contains, then itself; `names` gets its name."""
        mapped = modules[name]
        for inner in mapped.inner.values():
            if inner not in names:
                yield from written(inner)
        parts = {box: names[inner] for box, inner in mapped.inner.items()}
        key = (id(mapped.netlist), *parts.items())
        if key not in known:
            known[key] = TOP if name == top else f"m{len(known)}"
            kinds = {box: modules[inner].netlist for box, inner in mapped.inner.items()}
            yield from _module(known[key], mapped.netlist, parts, kinds)
        names[name] = known[key]

    names: dict[str, str] = {}
    yield from written(top)


def _module(
    name: str, netlist: Netlist, parts: Mapping[str, str], kinds: Mapping[str, Netlist]
) -> Iterator[str]:
    bits = list(port_bits(netlist))
    nets: dict[int, str] = {}
    for _, bit, net in sorted(bits, key=lambda one: one[0] not in netlist.inputs):
        nets.setdefault(net, bit)
    yield f"module {name} ({', '.join(bit for _, bit, _ in bits)});"
    for port, bit, net in bits:
        yield f"  {'input' if port in netlist.inputs else 'output'} {bit};"
        if net != CONSTANT and nets[net] != bit:
            yield f"  assign {bit} = {nets[net]};"

    def connected(pins: Iterator[tuple[str, int]]) -> str:
        return ", ".join(
            f".{pin}({nets.get(net, f'n{net}')})" for pin, net in pins if net != CONSTANT
        )

    for number, primitive in enumerate(netlist.primitives):
        if primitive.type == memories.TYPE:
            yield f"  {memories.of(primitive).kind} c{number} ({connected(_bits(primitive.pins))});"
        else:
            single = ((pin, pin_nets[0]) for pin, pin_nets in primitive.pins.items())
            yield f"  {primitive.type} c{number} ({connected(single)});"
    for number, (box, pins) in enumerate(netlist.boxes.items()):
        yield f"  {parts[box]} i{number} ({connected(_outside(pins, kinds[box]))});"
    yield "endmodule"


def _outside(pins: Pins, inner: Netlist) -> Iterator[tuple[str, int]]:
    """Yield the name of each bit of a submodule's ports, and the net outside."""
    bits = (bit for _, bit, _ in port_bits(inner))
    nets = (net for port, inside in inner.ports.items() for net in _padded(pins, port, inside))
    yield from zip(bits, nets, strict=True)


def _padded(pins: Pins, port: str, inner: list[int]) -> list[int]:
    """Return the nets outside a port, as many as it has inside."""
    outside = pins.get(port, [])
    return [*outside, *[CONSTANT] * (len(inner) - len(outside))]


def _bits(pins: Pins) -> Iterator[tuple[str, int]]:
    """Yield the name and the net of each single pin."""
    for pin, nets in pins.items():
        for bit, net in enumerate(nets):
            yield f"{pin}_{bit}", net
