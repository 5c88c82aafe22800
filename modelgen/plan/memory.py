"""What a program needs of main memory, and whether it is there."""

from __future__ import annotations

from modelgen.errors import ModelError
from modelgen.ir.graph import Graph
from modelgen.ir.packing import row_bytes
from modelgen.plan.program import Program
from modelgen.targets.cpu import Cpu, kernel_of

_LIBRARY_BYTES = 8900
"""Code and data of the device library and of the program that runs the tests, without kernels."""
_LAYER_BYTES = 70
"""Code and data of a layer: its calls, its name."""
_KERNEL_BYTES = 1100
"""Code of a kernel of the device library."""
_ARITHMETIC_BYTES = 1800
"""Code that kernels share."""


def code_estimate(program: Program) -> int:
    """Return about how many bytes code and its data take, compiled with -O2.

    The constants are from programs of 1 to 55 layers with up to 5 kernels, compiled with
    assertions: the estimate is at most a sixth from what they have.
    """
    kernels = {
        kernel_of(program.network, layer.node).function.split("<")[0]
        for segment in program.segments
        if segment.target == Cpu.name
        for layer in segment.layers
    }
    layers = _LAYER_BYTES * len(program.layers)
    shared = _ARITHMETIC_BYTES if kernels else 0
    return _LIBRARY_BYTES + layers + shared + _KERNEL_BYTES * len(kernels)


def data_bytes(program: Program, test_bytes: int) -> dict[str, int]:
    """Return the bytes of main memory that a program needs beside its code, by what for.

    Args:
        program: a compiled network.
        test_bytes: size of the test inputs and their outputs.
    """
    hardware = program.hardware
    return {
        **{name: len(data) for name, data in program.sections.items()},
        "arena": max(hardware.arena_bytes or 0, program.arena.size),
        "stack": hardware.stack_bytes,
        "test inputs and outputs": test_bytes,
    }


def test_bytes(graph: Graph, inferences: int) -> int:
    """Return the bytes of the inputs and outputs of a number of inferences."""
    return inferences * sum(row_bytes(graph))


def check_memory(program: Program, test_bytes: int) -> None:
    """Raise ModelError before the linker fails, if data alone, without the code, does not fit.

    Args:
        program: a compiled network.
        test_bytes: size of the test inputs and their outputs.
    """
    _check_arena(program)
    parts = data_bytes(program, test_bytes)
    missing = sum(parts.values()) - program.hardware.memory_bytes
    if missing > 0:
        listing = ", ".join(f"{name} {size}" for name, size in parts.items())
        raise ModelError(
            f"The model does not fit memory: {missing} bytes are missing even without code "
            f"({listing}; memory has {program.hardware.memory_bytes}). Raise memory.banks or "
            "memory.bank_kib in the hardware configuration, or simulate fewer test inputs."
        )


def _check_arena(program: Program) -> None:
    size, available = program.arena.size, program.hardware.arena_bytes
    if available is not None and size > available:
        raise ModelError(
            f"The arena is too small: the model's activations need {size} bytes, "
            f"{size - available} more than the {available} set by arena_kib. Raise arena_kib to "
            f'at least {-(-size // 1024)} in the hardware configuration, or use "auto".'
        )
