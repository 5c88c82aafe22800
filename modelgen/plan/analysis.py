"""The cost of a program: work, bytes, the hardware's limit, predicted cycles, and losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from modelgen.memory.arena import Arena
from modelgen.plan.program import Program
from modelgen.targets.base import Layer, Target
from modelgen.targets.systolic import Systolic
from modelgen.targets.systolic.limit import limit_cycles


def describe(program: Program) -> dict[str, Any]:
    """Return layers, arena and totals as plain values for model.json."""
    graph, network = program.graph, program.network
    targets = {target.name: target for target in program.targets}
    layers = []
    for number, segment in enumerate(program.segments):
        target = targets[segment.target]
        for layer, cycles in zip(segment.layers, target.cost(network, segment), strict=True):
            chain = number if target.name == Systolic.name else None
            layers.append({**_describe_layer(program, target, layer, cycles), "chain": chain})
    buffer = program.scratchpads.get(Systolic.name, Arena(0, 0))
    return {
        "layers": layers,
        "network": {
            "inputs": [network.buffer(name) for name in graph.inputs],
            "outputs": [network.buffer(name) for name in graph.outputs],
            "orders": graph.orders,
            "tensors": {
                name: {
                    "shape": list(tensor.shape),
                    "bytes": tensor.bytes,
                    "quantization": tensor.quantization and asdict(tensor.quantization),
                }
                for name, tensor in graph.tensors.items()
                if network.buffer(name) == name
            },
        },
        **_limits(program, layers),
        "predicted_cycles": sum(layer["predicted_cycles"] or 0 for layer in layers),
        "arena_bytes": program.arena.size,
        "arena_lower_bound": program.arena.lower_bound,
        "arena": _regions(program.arena, "bytes"),
        "buffer": _regions(buffer, "words"),
        "buffer_peak_words": buffer.size,
        "buffer_lower_bound": buffer.lower_bound,
        "weight_bytes": len(program.sections.get("weights", b"")),
        "parameter_bytes": len(program.sections.get("parameters", b"")),
    }


def _limits(program: Program, layers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the network's MACs, and the fewest cycles that it can take."""
    graph = program.graph
    working = sum(layer["macs"] / layer["macs_per_cycle"] for layer in layers)
    # Parts of a layer have the same weights.
    steps = zip(program.network.steps, layers, strict=True)
    weights = {
        step.node.constants.get("weight", step.node.output): layer["weight_bytes"]
        for step, layer in steps
    }
    outside = sum(graph.tensors[name].bytes for name in (*graph.inputs, *graph.outputs))
    moved = sum(weights.values()) + outside
    added = ("streaming_limit_cycles", "depthwise_cycles")
    return {
        "macs": sum(layer["macs"] for layer in layers),
        "array_limit_cycles": round(working, 1),
        "limit_cycles": round(limit_cycles(working, moved, program.hardware), 1),
        **{key: round(sum(layer[key] for layer in layers), 1) for key in added},
    }


def _regions(arena: Arena, unit: str) -> list[dict[str, Any]]:
    return [
        {
            "tensor": region.name,
            "offset": region.offset,
            unit: region.size,
            "first": region.first,
            "last": region.last,
            "over": region.over,
        }
        for region in arena.regions
    ]


def _describe_layer(
    program: Program, target: Target, layer: Layer, cycles: int | None
) -> dict[str, Any]:
    node, network = layer.node, program.network
    return {
        "index": layer.index,
        "name": node.name,
        "fused": list(node.fused),
        "label": label(node.name, node.fused),
        "reason": layer.reason,
        "inputs": [network.buffer(name) for name in node.inputs],
        "output": network.buffer(node.output),
        "place": target.name,
        **target.describe(network, layer, cycles),
        "predicted_cycles": cycles,
    }


def label(name: str, fused: Sequence[str]) -> str:
    """Return a layer's name, then the layers fused into it, such as "features.0 (+ 1, 2)".

    The fused layers' names omit the path that they share with the first.
    """
    path = name[: name.rfind(".") + 1]
    return f"{name} (+ {', '.join(each.removeprefix(path) for each in fused)})" if fused else name
