"""A program laid out in memory, and its execution by the reference, descriptor by descriptor."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from modelgen import reference
from modelgen.arena import ALIGNMENT
from modelgen.descriptor import DESCRIPTOR_BYTES, Descriptor, link
from modelgen.program import Chain, CpuLayer, EngineLayer, Job, Program

BASE = 0x8000_0000
"""Address of main memory."""


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
    if tensor == program.graph.input:
        return addresses.input
    if tensor == program.graph.output:
        return addresses.output
    return addresses.arena + program.arena.offsets[tensor]


def descriptors_of(program: Program, chain: Chain, addresses: Addresses) -> list[Descriptor]:
    """Return the descriptors of a chain, not linked yet."""
    return [
        _descriptor(program, layer, job, addresses) for layer in chain.layers for job in layer.jobs
    ]


def _descriptor(program: Program, layer: EngineLayer, job: Job, addresses: Addresses) -> Descriptor:
    tile_parameters = 2 * 4 * program.hardware.array_size
    tile = job.column // program.hardware.array_size
    low, high = layer.clamp
    source = tensor_address(program, addresses, layer.node.inputs[0])
    destination = tensor_address(program, addresses, layer.node.output)
    stream = layer.weights_offset + layer.stream_offsets[job.word, job.column]
    return Descriptor(
        load=job.load,
        first=job.first,
        store=job.store,
        fence=job.fence,
        source=source + job.row * layer.source_pitch + 4 * job.word,
        source_pitch=layer.source_pitch,
        rows=job.rows,
        words=job.words,
        buffer_base=job.buffer_base,
        buffer_pitch=job.buffer_pitch,
        weights=addresses.weights + stream,
        tiles=job.tiles,
        accumulator_base=job.accumulator_base,
        parameters=addresses.parameters + layer.parameters_offset + tile * tile_parameters,
        destination=destination + job.row * layer.destination_pitch + 4 * job.column,
        destination_pitch=layer.destination_pitch,
        columns=job.columns,
        clamp_low=-math.inf if low is None else low,
        clamp_high=math.inf if high is None else high,
    )


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
    for step in program.steps:
        if isinstance(step, Chain):
            result = reference.execute_chain(
                image.memory, image.base, next(chains), program.hardware
            )
            if result.error is not reference.EngineError.NONE:
                raise AssertionError(f"descriptor {result.index}: {result.error.name}")
        else:
            _run_on_cpu(program, step, image)
    output = program.graph.tensors[program.graph.output]
    offset = image.addresses.output - image.base
    return np.frombuffer(image.memory, "<f4", output.size, offset).reshape(output.shape).copy()


def _run_on_cpu(program: Program, layer: CpuLayer, image: Image) -> None:
    def rows(tensor: str, pitch: int) -> np.ndarray:
        offset = tensor_address(program, image.addresses, tensor) - image.base
        count = (layer.rows - 1) * pitch // 4 + layer.columns
        flat = np.frombuffer(image.memory, "<f4", count, offset)
        shape = (layer.rows, layer.columns)
        return np.lib.stride_tricks.as_strided(flat, shape, (pitch, 4), writeable=True)

    source = rows(layer.node.inputs[0], layer.source_pitch)
    operator = {"softmax": reference.softmax, "relu": reference.relu}[layer.node.op]
    rows(layer.node.output, layer.destination_pitch)[:] = operator(source)
