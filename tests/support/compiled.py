"""Compiled networks: their inputs, their chains as descriptors, and comparisons of outputs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from modelgen.hardware import Hardware
from modelgen.ir.graph import Graph
from modelgen.ir.views import views
from modelgen.plan.compiler import compile_graph
from modelgen.plan.machine import Machine
from modelgen.plan.partition import partition
from modelgen.plan.program import Program
from modelgen.targets.base import Network
from modelgen.targets.standard import standard
from modelgen.targets.systolic import Systolic
from modelgen.targets.systolic.descriptor import Descriptor
from modelgen.targets.systolic.execute import descriptors
from tests.support.graph_builder import GraphBuilder

SEEDS = st.integers(0, 2**20)


@st.composite
def hardwares(draw: st.DrawFn) -> Hardware:
    """Give engines of many sizes."""
    size = draw(st.sampled_from([4, 8, 12, 16, 32]))
    banks = 1 << (size - 1).bit_length()
    smallest = max(256, 4 * banks).bit_length() - 1
    return Hardware(
        array_size=size,
        port_words=draw(st.sampled_from([1, 2, 4])),
        buffer_words=1 << draw(st.integers(smallest, 16)),
        accumulator_depth=1 << draw(st.integers(4, 10)),
    )


def inputs_of(graph: Graph, seed: int = 0) -> np.ndarray:
    """Return the values of one inference."""
    shape = graph.tensors[graph.inputs[0]].shape
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def inferences_of(graph: Graph) -> np.ndarray:
    """Return the values of two inferences."""
    return np.stack([inputs_of(graph, seed) for seed in range(2)])


def chains_of(program: Program, graph: Graph) -> list[list[Descriptor]]:
    """Return the chains' descriptors, with a profile at the end of each layer as in the C++."""
    machine = Machine(program)
    chains = []
    for segment in program.segments:
        if segment.target == Systolic.name:
            chain = descriptors(segment, machine)
            last = -1
            for layer in segment.layers:
                last += len(layer.jobs)
                chain[last] = replace(chain[last], profile=16)
            chains.append(chain)
    return chains


def network_of(graph: Graph, hardware: Hardware) -> Network:
    """Return a graph distributed over the targets, as the compiler lowers it."""
    return Network(graph, hardware, partition(graph, standard(hardware)), views(graph))


def assert_close(got: np.ndarray, wanted: np.ndarray) -> None:
    """Assert that outputs are those of the float graph, but for rounding."""
    assert np.abs(got.reshape(wanted.shape) - wanted).max() <= 2e-5 * max(
        np.abs(wanted).max(), 1e-6
    )


def program_with_an_arena() -> Program:
    """Return a sum of two convolutions: the operand that is added is in memory."""
    graph = GraphBuilder(1, 6, 6, 4)
    last = graph.conv("x", 4)
    built = graph.build(graph.pointwise(graph.conv(last, 4), residual=last))
    program = compile_graph(built, Hardware())
    assert program.arena.size
    return program
