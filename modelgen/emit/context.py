"""The variables of the templates of model.hpp and model.cpp, as plain values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from modelgen.ir.graph import ElementType, Graph
from modelgen.ir.packing import (
    input_element,
    input_offsets,
    input_words,
    output_element,
    output_offsets,
    output_words,
)
from modelgen.plan.program import CONSTANTS, Program
from modelgen.targets.base import Code, Statement

WORD_BYTES = 4


class Pointers:
    """C++ expressions for tensor addresses; see `modelgen.targets.base.Pointers`."""

    def __init__(self, program: Program) -> None:
        self._program = program

    @cached_property
    def _arguments(self) -> dict[str, tuple[str, int]]:
        """Buffer -> "input" or "output", and where it begins there, in values."""
        network = self._program.network
        graph = network.graph
        parts = {"input": input_offsets(graph), "output": output_offsets(graph)}
        return {
            network.buffer(name): (part, first)
            for part, ends in parts.items()
            for name, first in ends.items()
        }

    def is_argument(self, tensor: str) -> str:
        """Return "input" or "output" for a tensor in a caller's buffer, "" for one in the arena."""
        return self._arguments.get(self._program.network.buffer(tensor), ("", 0))[0]

    def argument_offset(self, tensor: str, offset: int) -> int:
        """Return the index, in the caller's buffer, of the value `offset` bytes into a tensor."""
        _, first = self._arguments.get(self._program.network.buffer(tensor), ("", 0))
        element = self._program.graph.tensors[tensor].element
        return first + self._program.network.views[tensor].offset + offset // element.bytes

    def pointer(self, tensor: str, offset: int = 0) -> str:
        """Return the pointer to the value `offset` bytes into the tensor."""
        index = self.argument_offset(tensor, offset)
        program, buffer = self._program, self._program.network.buffer(tensor)
        element = program.graph.tensors[tensor].element
        name = self.is_argument(tensor)
        if not name:
            is_constant = buffer in program.constant_offsets
            offsets = program.constant_offsets if is_constant else program.arena.offsets
            index += offsets[buffer] // element.bytes
            name = "model_constants" if is_constant else "arena"
            name = name if element is ElementType.FP32 else f"heepstor::as_int8({name})"
        return f"{name} + {index}" if index else name


def model_context(program: Program, title: str) -> dict[str, Any]:
    """Return the variables of the templates."""
    graph = program.graph
    pointers = Pointers(program)
    codes = {
        target.name: target.emit(program.network, program.segments_of(target), pointers)
        for target in program.targets
    }
    parts = list(codes.values())
    setup = [line for code in parts for line in code.setup]
    body = _body(list(_statements(program, codes)))
    return {
        "title": title,
        "batch": graph.batch,
        "input_text": _text(graph, graph.inputs),
        "input_size": input_words(graph),
        "output_text": _text(graph, graph.outputs),
        "output_size": output_words(graph),
        **element_types(graph),
        "meanings": _meanings(graph),
        "offsets": _offsets(graph),
        "arena_bytes": program.arena.size,
        "arena_floats": program.arena.size // WORD_BYTES,
        "arena_comment": _arena_comment(program),
        "headers": [header for code in parts for header in code.headers],
        "externals": [code.externals for code in parts if code.externals],
        "has_constants": bool(program.sections[CONSTANTS]),
        "definitions": [code.definitions for code in parts if code.definitions],
        "input_name": "input" if _names_input([*setup, *body]) else "",
        "setup": setup,
        "layers": list(_layers(program, codes)),
        "body": body,
    }


def element_types(graph: Graph) -> dict[str, str]:
    """Return the C++ types of the elements of inputs and outputs."""
    return {"input_type": input_element(graph).cpp, "output_type": output_element(graph).cpp}


def _meanings(graph: Graph) -> list[dict[str, Any]]:
    """Return scale and zero point of each input and output of integers."""
    found = []
    for kind, names in (("input", graph.inputs), ("output", graph.outputs)):
        for name in names:
            quantization = graph.tensors[name].quantization
            if quantization is not None:
                scale, zero_point = quantization.texts()
                subject = _camel_case(name) if len(names) > 1 else kind.capitalize()
                what = f"{kind} {name}" if len(names) > 1 else kind
                found.append(
                    {"subject": subject, "what": what, "scale": scale, "zero_point": zero_point}
                )
    return found


def _names_input(lines: Iterable[str]) -> bool:
    """Return whether infer() reads its input: windows may see nothing but padding."""
    return any(re.search(r"\binput\b", line) for line in lines)


def _text(graph: Graph, names: Iterable[str]) -> str:
    """Return the shapes of inputs or outputs, in the order in which they follow each other."""
    shapes = {name: " x ".join(map(str, graph.tensors[name].shape)) for name in names}
    if len(shapes) == 1:
        return next(iter(shapes.values()))
    return ", then ".join(f"{name} ({shape})" for name, shape in shapes.items())


def _offsets(graph: Graph) -> list[dict[str, Any]]:
    """Return a constant for where each input begins, if there are several; outputs likewise."""
    found: dict[str, dict[str, Any]] = {}
    for kind, offsets in (("input", input_offsets(graph)), ("output", output_offsets(graph))):
        for name, first in offsets.items() if len(offsets) > 1 else ():
            constant = f"k{_camel_case(name)}Offset"
            while constant in found:
                constant += "_"
            found[constant] = {"constant": constant, "kind": kind, "name": name, "first": first}
    return list(found.values())


def _camel_case(name: str) -> str:
    """Return a tensor's name as part of a C++ identifier: "head.fc_1" becomes "HeadFc1"."""
    parts = re.findall("[0-9A-Za-z]+", name)
    return "".join(part[0].upper() + part[1:] for part in parts)


def _arena_comment(program: Program) -> str:
    places = [f"{name} at {offset // 4}" for name, offset in program.arena.offsets.items()]
    return f": {', '.join(places)}" if places else ""


def _layers(program: Program, codes: dict[str, Code]) -> Iterator[dict[str, str]]:
    for segment in program.segments:
        code = codes[segment.target]
        for layer in segment.layers:
            yield {
                "name": _literal(layer.node.name),
                "profile": code.profiles.get(layer.index, "nullptr"),
                "cycles": code.cycles.get(layer.index, "nullptr"),
            }


def _literal(text: str) -> str:
    """Return what a C++ string of a text has between its quotes; two ? might begin a trigraph."""
    return re.sub(r'([\\"?])', r"\\\1", text)


def _statements(program: Program, codes: dict[str, Code]) -> Iterator[Statement]:
    """Yield the statements of the segments in execution order."""
    left = {name: iter(code.statements) for name, code in codes.items()}
    for segment in program.segments:
        yield next(left[segment.target])


def _body(statements: list[Statement]) -> list[str]:
    """Return the lines of infer() that run the segments and return the result."""
    failing = sum(bool(statement.result) for statement in statements)
    if len(statements) == failing == 1:
        return [f"return {statements[0].result};"]
    lines: list[str] = []
    if not statements[0].result:
        lines.append("engine::Result result;")
    for number, statement in enumerate(statements):
        lines += statement.lines
        if statement.result:
            constant = "const " if failing == 1 else ""
            declaration = f"{constant}engine::Result " if number == 0 else ""
            lines.append(f"{declaration}result = {statement.result};")
            if number < len(statements) - 1:
                lines.append("if (!result.ok()) return result;")
    return [*lines, "return result;"]
