"""The report's description of a layer on the engine: work, limit, how it is cut, and losses."""

from __future__ import annotations

from typing import Any

from modelgen.hardware import Hardware
from modelgen.operators import Conv2d
from modelgen.operators.integer.base import IntegerOperator
from modelgen.targets.base import Network
from modelgen.targets.systolic.cost import tile_cycles
from modelgen.targets.systolic.jobs import EngineLayer, Job
from modelgen.targets.systolic.limit import depthwise_cycles, limit_cycles
from modelgen.targets.systolic.scratchpad.layout import ceil_div
from modelgen.targets.systolic.tiles import tile_columns


def describe(network: Network, layer: EngineLayer, cycles: int | None) -> dict[str, Any]:
    """Return the entries of a layer in model.json.

    Args:
        network: the compiled network.
        layer: one of its layers.
        cycles: the cost model's prediction.
    """
    graph, hardware = network.graph, network.hardware
    geometry, node = layer.geometry, layer.node
    weight_bytes = _weight_bytes(network, layer)
    activation_bytes = sum(graph.tensors[name].bytes for name in (*node.inputs, node.output))
    # A better order of values would do without movements: they are no part of a limit.
    streamed = 0 if geometry.parts else activation_bytes
    macs, peak = _macs(network, layer), network.peak_macs(node)
    limit = limit_cycles(macs / peak, weight_bytes + _outside_bytes(network, layer), hardware)
    streaming_limit = limit_cycles(macs / peak, weight_bytes + streamed, hardware)
    return {
        "op": node.operator.describe(),
        "shape": shape_text(layer),
        "note": _note(layer),
        "source": layer.source_place,
        "target": layer.target_place,
        "macs": macs,
        "macs_per_cycle": peak,
        "weight_bytes": weight_bytes,
        "activation_bytes": activation_bytes,
        "limit_cycles": round(limit, 1),
        "streaming_limit_cycles": round(streaming_limit, 1),
        "depthwise_cycles": round(depthwise_cycles(geometry, hardware), 1),
        "descriptors": len(layer.jobs),
        **_array_use(layer, hardware, cycles, macs / peak),
    }


def _weight_bytes(network: Network, layer: EngineLayer) -> int:
    """Return the bytes of a layer's weights, without zeros that the compiler added."""
    return -(-_weights(network, layer) * layer.geometry.weight_bits // 8)


def _weights(network: Network, layer: EngineLayer) -> int:
    """Return how many weights a layer has, without zeros that the compiler added."""
    graph, node = network.graph, layer.node
    if isinstance(node.operator, IntegerOperator):
        return node.operator.weights(graph.arrays(node))
    weight = graph.constant(node, "weight")
    return (0 if weight is None else weight.size) // _joined(layer)


def _macs(network: Network, layer: EngineLayer) -> int:
    """Return the MACs of a layer without those with zeros and those that other parts do as well."""
    graph, geometry, operator = network.graph, layer.geometry, layer.node.operator
    if isinstance(operator, IntegerOperator):
        return operator.macs(graph.shapes(layer.node), graph.arrays(layer.node))
    repeated = operator.repeated if isinstance(operator, Conv2d) else 0
    rows = geometry.y.outputs
    return geometry.macs // _joined(layer) * (rows - repeated) // rows


def _joined(layer: EngineLayer) -> int:
    """Return how many times more MACs and weights a layer has because of joined groups."""
    operator = layer.node.operator
    return operator.joined if isinstance(operator, Conv2d) else 1


def _outside_bytes(network: Network, layer: EngineLayer) -> int:
    """Return the bytes that a layer reads and writes of the network's inputs and outputs."""
    graph, node = network.graph, layer.node
    outside = {*map(network.buffer, graph.inputs), *map(network.buffer, graph.outputs)}
    tensors = {*node.inputs, node.output}
    return sum(graph.tensors[name].bytes for name in tensors if network.buffer(name) in outside)


def shape_text(layer: EngineLayer) -> str:
    """Return "rows x columns x channels -> ..."; "rows x K -> N" for a matrix product."""
    geometry = layer.geometry
    source, target = geometry.source, geometry.target
    if source.columns == target.columns == 1 and geometry.taps == 1:
        return f"{source.rows} x {geometry.channels} -> {geometry.outputs}"
    batch = f"{source.images} x " if source.images > 1 else ""
    channels = (source, geometry.channels), (target, geometry.outputs)
    shapes = (f"{view.rows} x {view.columns} x {count}" for view, count in channels)
    return " -> ".join(batch + shape for shape in shapes)


def _note(layer: EngineLayer) -> str:
    """Return a line that says how a layer is cut and where its maps are."""
    stored = [job for job in layer.jobs if job.store is not None]
    rows = _range([job.compute.rows for job in stored], "row")
    tiles = _range([job.tiles for job in stored], "tile")
    jobs = f"{len(layer.jobs)} job{'s' if len(layer.jobs) > 1 else ''}"
    return f"{jobs}, {rows} and {tiles} each; {layer.source_place} to {layer.target_place}"


def _range(values: list[int], unit: str) -> str:
    low, high = min(values), max(values)
    text = f"{low} to {high}" if low < high else f"{high}"
    return f"{text} {unit}{'s' if high > 1 else ''}"


def _array_use(
    layer: EngineLayer, hardware: Hardware, cycles: int | None, best: float
) -> dict[str, Any]:
    """Return how well a layer uses the array, and the cycles lost to each cause.

    Args:
        layer: on the engine.
        hardware: sizes of the engine.
        cycles: the cost model's prediction.
        best: cycles that its MACs take if the whole array works.
    """
    geometry, size = layer.geometry, hardware.array_size
    slices = len(layer.slices) // geometry.blocks if geometry.is_matmul else geometry.taps
    words = geometry.taps * geometry.channels // geometry.blocks
    issued = sum(job.issues() * job.slices(size) * job.tiles for job in layer.jobs)
    waiting = sum(
        job.slices(size)
        * max(tile_cycles(job.operation, columns, hardware, job.lanes)[0] - job.issues(), 0)
        for job in layer.jobs
        for columns in tile_columns(job.outputs, job.tiles, size)
    )
    losses = _underused(layer, size, issued, best)
    losses["weights"] = waiting
    losses["start, load and store"] = (cycles or 0) - issued - waiting
    return {
        "array_cycles": issued,
        "slices": slices,
        "slices_needed": round(words / size, 2) if geometry.is_matmul else slices,
        "utilization": round(best / cycles, 3) if cycles else None,
        "losses": {name: round(value) for name, value in losses.items()},
    }


def _underused(layer: EngineLayer, size: int, issued: int, best: float) -> dict[str, float]:
    """Return the cycles, of those in which slices enter the array, that a part of it is idle."""
    geometry = layer.geometry
    if not geometry.is_matmul:
        return {"channel_a_lane": issued - best}
    alone = sum(_unpaired(job) * job.slices(size) * job.tiles for job in layer.jobs)
    together = issued - alone
    full = together * geometry.outputs / (ceil_div(geometry.outputs, size) * size)
    found = {"k_rounding": full - best, "n_rounding": together - full}
    return {**found, "unpaired": alone} if geometry.pairs else found


def _unpaired(job: Job) -> float:
    """Return the cycles that positions cost because they are computed alone, not in pairs."""
    return job.positions - job.compute.rows * job.compute.columns / 2 if job.lanes > 1 else 0.0
