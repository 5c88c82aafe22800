"""What the templates of model.hpp and model.cpp print, as plain values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from modelgen.emit.jobs import job_calls, plus
from modelgen.operators.base import Kernel
from modelgen.plan.analysis import cpu_shape_text, operator_text, shape_text
from modelgen.plan.program import Chain, CpuLayer, EngineLayer, Job, Place, Program

_MOST_SINGLE_PATCHES = 4
"""More descriptors than this that work on the input or output are listed in a table."""
_KEYWORDS = """
alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t class
compl const const_cast constexpr continue decltype default delete do double dynamic_cast else enum
explicit export extern false float for friend goto if inline int long mutable namespace new noexcept
not not_eq nullptr operator or or_eq private protected public register reinterpret_cast return short
signed sizeof static static_assert static_cast struct switch template this thread_local throw true
try typedef typeid typename union unsigned using virtual void volatile wchar_t while xor xor_eq
"""
_OWN_NAMES = """
arena cpu_cycles engine heepstor infer input input_loads input_residuals input_stores layers model
model_parameters model_weights output output_loads output_residuals output_stores patch profiles
result row std
"""
"""What model.cpp calls by these names itself."""
_RESERVED = frozenset(f"{_KEYWORDS} {_OWN_NAMES}".split())
_START = re.compile(r"start(_\d+)?")
"""Variables that hold when a layer on the CPU began."""


def model_context(program: Program, title: str) -> dict[str, Any]:
    """Return the variables of the templates."""
    graph = program.graph
    names = layer_names(program)
    cpu_layers = [layer for layer in program.layers if isinstance(layer, CpuLayer)]
    patches, tables = _patches(program, names)
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
        "engine_layers": list(_engine_layers(program, names)),
        "cpu_layers": cpu_layers,
        "headers": sorted({_kernel(program, layer).header for layer in cpu_layers}),
        "layers": list(_layers(program)),
        "patches": patches,
        "tables": tables,
        "steps": list(_steps(program, names)),
    }


def _shape_text(shape: tuple[int, ...]) -> str:
    return " x ".join(str(size) for size in shape)


def _arena_comment(program: Program) -> str:
    places = [f"{name} at {offset // 4}" for name, offset in program.arena.offsets.items()]
    return f": {', '.join(places)}" if places else ""


def layer_names(program: Program) -> dict[int, str]:
    """Return layer index -> C++ name of its array of jobs."""
    names: dict[int, str] = {}
    for layer in program.layers:
        if isinstance(layer, EngineLayer):
            name = re.sub(r"\W+", "_", layer.node.name).strip("_").lower() or "layer"
            if name[0].isdigit() or name in _RESERVED or _START.fullmatch(name):
                name = f"layer_{name}"
            while name in names.values():
                name = f"{name}_{layer.index}"
            names[layer.index] = name
    return names


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


def is_input(program: Program, tensor: str) -> bool:
    """Tell whether a tensor lies where the caller's input is."""
    return program.roots[tensor] == program.roots[program.graph.input]


def is_output(program: Program, tensor: str) -> bool:
    """Tell whether a tensor lies where the caller wants the output."""
    return program.roots[tensor] == program.roots[program.graph.output]


def _pointer(program: Program, tensor: str) -> str:
    """Return the C++ expression of a tensor's first value."""
    if is_input(program, tensor):
        return "input"
    if is_output(program, tensor):
        return "output"
    return plus("arena", program.arena.offsets[program.roots[tensor]] // 4)


def _engine_layers(program: Program, names: dict[int, str]) -> Iterator[dict[str, Any]]:
    """Give the arrays of jobs with the arguments of their calls."""
    profiles = _profile_slots(program)

    def address(place: Place) -> str:
        if is_input(program, place.tensor) or is_output(program, place.tensor):
            return "nullptr"
        offset = program.arena.offsets[program.roots[place.tensor]] + place.offset
        return plus("arena", offset // 4)

    for step in program.steps:
        if not isinstance(step, Chain):
            continue
        for layer, following in zip(step.layers, (*step.layers[1:], None), strict=True):
            name = names[layer.index]
            jobs = []
            for number, job in enumerate(layer.jobs):
                calls = job_calls(layer, job, address)
                if job is layer.jobs[-1]:
                    calls.append(f"profile(&profiles[{profiles[layer.index]}])")
                    if following is not None:
                        calls.append(f"next({names[following.index]})")
                else:
                    calls.append(f"next(&{name}[{number + 1}])")
                jobs.append(calls)
            yield {"name": name, "comment": _comment(layer), "jobs": jobs}


def _comment(layer: EngineLayer) -> str:
    moves = f"{layer.source_place} to {layer.target_place}"
    return f"{layer.node.name}: {operator_text(layer)}, {shape_text(layer)}; {moves}"


def _patches(
    program: Program, names: dict[int, str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return what infer() sets in descriptors, and tables where that is much."""
    patches: list[dict[str, Any]] = []
    tables: list[dict[str, Any]] = []
    layers = [layer for layer in program.layers if isinstance(layer, EngineLayer)]
    for setter, what, places in (
        ("set_source", "loads", _load_place),
        ("set_residual", "residuals", _residual_place),
        ("set_destination", "stores", _store_place),
    ):
        for pointer, belongs in (("input", is_input), ("output", is_output)):
            found = [
                {"descriptor": f"&{names[layer.index]}[{number}]", "offset": place.offset // 4}
                for layer in layers
                for number, job in enumerate(layer.jobs)
                if (place := places(job)) is not None and belongs(program, place.tensor)
            ]
            if len(found) > _MOST_SINGLE_PATCHES:
                name = f"{pointer}_{what}"
                tables.append({"name": name, "patches": found})
                patches.append({"setter": setter, "pointer": pointer, "table": name})
            else:
                common = {"setter": setter, "pointer": pointer, "table": ""}
                patches.extend(
                    {**common, **patch, "descriptor": patch["descriptor"][1:]} for patch in found
                )
    return patches, tables


def _load_place(job: Job) -> Place | None:
    return job.load.source if job.load else None


def _residual_place(job: Job) -> Place | None:
    return job.store.residual if job.store else None


def _store_place(job: Job) -> Place | None:
    return job.store.memory if job.store else None


def _steps(program: Program, names: dict[int, str]) -> Iterator[dict[str, Any]]:
    slots = _cpu_slots(program)
    for step in program.steps:
        if isinstance(step, Chain):
            yield {"chain": names[step.layers[0].index]}
            continue
        node = step.node
        sources = [_pointer(program, name) for name in node.inputs]
        yield {
            "chain": "",
            "comment": f"{node.name}: {node.operator.name}, {cpu_shape_text(program.graph, step)}",
            "call": _kernel(program, step).call(sources, _pointer(program, node.output)),
            "slot": slots[step.index],
            "start": f"start_{slots[step.index]}" if len(slots) > 1 else "start",
        }


def _kernel(program: Program, layer: CpuLayer) -> Kernel:
    """Return the function that computes a layer on the CPU."""
    kernel = layer.node.operator.kernel(program.graph.shapes(layer.node))
    assert kernel is not None, layer.node.operator.name
    return kernel
