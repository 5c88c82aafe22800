"""The worst paths, by OpenSTA: ideal clocks, no wires, memories without a delay."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from flows.errors import HeepstorError
from flows.synth.flattening import Mapped
from flows.synth.silicon import memories, verilog
from flows.synth.silicon.cells import REGISTERS
from flows.synth.silicon.technology import Technology
from flows.synth.timing import Path as TimingPath
from flows.synth.timing import Place
from flows.system import tools
from flows.system.processes import run_lines

PERIOD = 100.0
"""Nanoseconds of each clock in the analysis; longer than every path."""
MOST_PATHS = 200
_NETLIST, _MEMORIES, _SCRIPT = "netlist.v", "memories.lib", "timing.tcl"
# Several endpoints of a register have the same path but for its bits.
_ENDPOINTS = 2_000
_END = re.compile(r"^(?P<end>Startpoint|Endpoint): (?P<path>\S+)")
_SLACK = re.compile(r"^\s+(?P<slack>-?[\d.]+)\s+slack")
_GATE = re.compile(r"\S+/\S+ \((?P<cell>\w+)\)$")
_INDEX = re.compile(r"\[\d+\]|\.\d+")


@dataclass(frozen=True)
class Report:
    """A path as OpenSTA reports it: its ends in the netlist, its slack in ns, its gates."""

    start: str
    end: str
    slack: float
    gates: int


def slowest(
    modules: Mapping[str, Mapped], top: str, technology: Technology, folder: Path
) -> list[TimingPath]:
    """Return the slowest path of each pair of registers, the slowest first, at most MOST_PATHS.

    Works in `folder`. The levels of a path are its gates. Raises HeepstorError with OpenSTA's
    messages if it fails.
    """
    _write(modules, top, technology, folder)
    names = verilog.Names(modules, top)
    found: dict[tuple, TimingPath] = {}
    for report in parse(_run(folder)):
        start, end = (_place(names, path) for path in (report.start, report.end))
        pair = tuple((place.module, _INDEX.sub("", place.name)) for place in (start, end))
        found.setdefault(pair, TimingPath(report.gates, PERIOD - report.slack, start, end))
    return list(found.values())[:MOST_PATHS]


def _write(modules: Mapping[str, Mapped], top: str, technology: Technology, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _NETLIST).open("w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in verilog.write(modules, top))
    boxes = (
        memories.of(primitive)
        for mapped in modules.values()
        for primitive in mapped.netlist.primitives
        if primitive.type == memories.TYPE
    )
    (folder / _MEMORIES).write_text(memories.library(boxes), encoding="utf-8")
    clocks = verilog.clock_ports(modules, top)
    (folder / _SCRIPT).write_text(script(technology.liberty, clocks), encoding="utf-8")


def script(liberty: Path, clocks: list[str]) -> str:
    """Return the commands for OpenSTA; `clocks` are ports of the netlist. Each is by itself."""
    created = [
        f"create_clock -name {clock} -period {PERIOD} [get_ports {clock}]" for clock in clocks
    ]
    groups = " ".join(f"-group {clock}" for clock in clocks)
    ports = [
        "set inputs {}",
        "foreach port [all_inputs] {",
        f"  if {{[lsearch {{{' '.join(clocks)}}} [get_property $port full_name]] < 0}} {{",
        "    lappend inputs $port",
        "  }",
        "}",
        f"set_input_delay 0 -clock {clocks[0]} $inputs",
        f"set_output_delay 0 -clock {clocks[0]} [all_outputs]",
    ]
    return "\n".join(
        [
            f"read_liberty {liberty}",
            f"read_liberty {_MEMORIES}",
            f"read_verilog {_NETLIST}",
            f"link_design {verilog.TOP}",
            *created,
            *([f"set_clock_groups -asynchronous {groups}"] if len(clocks) > 1 else []),
            *ports,
            f"report_checks -path_delay max -format full -digits 3 -group_count {_ENDPOINTS}",
            "exit",
            "",
        ]
    )


def _run(folder: Path) -> list[str]:
    printed: list[str] = []
    program = tools.OPENSTA.path() or tools.OPENSTA.commands[0]
    code = run_lines(
        [program, "-no_init", "-no_splash", "-exit", _SCRIPT], printed.append, cwd=folder
    )
    wrong = [line for line in printed if line.startswith("Error")]
    if code != 0 or wrong:
        said = "\n".join("  | " + line for line in (wrong or printed)[-12:])
        raise HeepstorError(f"OpenSTA failed (exit code {code}):\n{said}\nIts input: {folder}")
    return printed


def parse(lines: list[str]) -> Iterator[Report]:
    """Yield the paths to flip-flops, memories and outputs that `report_checks` printed."""
    ends: dict[str, str] = {}
    gates, is_reset = 0, False
    for line in lines:
        if found := _END.match(line):
            if found["end"] == "Startpoint":
                gates, is_reset = 0, False
            ends[found["end"]] = found["path"]
        elif line.startswith("Path Group: **async"):
            is_reset = True
        elif gate := _GATE.search(line):
            gates += not gate["cell"].startswith((*REGISTERS, "memory_"))
        elif (found := _SLACK.match(line)) and not is_reset:
            yield Report(ends["Startpoint"], ends["Endpoint"], float(found["slack"]), gates)


def _place(names: verilog.Names, path: str) -> Place:
    """Return an end of a path in the design."""
    instance, module, number = names.place(path)
    netlist = names.modules[module].netlist
    if number < 0:
        port = next((port for port, bit, _ in verilog.port_bits(netlist) if bit == path), path)
        return Place(instance, module, port)
    return Place(instance, module, netlist.primitives[number].known_name)
