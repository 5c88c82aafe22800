"""Small mapped netlists, made by hand."""

from flows.synth.netlist import Netlist, Primitive


def register(name, clock, data, output):
    return Primitive(name, "FDRE", {}, {"C": [clock], "D": [data], "Q": [output]})


def table(output, *sources):
    pins = {f"I{n}": [source] for n, source in enumerate(sources)}
    return Primitive("lut", f"LUT{len(sources)}", {}, {**pins, "O": [output]})


def netlist(nets, primitives, ports=None, inputs=(), boxes=None):
    return Netlist(nets, ports or {}, frozenset(inputs), tuple(primitives), boxes or {})
