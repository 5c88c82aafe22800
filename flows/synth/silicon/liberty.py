"""Standard cells in a liberty file: their functions, capacitances, and energies of transitions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from flows.errors import HeepstorError

_COMMENT = re.compile(r"/\*.*?\*/|\\\n", re.DOTALL)
_TOKEN = re.compile(r'"(?P<text>[^"]*)"|(?P<mark>[(){}:;,])|(?P<word>[^\s(){}:;,"]+)')
_LOGIC = re.compile(r"[A-Za-z_]\w*|[()!'^+*&|]")

Function = Callable[[dict[str, np.ndarray]], np.ndarray]
"""Gives a pin's values from those of the cell's inputs, by their names."""


@dataclass
class Group:
    """A group of the file: ``kind (name) { attribute : value; inner groups }``."""

    kind: str
    name: str
    values: dict[str, str] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)

    def all(self, kind: str) -> list[Group]:
        """Return the inner groups of a kind."""
        return [group for group in self.groups if group.kind == kind]


@dataclass(frozen=True)
class Pin:
    """A pin: its capacitance in pF, and what it does.

    `energies` are tables of the energy in pJ of a rising or a falling edge of it, for each input
    that may cause it; `function` is None for inputs and for a register's output.
    """

    capacitance: float
    is_output: bool
    is_clock: bool
    function: Function | None
    energies: tuple[Table, ...]

    def energy(self, load: float, transition: float) -> float:
        """Return the mean energy in pJ of an edge, with a load in pF and a transition in ns."""
        found = [table.at(load, transition) for table in self.energies]
        return sum(found) / len(found) if found else 0.0


@dataclass(frozen=True)
class Cell:
    """A cell: its leakage in nW, and its pins by name."""

    leakage: float
    pins: dict[str, Pin]


@dataclass(frozen=True)
class Table:
    """A table over the load in pF and the input's transition in ns; of one row without a load."""

    loads: np.ndarray
    transitions: np.ndarray
    values: np.ndarray

    def at(self, load: float, transition: float) -> float:
        """Return the value between the table's points; at its edges beyond them."""
        rows = [np.interp(transition, self.transitions, row) for row in self.values]
        return float(np.interp(load, self.loads, rows))


def read(path: Path) -> dict[str, Cell]:
    """Return the cells of a file by name, energies in pJ and capacitances in pF.

    Raises HeepstorError if it is not a liberty file with these units.
    """
    text = _COMMENT.sub(" ", path.read_text(encoding="utf-8"))
    try:
        library = _group(_tokens(text))
        _check_units(library)
        templates = {
            one.name: [one.values[f"variable_{n}"] for n in (1, 2) if f"variable_{n}" in one.values]
            for one in library.all("power_lut_template")
        }
        return {cell.name: _cell(cell, templates) for cell in library.all("cell")}
    except (KeyError, ValueError, StopIteration, IndexError) as error:
        raise HeepstorError(f"{path} is not a liberty file that can be read: {error!r}") from None


def _check_units(library: Group) -> None:
    units = {"voltage_unit": "1V", "leakage_power_unit": "1nW", "time_unit": "1ns"}
    for name, unit in units.items():
        if library.values.get(name) != unit:
            raise ValueError(f"{name} is {library.values.get(name)}; expected {unit}")
    if library.values.get("capacitive_load_unit", "").lower() != "1 pf":
        raise ValueError("capacitive_load_unit is not 1 pf")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """Yield kind and content of each token."""
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup or ""
        yield kind, found[kind]


def _group(tokens: Iterator[tuple[str, str]]) -> Group:
    """Read the file's only group."""
    outer = Group("", "")
    _fill(outer, tokens)
    return outer.groups[0]


def _fill(outer: Group, tokens: Iterator[tuple[str, str]]) -> None:
    """Read statements up to the bracket that ends the group around them."""
    name = ""
    arguments: list[str] = []
    for kind, token in tokens:
        if kind != "mark":
            name = token
        elif token == "}":
            return
        elif token == ":":
            outer.values[name] = next(tokens)[1]
        elif token == "(":
            arguments = list(_arguments(tokens))
            outer.values[name] = " ".join(arguments)
        elif token == "{":
            del outer.values[name]
            inner = Group(name, " ".join(arguments))
            _fill(inner, tokens)
            outer.groups.append(inner)


def _arguments(tokens: Iterator[tuple[str, str]]) -> Iterator[str]:
    for kind, token in tokens:
        if kind == "mark" and token == ")":
            return
        if kind != "mark":
            yield token


def _cell(group: Group, templates: dict[str, list[str]]) -> Cell:
    registers = (one for kind in ("ff", "latch") for one in group.all(kind))
    inner = {name for one in registers for name in one.name.split()}
    pins = {pin.name: _pin(pin, inner, templates) for pin in group.all("pin")}
    return Cell(float(group.values.get("cell_leakage_power", 0.0)), pins)


def _pin(group: Group, states: set[str], templates: dict[str, list[str]]) -> Pin:
    text = group.values.get("function", "")
    is_state = bool(states & set(re.findall(r"\w+", text)))
    return Pin(
        capacitance=float(group.values.get("capacitance", 0.0)),
        is_output=group.values.get("direction") == "output",
        is_clock=group.values.get("clock") == "true",
        function=logic(text) if text and not is_state else None,
        energies=tuple(
            _table(table, templates)
            for one in group.all("internal_power")
            for table in (*one.all("rise_power"), *one.all("fall_power"))
        ),
    )


def _table(group: Group, templates: dict[str, list[str]]) -> Table:
    variables = templates[group.name]
    axes = {
        name: np.array(_numbers(group.values[f"index_{number}"]))
        for number, name in enumerate(variables, start=1)
    }
    shape = [len(axis) for axis in axes.values()]
    values = np.array(_numbers(group.values["values"])).reshape(shape)
    transitions = axes["input_transition_time"]
    loads = axes.get("total_output_net_capacitance", np.zeros(1))
    if variables[0] == "input_transition_time":
        values = values.reshape(len(transitions), -1).T
    return Table(loads, transitions, values)


def _numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d[\d.eE+-]*", text)]


def logic(text: str) -> Function:
    """Return a function of liberty's notation: ! or ' inverts, * & or a space is AND, + | is OR."""
    words = _LOGIC.findall(text)
    function, rest = _either(words)
    if rest:
        raise ValueError(f"{text} goes on with {rest[0]}")
    return function


def _either(words: list[str]) -> tuple[Function, list[str]]:
    left, words = _both(words)
    while words and words[0] in "+|":
        right, words = _both(words[1:])
        left = _joined(np.logical_or, left, right)
    return left, words


def _both(words: list[str]) -> tuple[Function, list[str]]:
    left, words = _differing(words)
    while words and words[0] not in "+|)":
        right, words = _differing(words[1:] if words[0] in "*&" else words)
        left = _joined(np.logical_and, left, right)
    return left, words


def _differing(words: list[str]) -> tuple[Function, list[str]]:
    left, words = _single(words)
    while words and words[0] == "^":
        right, words = _single(words[1:])
        left = _joined(np.logical_xor, left, right)
    return left, words


def _single(words: list[str]) -> tuple[Function, list[str]]:
    first, *words = words
    if first == "!":
        inner, words = _single(words)
        function = _inverted(inner)
    elif first == "(":
        function, (_, *words) = _either(words)
    else:
        function = _input(first)
    while words and words[0] == "'":
        function, words = _inverted(function), words[1:]
    return function, words


def _input(name: str) -> Function:
    return lambda values: values[name]


def _inverted(inner: Function) -> Function:
    return lambda values: np.logical_not(inner(values))


def _joined(operation: Callable, left: Function, right: Function) -> Function:
    return lambda values: operation(left(values), right(values))
