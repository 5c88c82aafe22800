"""The device's run-time library compiled for the host, with sanitizers, and driven from Python."""

from __future__ import annotations

import functools
import hashlib
import os
import struct
import subprocess
import tempfile
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np

from flows import config
from flows.contract import cpp, description
from flows.repository import ROOT
from modelgen.targets.systolic.descriptor import DESCRIPTOR_BYTES, Descriptor
from modelgen.targets.systolic.reference import new_seed

SOURCE_NAMES = ("engine", "print", "slice", "string")
SOURCES = [
    *(ROOT / "sw" / "src" / f"{name}.cpp" for name in SOURCE_NAMES),
    *sorted((ROOT / "sw" / "src").glob("software_*.cpp")),
    Path(__file__).with_suffix(".cpp"),
]
FLAGS = [
    "-std=c++17",
    "-O1",
    "-g",
    "-ffp-contract=off",
    "-fno-builtin-memcpy",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
]
RENAMED = [f"-D{name}=device_{name}" for name in ("memcpy", "memmove", "memset", "memcmp")]
"""The device's memory functions beside the host's."""


@dataclass(frozen=True)
class Geometry:
    """Sizes of the engine that software stands in for."""

    array_size: int
    buffer_words: int
    accumulator_depth: int
    int8: bool = True


@dataclass(frozen=True)
class ChainResult:
    error: int
    index: int
    address: int
    memory: bytes
    seed: int
    """Of what buffer and accumulators began with."""


class Runtime:
    """A running process of the library; each method is one call."""

    def __init__(self, program: Path) -> None:
        environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}
        self._process = subprocess.Popen(
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )

    def slice_dot(self, values: np.ndarray, weights: np.ndarray) -> int:
        """Returns the bits of the dot product of one slice."""
        self._send(b"d", _array(values, np.float32), _array(weights, np.int8))
        return self._words(1)[0]

    def requantize(
        self, sums: np.ndarray, parameters: tuple[int, ...], ties_even: bool
    ) -> np.ndarray:
        """Returns INT32 sums as integers by the words of a channel: multiplier, bias, offsets."""
        words = struct.pack("<4I", *(word & 0xFFFFFFFF for word in parameters), ties_even)
        self._send(b"q", words, _array(sums, np.int32))
        return np.frombuffer(self._bytes(4), np.int32)

    def run_chain(self, memory: bytes, base: int, first: int, geometry: Geometry) -> ChainResult:
        """Runs a chain on the software engine, whose buffers begin with other junk each time."""
        seed = new_seed()
        words = struct.pack("<3I?3x3I", *astuple(geometry), base, first, seed)
        self._send(b"c", words, _array(memory, "u1"))
        error, index, address = self._words(3)
        return ChainResult(error, index, address, self._bytes(), seed)

    def softmax(self, logits: np.ndarray, in_place: bool = False) -> np.ndarray:
        return self._map(b"s", logits, in_place)

    def softmax_of_constant_length(self, logits: np.ndarray) -> np.ndarray:
        """The version for lengths that the compiler knows: 1, 7, 10 and 20 are there."""
        return self._map(b"S", logits, in_place=False)

    def argmax(self, values: np.ndarray) -> int:
        self._send(b"a", _array(values, np.float32))
        return self._words(1)[0]

    def print(self, kind: str, value: float, digits: int | None = None) -> str:
        """Returns what print() gives; `kind` is f, F (fixed), x (hex), i, u, U (64 bit)."""
        extra = b"" if digits is None else struct.pack("<i", digits)
        code = {"f": "f", "F": "f", "x": "I", "i": "i", "u": "I", "U": "Q"}[kind]
        self._send(b"p", kind.encode(), extra, struct.pack(f"<{code}", value))
        return self._bytes().decode()

    def print_all_kinds(self) -> str:
        self._send(b"p", b"?")
        return self._bytes().decode()

    def memory_function(
        self, name: str, to: int, from_or_value: int, count: int, buffer: bytes
    ) -> tuple[int, bytes]:
        """Calls mem(c)py, mem(m)ove, mem(s)et or memcm(p) inside `buffer`."""
        header = name.encode() + struct.pack("<3I", to, from_or_value, count)
        self._send(b"m", header, _array(buffer, "u1"))
        (order,) = struct.unpack("<i", self._read(4))
        return order, self._bytes()

    def built_descriptors(self) -> list[Descriptor]:
        self._send(b"b")
        return [Descriptor.unpack(self._read(DESCRIPTOR_BYTES)) for _ in range(8)]

    def descriptor_with_addresses(self) -> Descriptor:
        """Returns one after the four set_...()."""
        self._send(b"B")
        return Descriptor.unpack(self._read(DESCRIPTOR_BYTES))

    def reasons(self) -> list[str]:
        self._send(b"e")
        return self._bytes().decode().splitlines()

    def _map(self, command: bytes, values: np.ndarray, in_place: bool) -> np.ndarray:
        self._send(command, struct.pack("<I", in_place), _array(values, np.float32))
        return np.frombuffer(self._bytes(4), np.float32)

    def _send(self, *parts: bytes) -> None:
        self._process.stdin.write(b"".join(parts))
        self._process.stdin.flush()

    def _read(self, count: int) -> bytes:
        data = self._process.stdout.read(count)
        assert len(data) == count, "the run-time library has crashed; its message is on stderr"
        return data

    def _words(self, count: int) -> tuple[int, ...]:
        return struct.unpack(f"<{count}I", self._read(4 * count))

    def _bytes(self, item: int = 1) -> bytes:
        return self._read(self._words(1)[0] * item)


def _array(values: np.ndarray | bytes, dtype: str | type) -> bytes:
    if isinstance(values, bytes | bytearray):
        values = np.frombuffer(values, np.uint8)
    values = np.ascontiguousarray(values, dtype)
    return struct.pack("<I", values.size) + values.tobytes()


@functools.cache
def connect() -> Runtime:
    """Returns the library's process; compiles it unless these very sources were compiled before."""
    return Runtime(_build())


def _build() -> Path:
    headers = sorted((ROOT / "sw").rglob("*.hpp"))
    digest = hashlib.sha256("".join([*FLAGS, *RENAMED, cpp.header(description.load())]).encode())
    for path in [*SOURCES, *headers]:
        digest.update(path.read_bytes())
    program = ROOT / "build" / "cache" / "host" / digest.hexdigest()[:16] / "runtime"
    if program.exists():
        return program
    program.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=program.parent) as folder:
        config.write_cpp_header(config.load(), Path(folder) / "heepstor_config.hpp")
        cpp.write_header(description.load(), Path(folder))
        result = Path(folder) / "runtime"
        includes = [f"-I{ROOT / 'sw' / 'include'}", f"-I{folder}"]
        flags = [*FLAGS, *RENAMED, *includes]
        subprocess.run(["c++", *flags, *map(str, SOURCES), "-o", result], check=True)
        result.replace(program)
    return program
