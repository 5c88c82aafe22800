"""What stays in the activation buffer, and what is streamed through it."""

from __future__ import annotations

from modelgen.hardware import Hardware
from modelgen.plan.compiler import compile_graph
from modelgen.targets.systolic.jobs import EngineLayer
from tests.support import networks


def test_maps_stay_in_the_buffer() -> None:
    """Only what the store path adds is in memory, and the frames are made without a fence."""
    program = compile_graph(networks.resnet8(), Hardware())
    layers = [layer for layer in program.layers if isinstance(layer, EngineLayer)]
    assert layers[0].source_place == "memory, kept in buffer"
    assert all(layer.source_place == "buffer" for layer in layers[1:])
    added = {node.inputs[1] for node in program.graph.nodes if len(node.inputs) > 1}
    assert {name for name in program.arena.offsets if name != layers[-1].node.output} == added
