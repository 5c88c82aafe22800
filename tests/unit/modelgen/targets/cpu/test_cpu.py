"""The CPU as a target: what it computes, and the C++ that it gives."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from modelgen.emit.context import Pointers
from modelgen.hardware import Hardware
from modelgen.ir.graph import ElementType, Graph, Node, Tensor
from modelgen.operators import ByteTable, Permute, Slice, Softmax
from modelgen.operators.base import Kernel
from modelgen.plan.compiler import compile_graph
from modelgen.plan.program import Program
from modelgen.targets.cpu import DATA, Cpu
from tests.support.graph_builder import GraphBuilder
from tests.support.integer_graphs import IntegerGraph


@pytest.fixture
def graph() -> Graph:
    """Softmax, a linear layer, softmax again."""
    builder = GraphBuilder(1, 6)
    return builder.build(builder.softmax(builder.linear(builder.softmax("x"), 4)))


@pytest.fixture
def program(graph: Graph) -> Program:
    return compile_graph(graph, Hardware(array_size=4))


def test_what_has_a_kernel_is_supported(graph: Graph) -> None:
    softmax, linear, _ = graph.nodes
    assert Cpu().supports(graph, softmax) is None
    assert Cpu().supports(graph, linear) == "the device library has no kernel for linear"


def test_factors_without_a_form_are_named() -> None:
    """A sum times 2^31 is beyond all bounds unless it is 0."""
    built = IntegerGraph(1, 4)
    graph = built.build(built.linear("x", 3))
    (node,) = graph.nodes
    assert Cpu().supports(graph, node) is None
    graph.constants[node.constants["shift"]][1] = 31
    assert Cpu().supports(graph, node) == (
        "a channel's rounding has no form that the kernels of the device library compute"
    )


def test_its_layers_keep_their_tensors_in_memory(program: Program) -> None:
    lowered = Cpu().lower(program.network)
    assert list(lowered.layers) == [0, 2]
    assert lowered.in_memory == {"x", *(node.output for node in program.graph.nodes)}
    assert not lowered.sections and not lowered.overwrites


def test_what_the_report_gets(program: Program) -> None:
    layer = program.segments[0].layers[0]
    entry = Cpu().describe(program.network, layer, None)
    assert (entry["op"], entry["shape"], entry["macs"]) == ("softmax", "1 x 6", 0)
    assert entry["activation_bytes"] == 2 * 6 * 4, "read and written"


def test_cycles_are_those_of_the_kernel(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel("softmax.hpp", "softmax", cycles=12.6)
    monkeypatch.setattr(Softmax, "kernel", lambda *_: kernel)
    first, _, last = program.segments
    assert Cpu().cost(program.network, first) == Cpu().cost(program.network, last) == [13]


def test_each_layer_is_a_call_whose_cycles_are_counted(program: Program) -> None:
    cpu = Cpu()
    code = cpu.emit(program.network, program.segments_of(cpu), Pointers(program))
    assert code.headers == ("cycles.hpp", "softmax.hpp"), "each once"
    assert "cpu_cycles[2];" in code.definitions
    assert code.cycles == {0: "&cpu_cycles[0]", 2: "&cpu_cycles[1]"}
    first, last = (statement.lines for statement in code.statements)
    assert any(">(input, " in line for line in first)
    assert last[-1] == "cpu_cycles[1] = heepstor::cycles() - start_1;"
    assert not any(statement.result for statement in code.statements), "nothing can fail"


def test_a_kernel_with_a_table_gets_one_of_its_own() -> None:
    tensors = {name: Tensor(name, shape) for name, shape in (("x", (1, 3, 4)), ("y", (1, 4, 3)))}
    turn = Node("turn", Permute((0, 2, 1)), ("x",), "y")
    program = compile_graph(Graph(("x",), ("y",), 1, (turn,), tensors, {}), Hardware())
    code = Cpu().emit(program.network, program.segments, Pointers(program))
    assert "/// Of turn.\nconstexpr heepstor::Box<2> table_0[] = {" in code.definitions
    assert "heepstor::move(input, output, table_0);" in code.statements[0].lines


def test_without_layers_there_is_no_code(program: Program) -> None:
    assert Cpu().emit(program.network, [], Pointers(program)).definitions == ""


def test_it_runs_on_the_reference(program: Program) -> None:
    class Memory(dict):
        def read(self, name: str) -> np.ndarray:
            return self[name]

        def write(self, name: str, values: np.ndarray) -> None:
            self[name] = values

    machine = Memory(x=np.zeros((1, 6), np.float32))
    executor = Cpu().executor(program.network, program.segments, machine)
    executor.begin()
    executor.run(program.segments[0])
    np.testing.assert_allclose(machine[program.graph.nodes[0].output], np.full((1, 6), 1 / 6))


def tables(count: int) -> Program:
    """Return a program that looks up a table several times, then another one."""
    names = [f"t{index}" for index in range(count + 1)]
    tensors = {name: Tensor(name, (1, 5), ElementType.INT8) for name in names}
    constants = {name: np.full(256, index // count, np.int8) for index, name in enumerate(names)}
    nodes = tuple(
        Node(after, ByteTable("any"), (before,), after, {"table": f"{after}.table"})
        for before, after in pairwise(names)
    )
    values = {f"{name}.table": constants[name] for name in names}
    graph = Graph((names[0],), (names[-1],), 1, nodes, tensors, values)
    return compile_graph(graph, Hardware())


def test_equal_arrays_of_kernels_are_in_memory_once() -> None:
    program = tables(3)
    assert program.sections[DATA] == bytes(256) + bytes([1] * 256)
    (code,) = (
        Cpu().emit(program.network, program.segments_of(target), Pointers(program))
        for target in program.targets
        if target.name == Cpu.name
    )
    calls = [line for line in code.statements[0].lines if "look_up" in line]
    assert [f"model_{DATA})" in call for call in calls] == [True, True, False]
    assert f"model_{DATA} + 256)" in calls[2]
    assert f"model_{DATA}[]" in code.externals


def test_copies_leave_gaps_and_nothing_else_does() -> None:
    copy = Node("copy", Slice((0,), (3,), (1,)), ("x",), "y")
    assert Cpu().leaves_gaps(copy, in_words=False)
    assert not Cpu().leaves_gaps(Node("turn", Permute((1, 0)), ("x",), "y"), in_words=True)
