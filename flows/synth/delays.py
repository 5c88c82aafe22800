"""How long signals take through a device's primitives: what the timing estimate adds up.

Every figure is an estimate in nanoseconds, before placement. docs/synthesis.md tells where they
come from, and how far off they are where a placed and routed design has been measured.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from flows.errors import HeepstorError
from flows.synth.netlist import Pins, Primitive


@dataclass(frozen=True)
class Arc:
    """A way through a primitive, from a net at an input to a net at an output.

    `levels` is 1 for a look-up table. The net before it adds the delay of a routed one, unless
    `is_near`: a wire within a slice.
    """

    source: int
    target: int
    delay: float
    levels: int = 0
    is_near: bool = False


@dataclass(frozen=True)
class Behaviour:
    """A primitive's timing: ways through it, and where paths begin and end.

    `starts` are outputs of registers with the delay from the clock, `ends` inputs of registers with
    their set-up time; `clocks` the nets that clock it. `divided` is the clock behind a
    divider.
    """

    arcs: tuple[Arc, ...] = ()
    starts: tuple[tuple[int, float], ...] = ()
    ends: tuple[tuple[int, float], ...] = ()
    clocks: tuple[int, ...] = ()
    divided: int | None = None


Model = Callable[[Primitive, frozenset[int]], Behaviour]
"""Returns a primitive's behaviour; the second argument are the nets driven by look-up tables."""


@dataclass(frozen=True)
class Delays:
    """A family's delays. A net takes `net`, and `fan_out` for each load but the first one, of which
    at most `most_fan_out` counts. `levels` names what a level of logic is."""

    net: float
    fan_out: float
    most_fan_out: float
    models: Mapping[str, Model]
    """By regular expressions for the types of primitives."""

    def behaviour(self, primitive: Primitive, luts: frozenset[int]) -> Behaviour:
        """Return a primitive's timing. Raises HeepstorError for a type without a model."""
        for pattern, model in self.models.items():
            if re.fullmatch(pattern, primitive.type):
                return model(primitive, luts)
        raise HeepstorError(f"no delays are known of the primitive {primitive.type}")


LUT = re.compile(r"LUT\d|INV")
"""Types of look-up tables, of all families."""


def _inputs(pins: Pins, pattern: str) -> Iterator[int]:
    """Yield the nets at the ports whose names match."""
    for port, nets in pins.items():
        if re.fullmatch(pattern, port):
            yield from nets


def _table(delay: float, output: str) -> Model:
    """A look-up table."""

    def model(primitive: Primitive, luts: frozenset[int]) -> Behaviour:
        (target,) = primitive.pins[output]
        sources = _inputs(primitive.pins, rf"(?!{output}$).*")
        return Behaviour(tuple(Arc(source, target, delay, 1) for source in sources))

    return model


def _multiplexer(delay: float, output: str, near: str) -> Model:
    """A multiplexer of look-up tables' outputs, which it is wired to within the slice."""

    def model(primitive: Primitive, luts: frozenset[int]) -> Behaviour:
        (target,) = primitive.pins[output]
        return Behaviour(
            tuple(
                Arc(net, target, delay, 0, re.fullmatch(near, port) is not None)
                for port, (net,) in primitive.pins.items()
                if port != output
            )
        )

    return model


@dataclass(frozen=True)
class _Register:
    """A primitive that keeps what its inputs are at a clock's edge."""

    clock: str
    outputs: str
    from_clock: float
    setup: float

    def __call__(self, primitive: Primitive, luts: frozenset[int]) -> Behaviour:
        pins = primitive.pins
        ends = _inputs(pins, rf"(?!({self.clock}|{self.outputs})$).*")
        return Behaviour(
            starts=tuple((net, self.from_clock) for net in _inputs(pins, self.outputs)),
            ends=tuple((net, self.setup) for net in ends),
            clocks=tuple(_inputs(pins, self.clock)),
        )


def _lut_ram(primitive: Primitive, luts: frozenset[int]) -> Behaviour:
    """A memory made of look-up tables: written at the clock, read at once."""
    pins, reads = primitive.pins, _reads_of_lut_ram(primitive)
    outputs = {net for _, nets in reads for net in nets}
    arcs = (Arc(a, out, 0.15, 1) for address, outs in reads for a in address for out in outs)
    write = r"WE\d*|CE|DI[A-H]?|D"
    last = {"RAM32M": "ADDRD", "RAM64M": "ADDRD", "RAM32M16": "ADDRH", "RAM64M8": "ADDRH"}
    write_address = last.get(primitive.type, r"A\d*")
    return Behaviour(
        arcs=tuple(arcs),
        starts=tuple((net, 0.6) for net in outputs),
        ends=tuple((net, 0.1) for net in _inputs(pins, f"{write}|{write_address}")),
        clocks=tuple(_inputs(pins, "WCLK|CLK")),
    )


def _reads_of_lut_ram(primitive: Primitive) -> list[tuple[list[int], list[int]]]:
    """Return addresses and outputs of each port that can be read."""
    pins = primitive.pins
    if any(port.startswith("ADDR") for port in pins):
        return [
            (pins[port], pins["DO" + port[4:]])
            for port in pins
            if port.startswith("ADDR") and "DO" + port[4:] in pins
        ]
    address = list(_inputs(pins, r"A\d*"))
    reads = [
        (address, list(_inputs(pins, r"SPO|O|Q"))),
    ]
    if "DPO" in pins:
        reads.append((list(_inputs(pins, r"DPRA\d*")), pins["DPO"]))
    return reads


def _carry_4(primitive: Primitive, luts: frozenset[int]) -> Behaviour:
    """A carry chain of four bits."""
    pins = primitive.pins
    arcs = []
    for port, delay in (("O", 0.12), ("CO", 0.0)):
        for bit, target in enumerate(pins[port]):
            for name in ("CI", "CYINIT"):
                is_chain = name == "CI"
                arcs += [
                    Arc(net, target, 0.015 * (bit + 1) + delay, 0, is_chain)
                    for net in pins.get(name, [])
                ]
            for name in ("S", "DI"):
                for source_bit in range(bit + 1 if (name, port) != ("DI", "O") else bit):
                    net = pins[name][source_bit]
                    is_near = name == "S" and net in luts
                    through = 0.25 + 0.015 * (bit - source_bit) + delay + 0.05 * is_near
                    # A signal that is no look-up table's goes through one all the same.
                    arcs.append(Arc(net, target, through, 0, is_near))
    return Behaviour(tuple(arcs))


def _dsp48(primitive: Primitive, luts: frozenset[int]) -> Behaviour:
    """A DSP48E2: the registers that it uses cut its paths."""
    pins = primitive.pins
    outputs = [net for port in ("P", "PCOUT", "CARRYOUT") for net in pins.get(port, [])]

    def registers(name: str) -> int:
        return int(primitive.parameters.get(name, "1"), 2)

    has_product, has_result = registers("MREG"), registers("PREG")
    arcs, starts, ends = [], [], []
    # To the multiplier's end; from there through the adder.
    multiply, add = 1.5, 0.8
    for port, nets in pins.items():
        if port in ("CLK", "P", "PCOUT", "CARRYOUT", "ACOUT", "BCOUT"):
            continue
        is_factor = port in ("A", "B", "D", "ACIN", "BCIN")
        own = registers(f"{port}REG") if port in ("A", "B", "C", "D") else 0
        if port.startswith(("CE", "RST")) or own or (is_factor and (has_product or has_result)):
            to_register = 0.3
            if is_factor and not own and not port.startswith(("CE", "RST")):
                to_register = multiply if has_product else multiply + add
            ends += [(net, to_register) for net in nets]
        elif has_result:
            ends += [(net, add) for net in nets]
        else:
            delay = multiply + add if is_factor else add
            arcs += [Arc(net, out, delay) for net in set(nets) for out in outputs]
    if has_result:
        starts = [(net, 0.3) for net in outputs]
    elif has_product:
        starts = [(net, 0.2 + add) for net in outputs]
    elif registers("AREG") or registers("BREG"):
        starts = [(net, 0.2 + multiply + add) for net in outputs]
    return Behaviour(tuple(arcs), tuple(starts), tuple(ends), tuple(pins.get("CLK", ())))


def _clock_divider(primitive: Primitive, luts: frozenset[int]) -> Behaviour:
    """A buffer that divides a clock."""
    return Behaviour(clocks=tuple(primitive.pins["I"]), divided=primitive.pins["O"][0])


XILINX = Delays(
    net=0.33,
    fan_out=0.012,
    most_fan_out=0.6,
    models={
        LUT.pattern: _table(0.12, "O"),
        r"MUXF[789]": _multiplexer(0.09, "O", r"I\d"),
        r"CARRY4": _carry_4,
        r"FD[RSCP]E(_1)?|LD[CP]E": _Register("C|G", "Q", 0.09, 0.05),
        r"RAM\d+.*|SRL.*": _lut_ram,
        r"RAMB\d+E\d": _Register(r"CLK\w+", r"DO\w+|CAS\w*OUT\w*", 1.0, 0.35),
        r"URAM288(_BASE)?": _Register(r"CLK", r"DOUT_\w|CAS_OUT\w*|RDACCESS\w*", 1.5, 0.35),
        r"DSP48E[12]": _dsp48,
        r"BUFGCE_DIV": _clock_divider,
        r"BUFG": lambda primitive, luts: Behaviour(),
    },
)
"""UltraScale+ of speed grade -2 (XCZU7EV of the ZCU104)."""
