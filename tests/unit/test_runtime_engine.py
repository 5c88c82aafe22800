"""The CPU's execution of descriptor chains against the reference, and the descriptor's layout."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows import config
from flows.registers import compile_rdl
from modelgen.descriptor import Descriptor, link
from modelgen.hardware import Hardware
from modelgen.reference import EngineError, execute_chain
from tests.unit import runtime_host
from tests.unit.runtime_host import ROOT, Geometry

BASE = 0x80000000
MEMORY_BYTES = 1 << 16
GEOMETRY = Geometry(array_size=8, buffer_words=1024, accumulator_depth=64)


def hardware(geometry: Geometry) -> Hardware:
    return Hardware(
        array_size=geometry.array_size,
        port_words=4,
        buffer_words=geometry.buffer_words,
        accumulator_depth=geometry.accumulator_depth,
        memory_bytes=MEMORY_BYTES,
        stack_bytes=1024,
        arena_bytes=None,
        clock_hz=100_000_000,
    )


@dataclass
class Image:
    """Main memory that is filled from the start; descriptors come at the end."""

    data: bytearray
    used: int = 0

    def place(self, content: bytes) -> int:
        """Puts content at the next 16-byte boundary; returns its address."""
        address = self.used
        self.data[address : address + len(content)] = content
        self.used = -(-(address + len(content)) // 16) * 16
        return BASE + address


def small_job(image: Image, geometry: Geometry, seed: int = 1) -> Descriptor:
    """A valid descriptor of a 3 x 11 by 11 x 10 product, with its data in the image."""
    random = np.random.default_rng(seed)
    rows, words, columns = 3, 11, 10
    size = geometry.array_size
    tiles = -(-columns // size)
    slices = -(-words // size)
    values = random.standard_normal((rows, 12)).astype(np.float32)
    weights = random.integers(-127, 128, slices * tiles * size * size).astype(np.int8)
    parameters = random.standard_normal(2 * tiles * size).astype(np.float32)
    return Descriptor(
        source=image.place(values.tobytes()),
        source_pitch=48,
        rows=rows,
        words=words,
        buffer_base=5,
        buffer_pitch=13,
        weights=image.place(weights.tobytes()),
        tiles=tiles,
        parameters=image.place(parameters.tobytes()),
        destination=image.place(bytes(rows * 48)),
        destination_pitch=48,
        columns=columns,
    )


def run_both(image: Image, jobs: list[Descriptor], geometry: Geometry) -> None:
    """Asserts that a chain leaves the same memory on the CPU and in the reference."""
    first = image.place(b"")
    image.place(link(jobs, first))
    expected = bytearray(image.data)
    outcome = execute_chain(expected, BASE, first, hardware(geometry))
    got = runtime_host.connect().run_chain(bytes(image.data), BASE, first, geometry)
    assert (got.error, got.memory) == (0, bytes(expected))
    assert outcome.error == EngineError.NONE


values_kinds = st.sampled_from(["normal", "wide", "tiny", "special"])


def draw_values(kind: str, count: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    if kind == "special":
        return random.integers(0, 2**32, count, dtype=np.uint32).view(np.float32)
    exponents = {"normal": 0, "wide": random.integers(-40, 41, count), "tiny": -140}[kind]
    return (random.standard_normal(count) * 2.0**exponents).astype(np.float32)


@settings(max_examples=120, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([4, 8, 12, 16, 32]),
    st.integers(1, 5),
    st.integers(1, 70),
    st.integers(1, 40),
    values_kinds,
    st.sampled_from([(-np.inf, np.inf), (0.0, np.inf), (-0.5, 0.25)]),
)
def test_one_product_equals_the_reference(
    seed: int, size: int, rows: int, words: int, columns: int, kind: str, clamp: tuple[float, float]
) -> None:
    geometry = Geometry(size, 1024, 256)
    image = Image(bytearray(MEMORY_BYTES))
    random = np.random.default_rng(seed)
    tiles, slices = -(-columns // size), -(-words // size)
    weights = random.integers(-127, 128, slices * tiles * size * size).astype(np.int8)
    job = Descriptor(
        source=image.place(draw_values(kind, rows * words, seed).tobytes()),
        source_pitch=4 * words,
        rows=rows,
        words=words,
        buffer_base=int(random.integers(0, 100)),
        buffer_pitch=words + int(random.integers(0, 3)),
        weights=image.place(weights.tobytes()),
        tiles=tiles,
        accumulator_base=int(random.integers(0, 10)),
        parameters=image.place(random.standard_normal(2 * tiles * size).astype("f4").tobytes()),
        destination=image.place(bytes(rows * columns * 4)),
        destination_pitch=4 * columns,
        columns=columns,
        clamp_low=clamp[0],
        clamp_high=clamp[1],
    )
    run_both(image, [job], geometry)


def test_a_chain_in_chunks_equals_the_reference() -> None:
    """Accumulators and buffer contents live on from one descriptor to the next."""
    image = Image(bytearray(MEMORY_BYTES))
    first = small_job(image, GEOMETRY, seed=1)
    second = small_job(image, GEOMETRY, seed=2)
    jobs = [
        replace(first, store=False),
        replace(second, first=False),
        replace(first, load=False, accumulator_base=20, fence=True),
        replace(second, source=second.destination, words=10, fence=True),
    ]
    run_both(image, jobs, GEOMETRY)


FAULTS = {
    "operation": ({"operation": 2}, 1),
    "reserved control bits": ({"control_reserved": 1 << 12}, 1),
    "no rows": ({"rows": 0}, 3),
    "no words": ({"words": 0}, 3),
    "no tiles": ({"tiles": 0}, 3),
    "no columns": ({"columns": 0}, 3),
    "buffer": ({"buffer_base": 1000}, 4),
    "buffer pitch": ({"buffer_pitch": 0xFFFF}, 4),
    "accumulators": ({"accumulator_base": 60}, 5),
    "rows": ({"rows": 0xFFFF, "buffer_pitch": 0}, 5),
    "source below": ({"source": BASE - 16}, 2),
    "source above": ({"source": BASE + MEMORY_BYTES - 100}, 2),
    "source misaligned": ({"source": BASE + 2}, 2),
    "source pitch": ({"source_pitch": 0x7FFFFFFC}, 2),
    "source pitch misaligned": ({"source_pitch": 46}, 2),
    "weights above": ({"weights": BASE + MEMORY_BYTES - 16}, 2),
    "weights misaligned": ({"weights": BASE + 4}, 2),
    "weights null": ({"weights": 0}, 2),
    "parameters above": ({"parameters": BASE + MEMORY_BYTES - 4}, 2),
    "destination": ({"destination": 0xFFFFFFF0}, 2),
    "destination pitch": ({"destination_pitch": 0xFFFFFFF0}, 2),
    "profile": ({"profile": BASE + MEMORY_BYTES - 16}, 2),
    "profile misaligned": ({"profile": BASE + 8}, 2),
}


@pytest.mark.parametrize(("change", "code"), FAULTS.values(), ids=FAULTS)
def test_faults_are_reported_with_place(change: dict[str, int], code: int) -> None:
    image = Image(bytearray(MEMORY_BYTES))
    job = small_job(image, GEOMETRY)
    first = image.place(b"")
    image.place(link([job, replace(job, **change)], first))
    got = runtime_host.connect().run_chain(bytes(image.data), BASE, first, GEOMETRY)
    assert (got.error, got.index, got.address) == (code, 1, first + 64)


@pytest.mark.parametrize("word", [11, 15])
def test_reserved_words_are_refused(word: int) -> None:
    image = Image(bytearray(MEMORY_BYTES))
    words = list(struct.unpack("<16I", small_job(image, GEOMETRY).pack()))
    words[word] |= 1 << 16
    first = image.place(struct.pack("<16I", *words))
    got = runtime_host.connect().run_chain(bytes(image.data), BASE, first, GEOMETRY)
    assert (got.error, got.index) == (1, 0)


@pytest.mark.parametrize("address", [0, BASE - 64, BASE + 8, BASE + MEMORY_BYTES - 32, 0xFFFFFFF0])
def test_bad_descriptor_addresses(address: int) -> None:
    image = Image(bytearray(MEMORY_BYTES))
    runtime = runtime_host.connect()
    got = runtime.run_chain(bytes(image.data), BASE, address, GEOMETRY)
    assert (got.error, got.index, got.address) == (6, 0, address)
    if address == 0:
        return
    first = image.place(replace(small_job(image, GEOMETRY), next=address).pack())
    got = runtime.run_chain(bytes(image.data), BASE, first, GEOMETRY)
    assert (got.error, got.index, got.address) == (6, 1, address)


def test_a_chain_that_never_ends_is_stopped() -> None:
    image = Image(bytearray(MEMORY_BYTES))
    job = replace(small_job(image, GEOMETRY), rows=1, words=1, tiles=1, columns=1)
    first = image.place(b"")
    image.place(replace(job, next=first).pack())
    got = runtime_host.connect().run_chain(bytes(image.data), BASE, first, GEOMETRY)
    assert (got.error, got.index) == (8, 0xFFFF)


def test_builder_makes_the_descriptor_that_it_names() -> None:
    size = config.load().engine.array_size
    full, partial = runtime_host.connect().built_descriptors()
    expected = Descriptor(
        source=0x80001000,
        source_pitch=160,
        rows=3,
        words=40,
        buffer_base=64,
        buffer_pitch=41,
        weights=0x80002000,
        tiles=-(-19 // size),
        accumulator_base=5,
        parameters=0x80003000,
        destination=0x80004000,
        destination_pitch=80,
        columns=19,
        clamp_low=0.0,
        fence=True,
        profile=0x80005000,
        next=0x80006000,
    )
    assert full == expected.pack()
    bare = Descriptor(
        load=False, first=False, store=False, rows=1, words=8, columns=8, tiles=-(-8 // size)
    )
    assert partial == bare.pack()


def test_layout_is_that_of_the_register_description() -> None:
    """The C++ structure lists its words in the order of descriptor.rdl."""
    source = (ROOT / "sw/include/heepstor/descriptor.hpp").read_text(encoding="utf-8")
    members = [
        line.split()[1]
        for line in source.partition("struct alignas(kDescriptorAlignment) Descriptor {")[2]
        .partition("};")[0]
        .splitlines()
        if line.strip().startswith("std::uint32_t")
    ]
    top = compile_rdl(ROOT / "cores/engine/descriptor.rdl")
    described = {register.absolute_address: register.inst_name for register in top.registers()}
    assert members == [described[4 * word] for word in range(16)]


def test_every_error_has_its_reason() -> None:
    *reasons, report = runtime_host.connect().reasons()
    assert reasons[0] == "none"
    assert reasons[9] == "unknown error"
    assert len(set(reasons)) == 10
    assert report == "engine: a dimension is zero (error 3) in descriptor 7 at 0x80000010"
