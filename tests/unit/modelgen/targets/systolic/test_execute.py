"""Chains on the reference: descriptors in memory, one chain after another."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.hardware import Hardware
from modelgen.ir.execute_exact import run_graph
from modelgen.plan.compiler import compile_graph
from modelgen.plan.machine import Machine
from modelgen.targets.systolic.descriptor import DESCRIPTOR_BYTES, Descriptor
from modelgen.targets.systolic.execute import EngineExecutor, descriptors
from tests.support.graph_builder import GraphBuilder

HARDWARE = Hardware(array_size=4)


@pytest.fixture
def parts():
    """A program with two chains, and the machine that it lies in."""
    builder = GraphBuilder(1, 6)
    graph = builder.build(builder.linear(builder.softmax(builder.linear("x", 5)), 3))
    program = compile_graph(graph, HARDWARE)
    return graph, program, Machine(program, seed=1)


def test_descriptors_address_the_machine_s_memory(parts) -> None:
    _, program, machine = parts
    (first,) = descriptors(program.segments[0], machine)
    assert first.source == machine.address("x")
    assert first.weights == machine.section("weights")
    assert first.next == 0, "not linked yet"


def test_chains_lie_behind_each_other_and_end(parts) -> None:
    _, program, machine = parts
    chains = [segment for segment in program.segments if segment.target == "engine"]
    EngineExecutor(HARDWARE, chains, machine)
    begin = machine.section("descriptors") - machine.base
    for number, chain in enumerate(chains):
        place = begin + number * DESCRIPTOR_BYTES
        written = Descriptor.unpack(bytes(machine.memory[place : place + DESCRIPTOR_BYTES]))
        assert written == descriptors(chain, machine)[0] and written.next == 0


def test_a_chain_computes_its_layers(parts) -> None:
    graph, program, machine = parts
    executor = EngineExecutor(HARDWARE, [program.segments[0]], machine)
    values = np.random.default_rng(0).standard_normal((1, 6)).astype(np.float32)
    machine.write("x", values)
    executor.begin()
    executor.run(program.segments[0])
    hidden = graph.nodes[0].output
    alone = graph.with_nodes(graph.nodes[:1], outputs=(hidden,))
    np.testing.assert_array_equal(machine.read(hidden), run_graph(alone, values, 4))


def test_what_the_engine_refuses_names_the_descriptor(parts) -> None:
    _, program, machine = parts
    executor = EngineExecutor(HARDWARE, [program.segments[0]], machine)
    begin = machine.section("descriptors") - machine.base
    machine.memory[begin : begin + DESCRIPTOR_BYTES] = bytes(DESCRIPTOR_BYTES)
    with pytest.raises(AssertionError, match="descriptor 0: BAD_"):
        executor.run(program.segments[0])
