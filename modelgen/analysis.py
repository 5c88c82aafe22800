"""What a program costs: work, bytes, the limit of the hardware, predicted cycles."""

from __future__ import annotations

from typing import Any

from modelgen.cost import chain_cycles, job_cost
from modelgen.graph import Graph, Node
from modelgen.hardware import Hardware
from modelgen.program import Chain, CpuLayer, EngineLayer, Program


def linear_sizes(graph: Graph, node: Node) -> tuple[int, int, int]:
    """Return rows M, words K, columns N of a linear layer."""
    columns, words = graph.constant(node, "weight").shape
    return graph.tensors[node.output].rows, words, columns


def limit_cycles(rows: int, words: int, columns: int, hardware: Hardware) -> float:
    """Return the fewest cycles that a matrix product can take.

    The larger of the array's time, `MACs / S^2`, and the memory port's, `bytes / (4 P)`. MACs are
    not rounded up to tiles; INT8 weights, FP32 inputs and FP32 outputs are counted once.
    """
    macs = rows * words * columns
    moved = words * columns + 4 * rows * words + 4 * rows * columns
    return max(macs / hardware.array_size**2, moved / hardware.port_bytes)


def describe(program: Program) -> dict[str, Any]:
    """Return layers, arena and totals as plain values for model.json."""
    predicted = _predicted_cycles(program)
    layers = []
    for number, step in enumerate(program.steps):
        for layer in step.layers if isinstance(step, Chain) else [step]:
            entry = _describe_layer(program, layer)
            entry["chain"] = number if isinstance(step, Chain) else None
            entry["predicted_cycles"] = predicted.get(layer.index)
            layers.append(entry)
    return {
        "layers": layers,
        "macs": sum(layer["macs"] for layer in layers),
        "limit_cycles": round(sum(layer["limit_cycles"] for layer in layers), 1),
        "predicted_cycles": sum(predicted.values()),
        "arena_bytes": program.arena.size,
        "arena_lower_bound": program.arena.lower_bound,
        "arena": [
            {"tensor": name, "offset": program.arena.offsets[name], "bytes": size}
            for name, size in program.arena.sizes.items()
        ],
        "weight_bytes": len(program.weights),
        "parameter_bytes": len(program.parameters),
    }


def _describe_layer(program: Program, layer: EngineLayer | CpuLayer) -> dict[str, Any]:
    node = layer.node
    name = " + ".join([node.name, *node.attributes.get("fused", [])])
    common = {"index": layer.index, "name": name, "reason": layer.reason}
    if isinstance(layer, CpuLayer):
        return {
            **common,
            "place": "cpu",
            "op": node.op,
            "shape": f"{layer.rows} x {layer.columns}",
            "macs": 0,
            "weight_bytes": 0,
            "activation_bytes": 8 * layer.rows * layer.columns,
            "limit_cycles": 0.0,
            "descriptors": 0,
        }
    rows, words, columns = linear_sizes(program.graph, node)
    return {
        **common,
        "place": "engine",
        "op": operator_text(layer),
        "shape": f"{rows} x {words} -> {columns}",
        "macs": rows * words * columns,
        "weight_bytes": words * columns,
        "activation_bytes": 4 * rows * (words + columns),
        "limit_cycles": round(limit_cycles(rows, words, columns, program.hardware), 1),
        "descriptors": len(layer.jobs),
    }


def operator_text(layer: EngineLayer) -> str:
    """Return "linear" or "linear, ReLU"."""
    low, high = layer.clamp
    if low is None and high is None:
        return "linear"
    return "linear, ReLU" if low == 0 and high is None else f"linear, clamp {low} .. {high}"


def _predicted_cycles(program: Program) -> dict[int, int]:
    """Return the cost model's cycles of each engine layer."""
    predicted = {}
    for step in program.steps:
        if not isinstance(step, Chain):
            continue
        costs = [job_cost(job, program.hardware) for layer in step.layers for job in layer.jobs]
        ends = chain_cycles(costs)
        begin, position = 0.0, 0
        for layer in step.layers:
            position += len(layer.jobs)
            predicted[layer.index] = round(ends[position - 1] - begin)
            begin = ends[position - 1]
    return predicted
