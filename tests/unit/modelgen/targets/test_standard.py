"""The targets of the SoC."""

from modelgen.hardware import Hardware
from modelgen.targets.standard import standard
from tests.support.graph_builder import GraphBuilder


def test_the_engine_comes_first_and_the_cpu_computes_the_rest() -> None:
    builder = GraphBuilder(1, 6)
    graph = builder.build(builder.softmax(builder.linear("x", 4)))
    engine, cpu = standard(Hardware())
    assert (engine.name, cpu.name) == ("engine", "cpu")
    linear, softmax = graph.nodes
    assert engine.supports(graph, linear) is None and cpu.supports(graph, softmax) is None
    assert engine.supports(graph, softmax) is not None
