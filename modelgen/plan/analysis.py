"""What a program costs: work, bytes, the limit of the hardware, predicted cycles, and losses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modelgen.hardware import Hardware
from modelgen.ir.graph import Graph
from modelgen.plan.program import Arena, Chain, CpuLayer, EngineLayer, Program
from modelgen.targets.systolic.cost import chain_cycles, job_cost, tile_cycles
from modelgen.targets.systolic.geometry import Geometry
from modelgen.targets.systolic.scratchpad.layout import ceil_div

WORD_BYTES = 4


def limit_cycles(geometry: Geometry, weight_bytes: int, operands: int, hardware: Hardware) -> float:
    """Return the fewest cycles that a layer can take.

    The larger of the array's time, `MACs / S^2`, and the memory port's, `bytes / (4 P)`. MACs are
    not rounded up to tiles; INT8 weights, FP32 inputs, outputs and further operands count once.
    """
    moved = weight_bytes + WORD_BYTES * (geometry.source.size + operands + geometry.target.size)
    return max(geometry.macs / hardware.array_size**2, moved / hardware.port_bytes)


def describe(program: Program) -> dict[str, Any]:
    """Return layers, arena and totals as plain values for model.json."""
    predicted = _predicted_cycles(program)
    layers = []
    for number, step in enumerate(program.steps):
        for layer in step.layers if isinstance(step, Chain) else [step]:
            cycles = predicted.get(layer.index)
            entry = _describe_layer(program, layer, cycles)
            entry["chain"] = number if isinstance(step, Chain) else None
            entry["predicted_cycles"] = cycles
            layers.append(entry)
    graph, roots = program.graph, program.roots
    return {
        "layers": layers,
        "input": graph.input,
        "output": graph.output,
        "output_flattened": graph.flattened,
        "tensors": {
            name: {"shape": list(tensor.shape), "bytes": WORD_BYTES * tensor.size}
            for name, tensor in graph.tensors.items()
            if roots[name] == name
        },
        "macs": sum(layer["macs"] for layer in layers),
        "limit_cycles": round(sum(layer["limit_cycles"] for layer in layers), 1),
        "predicted_cycles": sum(predicted.values()),
        "arena_bytes": program.arena.size,
        "arena_lower_bound": program.arena.lower_bound,
        "arena": _regions(program.arena, "bytes"),
        "buffer": _regions(program.buffer, "words"),
        "buffer_peak_words": program.buffer.size,
        "buffer_lower_bound": program.buffer.lower_bound,
        "weight_bytes": len(program.weights),
        "parameter_bytes": len(program.parameters),
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
    program: Program, layer: EngineLayer | CpuLayer, cycles: int | None
) -> dict[str, Any]:
    node = layer.node
    common = {
        "index": layer.index,
        "name": node.name,
        "fused": list(node.fused),
        "label": label(node.name, node.fused),
        "reason": layer.reason,
        "inputs": [program.roots[name] for name in node.inputs],
        "output": program.roots[node.output],
    }
    if isinstance(layer, CpuLayer):
        return {
            **common,
            "place": "cpu",
            "op": node.operator.name,
            "shape": cpu_shape_text(program.graph, layer),
            "note": "",
            "macs": 0,
            "weight_bytes": 0,
            "activation_bytes": 8 * layer.rows * layer.columns,
            "limit_cycles": 0.0,
            "descriptors": 0,
        }
    geometry = layer.geometry
    weight = program.graph.constant(node, "weight")
    weight_bytes = 0 if weight is None else weight.size
    operands = sum(program.graph.tensors[name].size for name in node.inputs[1:])
    limit = limit_cycles(geometry, weight_bytes, operands, program.hardware)
    return {
        **common,
        "place": "engine",
        "op": operator_text(layer),
        "shape": shape_text(layer),
        "note": _note(layer),
        "source": layer.source_place,
        "target": layer.target_place,
        "macs": geometry.macs,
        "weight_bytes": weight_bytes,
        "activation_bytes": WORD_BYTES * (geometry.source.size + operands + geometry.target.size),
        "limit_cycles": round(limit, 1),
        "descriptors": len(layer.jobs),
        **_array_use(layer, program.hardware, cycles),
    }


def label(name: str, fused: Sequence[str]) -> str:
    """Return a layer's name with those fused into it behind, such as "features.0 (+ 1, 2)".

    A fused layer is named without the path that it shares with the first.
    """
    path = name[: name.rfind(".") + 1]
    return f"{name} (+ {', '.join(each.removeprefix(path) for each in fused)})" if fused else name


def operator_text(layer: EngineLayer) -> str:
    """Return the operator with what is fused into it, such as "conv 3x3, stride 2, ReLU"."""
    return layer.node.operator.describe()


def cpu_shape_text(graph: Graph, layer: CpuLayer) -> str:
    """Return the work of a layer on the CPU, such as "rows x columns"."""
    node = layer.node
    return node.operator.shape_text(graph.shapes(node), graph.tensors[node.output].shape)


def shape_text(layer: EngineLayer) -> str:
    """Return "rows x columns x channels -> ..."; of a matrix product "rows x K -> N"."""
    source, target = layer.geometry.source, layer.geometry.target
    if source.columns == target.columns == 1 and layer.geometry.taps == 1:
        return f"{source.rows} x {source.channels} -> {target.channels}"
    batch = f"{source.images} x " if source.images > 1 else ""
    shapes = (f"{view.rows} x {view.columns} x {view.channels}" for view in (source, target))
    return " -> ".join(batch + shape for shape in shapes)


def _note(layer: EngineLayer) -> str:
    """Return in a line how a layer is cut and where its maps are."""
    stored = [job for job in layer.jobs if job.store is not None]
    rows = _range([job.compute.rows for job in stored], "row")
    tiles = _range([job.tiles for job in stored], "tile")
    jobs = f"{len(layer.jobs)} job{'s' if len(layer.jobs) > 1 else ''}"
    return f"{jobs}, {rows} and {tiles} each; {layer.source_place} to {layer.target_place}"


def _range(values: list[int], unit: str) -> str:
    low, high = min(values), max(values)
    text = f"{low} to {high}" if low < high else f"{high}"
    return f"{text} {unit}{'s' if high > 1 else ''}"


def _array_use(layer: EngineLayer, hardware: Hardware, cycles: int | None) -> dict[str, Any]:
    """Return how well a layer uses the array, and the cycles that it loses to each cause."""
    geometry, size = layer.geometry, hardware.array_size
    tiles = ceil_div(geometry.outputs, size)
    tile = tile_cycles(geometry.operation, hardware)[0]
    slices = len(layer.slices) if geometry.is_matmul else geometry.taps
    words = geometry.taps * geometry.channels
    best = geometry.macs / size**2
    issued = geometry.positions * slices * tiles
    waiting = sum(
        job.slices(size) * job.tiles * max(tile - job.compute.positions, 0) for job in layer.jobs
    )
    if geometry.is_matmul:
        full = geometry.positions * slices * geometry.outputs / size
        losses = {"k_rounding": full - best, "n_rounding": issued - full}
    else:
        losses = {"channel_a_lane": issued - best}
    losses["weights"] = waiting
    losses["start, load and store"] = (cycles or 0) - issued - waiting
    return {
        "array_cycles": issued,
        "slices": slices,
        "slices_needed": round(words / size, 2) if geometry.is_matmul else slices,
        "utilization": round(best / cycles, 3) if cycles else None,
        "losses": {name: round(value) for name, value in losses.items()},
    }


def _predicted_cycles(program: Program) -> dict[int, int]:
    """Return the cost model's cycles of each engine layer."""
    predicted = {}
    for step in program.steps:
        if not isinstance(step, Chain):
            continue
        costs = [
            job_cost(job, program.hardware, last=job is layer.jobs[-1])
            for layer in step.layers
            for job in layer.jobs
        ]
        ends = chain_cycles(costs)
        begin, position = 0.0, 0
        for layer in step.layers:
            position += len(layer.jobs)
            predicted[layer.index] = round(ends[position - 1] - begin)
            begin = ends[position - 1]
    return predicted
