"""What the templates of model.hpp and model.cpp print, as plain values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from modelgen.analysis import linear_sizes, operator_text
from modelgen.program import Chain, CpuLayer, EngineLayer, Job, Program

_MOST_SINGLE_PATCHES = 4
"""More descriptors than this that work on the input or output are listed in a table."""


def model_context(program: Program, title: str) -> dict[str, Any]:
    """Return the variables of the templates."""
    graph = program.graph
    chains = _chains(program)
    cpu_layers = [layer for layer in program.layers if isinstance(layer, CpuLayer)]
    patches, tables = _patches(program)
    return {
        "title": title,
        "batch": graph.batch,
        "input_text": _shape_text(graph.tensors[graph.input].shape),
        "input_size": graph.tensors[graph.input].size,
        "output_text": _shape_text(graph.tensors[graph.output].shape),
        "output_size": graph.tensors[graph.output].size,
        "arena_bytes": program.arena.size,
        "arena_floats": program.arena.size // 4,
        "arena_comment": _arena_comment(program),
        "layer_count": len(program.layers),
        "profile_count": len(program.layers) - len(cpu_layers),
        "chains": chains,
        "cpu_layers": cpu_layers,
        "headers": sorted({layer.node.op for layer in cpu_layers}),
        "layers": list(_layers(program)),
        "patches": patches,
        "tables": tables,
        "steps": list(_steps(program)),
    }


def _shape_text(shape: tuple[int, ...]) -> str:
    return " x ".join(str(size) for size in shape)


def _arena_comment(program: Program) -> str:
    places = [f"{name} at {offset // 4}" for name, offset in program.arena.offsets.items()]
    return f": {', '.join(places)}" if places else ""


def chain_names(program: Program) -> dict[int, str]:
    """Return step number -> C++ name of its table of descriptors."""
    numbers = [i for i, step in enumerate(program.steps) if isinstance(step, Chain)]
    if len(numbers) == 1:
        return {numbers[0]: "descriptors"}
    return {number: f"descriptors_{i}" for i, number in enumerate(numbers)}


def _profile_slots(program: Program) -> dict[int, int]:
    """Return layer index -> element of `profiles`."""
    engine = [layer.index for layer in program.layers if isinstance(layer, EngineLayer)]
    return {index: slot for slot, index in enumerate(engine)}


def _cpu_slots(program: Program) -> dict[int, int]:
    """Return layer index -> element of `cpu_cycles`."""
    cpu = [layer.index for layer in program.layers if isinstance(layer, CpuLayer)]
    return {index: slot for slot, index in enumerate(cpu)}


def _layers(program: Program) -> Iterator[dict[str, str]]:
    profiles, slots = _profile_slots(program), _cpu_slots(program)
    for layer in program.layers:
        on_engine = isinstance(layer, EngineLayer)
        yield {
            "name": _literal(layer.node.name),
            "profile": f"&profiles[{profiles[layer.index]}]" if on_engine else "nullptr",
            "cycles": "nullptr" if on_engine else f"&cpu_cycles[{slots[layer.index]}]",
        }


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _pointer(program: Program, tensor: str) -> str:
    """Return the C++ expression of a tensor's first value."""
    if tensor == program.graph.input:
        return "input"
    if tensor == program.graph.output:
        return "output"
    return _plus("arena", program.arena.offsets[tensor] // 4)


def _plus(name: str, offset: int) -> str:
    return f"{name} + {offset}" if offset else name


def _chains(program: Program) -> list[dict[str, Any]]:
    profiles = _profile_slots(program)
    chains = []
    for number, name in chain_names(program).items():
        entries = []
        for layer in program.steps[number].layers:
            for job in layer.jobs:
                entry = _descriptor(program, layer, job)
                if job is layer.jobs[0]:
                    entry["comment"] = _layer_comment(program, layer)
                if job is layer.jobs[-1]:
                    entry["calls"].append(f"profile(&profiles[{profiles[layer.index]}])")
                entries.append(entry)
        for position, entry in enumerate(entries[:-1], start=1):
            entry["calls"].append(f"next(&{name}[{position}])")
        chains.append({"name": name, "descriptors": entries})
    return chains


def _layer_comment(program: Program, layer: EngineLayer) -> str:
    rows, words, columns = linear_sizes(program.graph, layer.node)
    return f"{layer.node.name}: {operator_text(layer)}, {rows} x {words} -> {columns}"


def _descriptor(program: Program, layer: EngineLayer, job: Job) -> dict[str, Any]:
    """Return the arguments of Matmul() and the calls that follow it."""
    size = program.hardware.array_size
    stream = layer.weights_offset + layer.stream_offsets[job.word, job.column]
    accumulator = f", {job.accumulator_base}" if job.accumulator_base else ""
    calls = []
    if job.load:
        calls.append(f"load({_source(program, layer, job)}, {layer.source_pitch})")
    calls.append(f"buffer({job.buffer_base}, {job.buffer_pitch})")
    calls.append(f"weights({_plus('model_weights', stream)}{accumulator})")
    if job.first:
        calls.append("first()")
    if job.store:
        block = layer.parameters_offset + job.column // size * 8 * size
        parameters = _plus("model_parameters", block)
        target = _destination(program, layer, job)
        calls.append(f"store({parameters}, {target}, {layer.destination_pitch})")
        calls.extend(_clamp_call(layer))
    if job.fence:
        calls.append("fence()")
    return {
        "rows": job.rows,
        "words": job.words,
        "columns": job.columns,
        "calls": calls,
        "comment": "",
    }


def _clamp_call(layer: EngineLayer) -> list[str]:
    low, high = layer.clamp
    if low is None and high is None:
        return []
    if low == 0 and high is None:
        return ["relu()"]
    infinity = "__builtin_inff()"
    bounds = (
        f"-{infinity}" if low is None else f"{low!r}F",
        infinity if high is None else f"{high!r}F",
    )
    return [f"clamp({', '.join(bounds)})"]


def _source_offset(layer: EngineLayer, job: Job) -> int:
    return job.row * layer.source_pitch // 4 + job.word


def _destination_offset(layer: EngineLayer, job: Job) -> int:
    return job.row * layer.destination_pitch // 4 + job.column


def _source(program: Program, layer: EngineLayer, job: Job) -> str:
    tensor = layer.node.inputs[0]
    if tensor == program.graph.input:
        return "nullptr"
    return _plus("arena", program.arena.offsets[tensor] // 4 + _source_offset(layer, job))


def _destination(program: Program, layer: EngineLayer, job: Job) -> str:
    tensor = layer.node.output
    if tensor == program.graph.output:
        return "nullptr"
    return _plus("arena", program.arena.offsets[tensor] // 4 + _destination_offset(layer, job))


def _patches(program: Program) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return what infer() sets in descriptors, and tables where that is much."""
    patches: list[dict[str, Any]] = []
    tables: list[dict[str, Any]] = []
    for number, chain in chain_names(program).items():
        jobs = [(layer, job) for layer in program.steps[number].layers for job in layer.jobs]
        loads = [
            {"descriptor": i, "offset": _source_offset(layer, job)}
            for i, (layer, job) in enumerate(jobs)
            if job.load and layer.node.inputs[0] == program.graph.input
        ]
        stores = [
            {"descriptor": i, "offset": _destination_offset(layer, job)}
            for i, (layer, job) in enumerate(jobs)
            if job.store and layer.node.output == program.graph.output
        ]
        for found, setter, pointer in (
            (loads, "set_source", "input"),
            (stores, "set_destination", "output"),
        ):
            common = {"chain": chain, "setter": setter, "pointer": pointer}
            if len(found) > _MOST_SINGLE_PATCHES:
                name = f"{pointer}_of_{chain}"
                tables.append({"name": name, "patches": found})
                patches.append({**common, "table": name})
            else:
                patches.extend({**common, "table": "", **patch} for patch in found)
    return patches, tables


def _steps(program: Program) -> Iterator[dict[str, Any]]:
    names = chain_names(program)
    slots = _cpu_slots(program)
    for number, step in enumerate(program.steps):
        if isinstance(step, Chain):
            yield {"chain": names[number]}
            continue
        yield {
            "chain": "",
            "comment": f"{step.node.name}: {step.node.op}, {step.rows} x {step.columns}",
            "function": step.node.op,
            "source": _pointer(program, step.node.inputs[0]),
            "destination": _pointer(program, step.node.output),
            "rows": step.rows,
            "columns": step.columns,
            "source_pitch": step.source_pitch // 4,
            "destination_pitch": step.destination_pitch // 4,
            "slot": slots[step.index],
            "start": f"start_{slots[step.index]}" if len(slots) > 1 else "start",
        }
