"""Descriptor chains on a memory image: results, accumulation over chunks, and every error code."""

from __future__ import annotations

import functools
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from systemrdl import RDLCompiler

from modelgen.descriptor import DESCRIPTOR_BYTES, Descriptor, link
from modelgen.hardware import Hardware
from modelgen.reference import EngineError, execute_chain, matmul, postprocess

BASE = 0x8000_0000
CHAIN, SOURCE, WEIGHTS, PARAMETERS, DESTINATION = (
    BASE + offset for offset in (0x0, 0x1000, 0x2000, 0x3000, 0x4000)
)
HARDWARE = Hardware(array_size=4, buffer_words=256, accumulator_depth=16)
JOB = Descriptor(
    source=SOURCE,
    source_pitch=48,
    rows=3,
    words=10,
    buffer_pitch=10,
    weights=WEIGHTS,
    tiles=2,
    parameters=PARAMETERS,
    destination=DESTINATION,
    destination_pitch=32,
    columns=7,
)


def place(memory: bytearray, address: int, data: bytes) -> None:
    memory[address - BASE : address - BASE + len(data)] = data


def run(jobs: list[Descriptor]) -> tuple[bytearray, object]:
    generator = np.random.default_rng(3)
    memory = bytearray(0x5000)
    place(memory, SOURCE, generator.standard_normal(36).astype("<f4").tobytes())
    place(memory, WEIGHTS, generator.integers(-127, 128, 96).astype(np.int8).tobytes())
    place(memory, PARAMETERS, generator.standard_normal(16).astype("<f4").tobytes())
    place(memory, CHAIN, link(jobs, CHAIN))
    return memory, execute_chain(memory, BASE, CHAIN, HARDWARE)


def expected(memory: bytearray) -> np.ndarray:
    values = np.frombuffer(memory, "<f4", 36, 0x1000).reshape(3, 12)[:, :10]
    stream = np.frombuffer(memory, np.int8, 96, 0x2000).reshape(3, 2, 4, 4)
    weights = stream.transpose(0, 2, 1, 3).reshape(12, 8)[:10]
    parameters = np.frombuffer(memory, "<f4", 16, 0x3000).reshape(2, 2, 4)
    scale, bias = parameters[:, 0].reshape(-1), parameters[:, 1].reshape(-1)
    return postprocess(matmul(values, weights, 4), scale, bias, 0.0)[:, :7]


def stored(memory: bytearray) -> np.ndarray:
    return np.frombuffer(memory, "<f4", 24, 0x4000).reshape(3, 8)


def test_one_descriptor() -> None:
    memory, result = run([replace(JOB, clamp_low=0.0)])
    assert result.error is EngineError.NONE
    np.testing.assert_array_equal(stored(memory)[:, :7], expected(memory))
    assert not stored(memory)[:, 7].any()


def test_chunks_of_k_and_resident_activations() -> None:
    """K in two chunks, then the second tile from activations that are already in the buffer."""
    first = replace(JOB, words=8, store=False, tiles=2)
    second = replace(
        JOB,
        first=False,
        source=SOURCE + 32,
        words=2,
        buffer_base=8,
        weights=WEIGHTS + 64,
        clamp_low=0.0,
    )
    memory, result = run([first, second])
    assert (result.error, result.index, len(result.descriptors)) == (EngineError.NONE, 1, 2)
    np.testing.assert_array_equal(stored(memory)[:, :7], expected(memory))

    again = replace(JOB, load=False, source=0, clamp_low=0.0)
    memory, result = run([first, second, again])
    np.testing.assert_array_equal(stored(memory)[:, :7], expected(memory))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"operation": 2}, EngineError.UNKNOWN_OPERATION),
        ({"operation": 0}, EngineError.UNKNOWN_OPERATION),
        ({"control_reserved": 1 << 12}, EngineError.UNKNOWN_OPERATION),
        ({"columns_reserved": 1}, EngineError.UNKNOWN_OPERATION),
        ({"reserved": 1}, EngineError.UNKNOWN_OPERATION),
        ({"profile": BASE + 4}, EngineError.BAD_ADDRESS),
        ({"store": False, "columns": 0}, EngineError.ZERO_DIMENSION),
        ({"source": BASE - 4}, EngineError.BAD_ADDRESS),
        ({"source": SOURCE + 2}, EngineError.BAD_ADDRESS),
        ({"source_pitch": 6}, EngineError.BAD_ADDRESS),
        ({"weights": WEIGHTS + 4}, EngineError.BAD_ADDRESS),
        ({"parameters": BASE + 0x5000}, EngineError.BAD_ADDRESS),
        ({"destination": BASE + 0x4FF0}, EngineError.BAD_ADDRESS),
        ({"rows": 0}, EngineError.ZERO_DIMENSION),
        ({"words": 0}, EngineError.ZERO_DIMENSION),
        ({"tiles": 0}, EngineError.ZERO_DIMENSION),
        ({"columns": 0}, EngineError.ZERO_DIMENSION),
        ({"buffer_base": 250}, EngineError.BUFFER_OVERFLOW),
        ({"accumulator_base": 11}, EngineError.ACCUMULATOR_OVERFLOW),
    ],
)
def test_errors(change: dict, error: EngineError) -> None:
    _, result = run([JOB, replace(JOB, **change)])
    assert (result.error, result.index) == (error, 1)
    assert result.address == CHAIN + DESCRIPTOR_BYTES


def test_bad_descriptor_address() -> None:
    memory = bytearray(256)
    assert execute_chain(memory, BASE, BASE + 8, HARDWARE).error is EngineError.BAD_DESCRIPTOR
    assert execute_chain(memory, BASE, BASE + 256, HARDWARE).error is EngineError.BAD_DESCRIPTOR


def test_the_longest_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelgen.reference.executor._LAST_INDEX", 1)
    _, result = run([JOB, JOB])
    assert (result.error, result.index) == (EngineError.NONE, 1)
    _, result = run([JOB, JOB, JOB])
    assert (result.error, result.index) == (EngineError.CHAIN_TOO_LONG, 1)
    assert result.address == CHAIN + DESCRIPTOR_BYTES


def test_a_loop_is_refused() -> None:
    memory, _ = run([JOB])
    place(memory, CHAIN, replace(JOB, rows=1, words=1, next=CHAIN).pack())
    with pytest.raises(ValueError, match="no end"):
        execute_chain(memory, BASE, CHAIN, HARDWARE)


def test_pack_and_unpack() -> None:
    job = replace(JOB, control_reserved=1 << 20, columns_reserved=5, reserved=9, profile=BASE)
    assert Descriptor.unpack(job.pack()) == job


@pytest.mark.parametrize(
    ("change", "register", "field"),
    [
        ({"next": 16}, "next", "address"),
        ({"operation": 3}, "control", "operation"),
        ({"load": True}, "control", "load"),
        ({"first": True}, "control", "first"),
        ({"store": True}, "control", "store"),
        ({"fence": True}, "control", "fence"),
        ({"source": 20}, "source", "address"),
        ({"source_pitch": 24}, "source_pitch", "bytes"),
        ({"rows": 7}, "shape", "rows"),
        ({"words": 7}, "shape", "words"),
        ({"buffer_base": 7}, "buffer", "base"),
        ({"buffer_pitch": 7}, "buffer", "pitch"),
        ({"weights": 32}, "weights", "address"),
        ({"tiles": 7}, "tiles", "count"),
        ({"accumulator_base": 7}, "tiles", "accumulator"),
        ({"parameters": 28}, "parameters", "address"),
        ({"destination": 28}, "destination", "address"),
        ({"destination_pitch": 28}, "destination_pitch", "bytes"),
        ({"columns": 7}, "columns", "count"),
        ({"columns_reserved": 7}, "columns", "reserved"),
        ({"clamp_low": 0.0}, "clamp_low", "value"),
        ({"clamp_high": 0.0}, "clamp_high", "value"),
        ({"profile": 32}, "profile", "address"),
        ({"reserved": 7}, "reserved", "value"),
    ],
)
def test_layout_is_the_one_of_the_hardware(change: dict, register: str, field: str) -> None:
    """Changing one member changes only the bits that descriptor.rdl gives it."""
    base = Descriptor(load=False, first=False, store=False, operation=0)
    words = [struct.unpack("<16I", job.pack()) for job in (base, replace(base, **change))]
    offset, low, high = hardware_layout()[register, field]
    mask = (1 << (high + 1)) - (1 << low)
    for index, (before, after) in enumerate(zip(*words, strict=True)):
        changed = before ^ after
        assert (changed != 0) == (4 * index == offset)
        assert changed & ~mask == 0


@functools.cache
def hardware_layout() -> dict[tuple[str, str], tuple[int, int, int]]:
    """Return (register, field) -> (byte offset, lowest bit, highest bit)."""
    rdl = Path(__file__).resolve().parents[2] / "cores" / "engine" / "descriptor.rdl"
    compiler = RDLCompiler()
    compiler.compile_file(str(rdl))
    registers = compiler.elaborate().top.registers()
    return {
        (register.inst_name, field.inst_name): (register.address_offset, field.low, field.high)
        for register in registers
        for field in register.fields()
    }
