"""A program laid out in memory, and its execution by the reference, descriptor by descriptor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from modelgen.ir.execute_exact import run_node
from modelgen.memory.arena import ALIGNMENT
from modelgen.operators.base import Cut
from modelgen.plan.program import Chain, CpuLayer, EngineLayer, Job, Load, Place, Program
from modelgen.targets.systolic import reference
from modelgen.targets.systolic.abi import Error
from modelgen.targets.systolic.descriptor import DESCRIPTOR_BYTES, Descriptor, link
from modelgen.targets.systolic.reference import Scratchpad, UnwrittenReadError, new_seed

BASE = 0x8000_0000
"""Address of main memory."""
WORD_BYTES = 4
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
    low, high = layer.epilogue.bounds
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
        slope=layer.epilogue.slope,
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

    def words(self, address: int, count: int) -> np.ndarray:
        """Return FP32 words as an array that aliases memory."""
        return np.frombuffer(self.memory, "<f4", count, address - self.base)


def build_image(
    program: Program, values: np.ndarray, base: int = BASE, seed: int | None = None
) -> Image:
    """Return memory that holds the program, its constants and the input `values` (one batch).

    All else, arena and output among it, is junk.

    Args:
        program: a compiled network.
        values: FP32, one batch of inputs.
        base: address of the first byte.
        seed: of the junk; None: another each time.
    """
    addresses = lay_out(program, base)
    random = np.random.default_rng(new_seed() if seed is None else seed)
    memory = bytearray(random.bytes(addresses.end - base))

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


class Machine:
    """Runs inferences of a program one after another on the reference executor.

    Memory and the engine begin with junk, and each inference with what the one before has left.
    """

    def __init__(self, program: Program, seed: int | None = None) -> None:
        """Lay the program out.

        Args:
            program: a compiled network.
            seed: of the junk; None: another each time.
        """
        self.seed = new_seed() if seed is None else seed
        self._program = program
        shape = program.graph.tensors[program.graph.input].shape
        self._image = build_image(program, np.zeros(shape, np.float32), seed=self.seed)
        self._scratchpad = Scratchpad(program.hardware, self.seed)
        self._written = np.ones(len(self._image.memory) // WORD_BYTES, bool)

    def infer(self, values: np.ndarray) -> np.ndarray:
        """Run one inference.

        Args:
            values: FP32, one batch of inputs.

        Returns:
            FP32 of the shape of the graph's output.

        Raises:
            AssertionError: the program is wrong: it reads what this inference has not written, or
                the engine refuses it.
        """
        program, image = self._program, self._image
        self._scratchpad.forget()
        addresses = image.addresses
        self._mark(addresses.arena, addresses.end, written=False)
        self._put(program.graph.input, values)
        chains = iter(image.chains)
        for step in program.steps:
            if isinstance(step, Chain):
                self._run_chain(next(chains))
            else:
                self._run_on_cpu(step)
        return self._get(program.graph.output).copy()

    def _run_chain(self, first: int) -> None:
        image, hardware = self._image, self._program.hardware
        result = reference.execute_chain(
            image.memory, image.base, first, hardware, self._scratchpad, self._written
        )
        if result.error is not Error.NONE:
            raise AssertionError(f"descriptor {result.index}: {result.error.name}")

    def _run_on_cpu(self, layer: CpuLayer) -> None:
        node = layer.node
        sources = [self._get(name) for name in node.inputs]
        cut = Cut(self._program.hardware.array_size)
        self._put(node.output, run_node(self._program.graph, node, sources, cut))

    def _get(self, name: str) -> np.ndarray:
        """Return a tensor, which aliases memory."""
        program, image = self._program, self._image
        tensor = program.graph.tensors[name]
        address = tensor_address(program, image.addresses, name)
        first = (address - image.base) // WORD_BYTES
        if not self._written[first : first + tensor.size].all():
            raise UnwrittenReadError(f"not all words of '{name}' were written")
        return image.words(address, tensor.size).reshape(tensor.shape)

    def _put(self, name: str, values: np.ndarray) -> None:
        address = tensor_address(self._program, self._image.addresses, name)
        self._image.words(address, values.size)[:] = values.reshape(-1)
        self._mark(address, address + WORD_BYTES * values.size, written=True)

    def _mark(self, begin: int, end: int, *, written: bool) -> None:
        first, last = ((a - self._image.base) // WORD_BYTES for a in (begin, end))
        self._written[first:last] = written


def execute(program: Program, values: np.ndarray) -> np.ndarray:
    """Run one inference on the reference executor; see `Machine`."""
    return Machine(program).infer(values)
