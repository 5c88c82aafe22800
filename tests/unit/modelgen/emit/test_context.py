"""What the templates print: pointers, names, and the statements of infer()."""

from __future__ import annotations

from dataclasses import replace

from modelgen.emit.context import Pointers, _body, _offsets, _text, model_context
from modelgen.hardware import Hardware
from modelgen.ir.graph import Graph, Tensor
from modelgen.plan.compiler import compile_graph
from modelgen.targets.base import Statement
from tests.support.compiled import program_with_an_arena
from tests.support.graph_builder import GraphBuilder


def test_pointers_into_input_and_output() -> None:
    program = program_with_an_arena()
    pointers = Pointers(program)
    last = program.graph.nodes[-1]
    assert pointers.is_argument("x") == "input" and pointers.pointer("x") == "input"
    assert pointers.is_argument(last.output) == "output"
    assert pointers.pointer(last.output, 8) == "output + 2"


def test_pointers_into_the_arena() -> None:
    """Three tensors that are read at the end: one of them lies behind the others."""
    builder = GraphBuilder(1, 6)
    first, second = builder.softmax("x"), builder.softmax(builder.softmax("x"))
    total = builder.pointwise(builder.softmax(first), residual=second)
    program = compile_graph(builder.build(total), Hardware(array_size=4))
    pointers = Pointers(program)
    name, offset = max(program.arena.offsets.items(), key=lambda item: item[1])
    assert offset > 0 and pointers.is_argument(name) == ""
    assert pointers.pointer(name) == f"arena + {offset // 4}"
    assert pointers.pointer(name, 12) == f"arena + {offset // 4 + 3}"


def test_variables_of_the_templates() -> None:
    builder = GraphBuilder(2, 6)
    graph = builder.build(builder.softmax(builder.linear("x", 4)))
    context = model_context(compile_graph(graph, Hardware(array_size=4)), "a title")
    assert (context["title"], context["batch"]) == ("a title", 2)
    assert (context["input_text"], context["input_size"]) == ("2 x 6", 12)
    assert (context["output_text"], context["output_size"]) == ("2 x 4", 8)
    assert context["arena_floats"] * 4 == context["arena_bytes"] >= 32
    engine, cpu = context["layers"]
    assert engine["profile"] == "&profiles[0]" and engine["cycles"] == "nullptr"
    assert cpu["profile"] == "nullptr" and cpu["cycles"] == "&cpu_cycles[0]"
    assert "softmax.hpp" in context["headers"]


def test_constants_for_where_inputs_and_outputs_begin() -> None:
    def tensor(name: str, *shape: int) -> Tensor:
        return Tensor(name, shape)

    tensors = [tensor("a.1", 2, 3), tensor("a_1", 2), tensor("fc1.copy", 2, 5), tensor("y", 4)]
    names = [each.name for each in tensors]
    graph = Graph(
        tuple(names[:2]), tuple(names[2:]), 2, (), {each.name: each for each in tensors}, {}
    )
    assert [(each["constant"], each["first"]) for each in _offsets(graph)] == [
        ("kA1Offset", 0),
        ("kA1Offset_", 6),
        ("kFc1CopyOffset", 0),
        ("kYOffset", 10),
    ]
    assert _text(graph, graph.inputs) == "a.1 (2 x 3), then a_1 (2)"
    single = replace(graph, inputs=("y",), outputs=("a_1",))
    assert _offsets(single) == [] and _text(single, single.inputs) == "4"


RUN, CALL = Statement(result="engine::run(a)"), Statement(lines=("f();",))


def test_a_chain_alone_is_returned() -> None:
    assert _body([RUN]) == ["return engine::run(a);"]


def test_the_cpu_works_only_where_the_engine_has_succeeded() -> None:
    assert _body([RUN, CALL]) == [
        "const engine::Result result = engine::run(a);",
        "if (!result.ok()) return result;",
        "f();",
        "return result;",
    ]


def test_what_begins_on_the_cpu_and_ends_there() -> None:
    assert _body([CALL, RUN, CALL, RUN]) == [
        "engine::Result result;",
        "f();",
        "result = engine::run(a);",
        "if (!result.ok()) return result;",
        "f();",
        "result = engine::run(a);",
        "return result;",
    ]
    assert _body([CALL]) == ["engine::Result result;", "f();", "return result;"]
