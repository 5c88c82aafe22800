"""A program laid out in memory, and its execution by the reference, descriptor by descriptor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from modelgen import reference
from modelgen.arena import ALIGNMENT
from modelgen.descriptor import DESCRIPTOR_BYTES, Descriptor, link
from modelgen.program import Chain, CpuLayer, EngineLayer, Job, Load, Place, Program

BASE = 0x8000_0000
"""Address of main memory."""
PARAMETER_BYTES = 8
"""Scale and bias of an output channel."""


@dataclass(frozen=True)
class Addresses:
    """Where the parts of a program lie."""

    descriptors: int
    weights: int
    parameters: int
    arena: int
    input: int
    output: int
    end: int


def lay_out(program: Program, base: int = BASE) -> Addresses:
    """Return addresses one after another from `base`, in whole lines."""
    graph = program.graph
    jobs = sum(len(layer.jobs) for layer in program.layers if isinstance(layer, EngineLayer))
    sizes = [
        jobs * DESCRIPTOR_BYTES,
        len(program.weights),
        len(program.parameters),
        program.arena.size,
        4 * graph.tensors[graph.input].size,
        4 * graph.tensors[graph.output].size,
    ]
    addresses = [base]
    for size in sizes:
        addresses.append(addresses[-1] + -(-size // ALIGNMENT) * ALIGNMENT)
    return Addresses(*addresses)


def tensor_address(program: Program, addresses: Addresses, tensor: str) -> int:
    """Return where a tensor begins."""
    root = program.roots[tensor]
    if root == program.roots[program.graph.input]:
        return addresses.input
    if root == program.roots[program.graph.output]:
        return addresses.output
    return addresses.arena + program.arena.offsets[root]


def descriptors_of(program: Program, chain: Chain, addresses: Addresses) -> list[Descriptor]:
    """Return the descriptors of a chain, not linked yet; profiles are left out."""
    return [
        _descriptor(program, layer, job, addresses) for layer in chain.layers for job in layer.jobs
    ]


def _descriptor(program: Program, layer: EngineLayer, job: Job, addresses: Addresses) -> Descriptor:
    def address(place: Place | None) -> int:
        if place is None:
            return 0
        return tensor_address(program, addresses, place.tensor) + place.offset

    fields = {**_load_fields(job.load), **_store_fields(job)}
    if job.load is not None:
        fields["source"] = address(job.load.source)
    if job.store is not None:
        fields["destination"] = address(job.store.memory)
        fields["residual"] = address(job.store.residual)
    block = layer.parameters_offset + PARAMETER_BYTES * job.channel
    low, high = layer.bounds
    c = job.compute
    return Descriptor(
        operation=job.operation,
        first=job.first,
        fence=job.fence,
        span=c.span,
        input_base=c.base,
        accumulator=job.accumulator,
        step_x=c.step_x,
        step_y=c.step_y,
        position_columns=c.columns,
        position_rows=c.rows,
        run=c.run,
        runs_x=c.runs_x,
        runs_y=c.runs_y,
        run_pitch_x=c.pitch_x,
        run_pitch_y=c.pitch_y,
        tiles=job.tiles,
        columns=job.outputs,
        weights=0 if job.weights is None else addresses.weights + job.weights,
        parameters=addresses.parameters + block,
        clamp_low=low,
        clamp_high=high,
        slope=layer.slope,
        **fields,
    )


def _load_fields(load: Load | None) -> dict[str, Any]:
    if load is None:
        return {}
    return {
        "load": load.source is not None,
        "fill": load.fill is not None,
        "source_row_pitch": load.row_pitch,
        "source_column_pitch": load.column_pitch,
        "load_rows": load.rows,
        "load_columns": load.columns,
        "load_words": load.words,
        "load_pitch": load.pitch,
        "load_base": load.base,
        "load_head": load.head,
        "load_tail": load.tail,
        "fill_value": load.fill or 0.0,
    }


def _store_fields(job: Job) -> dict[str, Any]:
    store = job.store
    if store is None:
        return {}
    return {
        "store_memory": store.memory is not None,
        "store_buffer": store.buffer is not None,
        "add_residual": store.residual is not None,
        "pitch_x": store.pitch_x,
        "pitch_y": store.pitch_y,
        "store_columns": store.columns,
        "store_rows": store.rows,
        "store_base": store.buffer or 0,
        "store_step_x": store.step_x,
        "store_step_y": store.step_y,
        "window_rows": job.window[0],
        "window_columns": job.window[1],
    }


@dataclass(frozen=True)
class Image:
    """Main memory with a program in it."""

    memory: bytearray
    base: int
    addresses: Addresses
    chains: tuple[int, ...]
    """Address of the first descriptor of each chain."""


def build_image(program: Program, values: np.ndarray, base: int = BASE) -> Image:
    """Return memory that holds the program, its constants and the input `values` (one batch)."""
    addresses = lay_out(program, base)
    memory = bytearray(addresses.end - base)

    def put(address: int, data: bytes) -> None:
        memory[address - base : address - base + len(data)] = data

    put(addresses.weights, program.weights)
    put(addresses.parameters, program.parameters)
    put(addresses.input, np.ascontiguousarray(values, "<f4").tobytes())
    chains = []
    address = addresses.descriptors
    for step in program.steps:
        if isinstance(step, Chain):
            image = link(descriptors_of(program, step, addresses), address)
            put(address, image)
            chains.append(address)
            address += len(image)
    return Image(memory, base, addresses, tuple(chains))


def execute(program: Program, values: np.ndarray) -> np.ndarray:
    """Run one inference on the reference executor.

    Args:
        program: a compiled network.
        values: FP32, one batch of inputs.

    Returns:
        FP32 of the shape of the graph's output.
    """
    image = build_image(program, values)
    chains = iter(image.chains)
    state = reference.State(program.hardware)
    for step in program.steps:
        if isinstance(step, Chain):
            result = reference.execute_chain(
                image.memory, image.base, next(chains), program.hardware, state
            )
            if result.error is not reference.EngineError.NONE:
                raise AssertionError(f"descriptor {result.index}: {result.error.name}")
        else:
            _run_on_cpu(program, step, image)
    output = program.graph.tensors[program.graph.output]
    offset = image.addresses.output - image.base
    return np.frombuffer(image.memory, "<f4", output.size, offset).reshape(output.shape).copy()


def _run_on_cpu(program: Program, layer: CpuLayer, image: Image) -> None:
    def values(name: str) -> np.ndarray:
        tensor = program.graph.tensors[name]
        offset = tensor_address(program, image.addresses, name) - image.base
        return np.frombuffer(image.memory, "<f4", tensor.size, offset).reshape(tensor.shape)

    source, node = values(layer.node.inputs[0]), layer.node
    if node.op == "permute":
        result = source.transpose(node.attributes["axes"])
    else:
        rows = source.reshape(layer.rows, layer.columns)
        result = {"softmax": reference.softmax, "argmax": _argmax}[node.op](rows)
    output = values(node.output)
    output[:] = result.reshape(output.shape)


def _argmax(values: np.ndarray) -> np.ndarray:
    """Return the place of the largest value of each row, as FP32."""
    return values.argmax(axis=-1).astype(np.float32)
