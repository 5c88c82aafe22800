"""A board that is a process: the boot ROM's loader or the server, compiled for the host.

Its serial line is a pair of pipes; `FaultyPort` stands between and damages what goes through.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import select
import subprocess
import tempfile
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

from flows import config
from flows.contract import cpp, description
from flows.repository import ROOT
from flows.serial import protocol
from flows.toolchain import firmware

HERE = Path(__file__).with_suffix("")
PROGRAM_ID = 0x1234567
SOURCES = {
    "loader": [
        *(ROOT / "cores" / "boot_rom" / "loader.cpp", HERE / "loader_main.cpp"),
        *(firmware.RUNTIME / name for name in ("console.cpp", "uart.cpp")),
    ],
    "server": [firmware.SERVER, HERE / "server_main.cpp"],
}
FLAGS = [
    *("-std=c++17", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-no-pie", "-fno-pie"),
    *("-fsanitize=undefined", "-fno-sanitize-recover=all"),
    f"-Wl,--defsym=heepstor_program_id={PROGRAM_ID:#x}",
]


class PipePort:
    """A process's standard input and output, as a serial port."""

    in_waiting = 4096

    def __init__(self, process: subprocess.Popen) -> None:
        self._process = process

    def read(self, size: int) -> bytes:
        output = self._process.stdout.fileno()
        ready, _, _ = select.select([output], [], [], 0.02)
        return os.read(output, size) if ready else b""

    def write(self, data: bytes) -> None:
        os.write(self._process.stdin.fileno(), data)


class FaultyPort:
    """A line on which every so many bytes one is changed by `fault`, both ways, by chance."""

    in_waiting = 4096

    def __init__(
        self, port: PipePort, fault: Callable[[int], bytes], every: int, seed: int
    ) -> None:
        self._port = port
        self._fault = fault
        self._every = every
        self._random = random.Random(seed)
        self.faults = 0

    def read(self, size: int) -> bytes:
        return self._damaged(self._port.read(size))

    def write(self, data: bytes) -> None:
        self._port.write(self._damaged(data))

    def _damaged(self, data: bytes) -> bytes:
        return b"".join(self._byte(byte) for byte in data)

    def _byte(self, byte: int) -> bytes:
        if self._random.randrange(self._every):
            return bytes([byte])
        self.faults += 1
        return self._fault(byte)


class StartFaultPort:
    """A line on which the first request to start, or its reply, is replaced by other bytes."""

    in_waiting = 4096

    def __init__(self, port: PipePort, what: str, by: Callable[[bytes], bytes]) -> None:
        """`what` is "request" or "reply"."""
        self._port = port
        self._what = what
        self._by = by
        self._reply = b""
        self._held = b""
        self.faults = 0

    def write(self, data: bytes) -> None:
        request = protocol.decode(data.strip(b"\0"))
        if request.type == protocol.START and not self.faults:
            self.faults += 1
            if self._what == "request":
                data = self._by(data)
            else:
                kind = protocol.START + protocol.REPLY
                self._reply = protocol.encode(protocol.Message(kind, request.sequence))
        self._port.write(data)

    def read(self, size: int) -> bytes:
        self._held += self._port.read(size)
        if self._reply and self._reply not in self._held:
            return b""
        data, self._held = self._held, b""
        if self._reply:
            data = data.replace(self._reply, self._by(self._reply), 1)
            self._reply = b""
        return data


class CutPort:
    """A line whose cable is pulled after so many bytes have been sent."""

    in_waiting = 4096

    def __init__(self, port: PipePort, after: int) -> None:
        self._port = port
        self._left = after

    def read(self, size: int) -> bytes:
        if self._left <= 0:
            raise OSError(5, "Input/output error")
        return self._port.read(size)

    def write(self, data: bytes) -> None:
        self._port.write(data[: max(self._left, 0)])
        self._left -= len(data)
        if self._left <= 0:
            raise OSError(5, "Input/output error")


@contextlib.contextmanager
def running(kind: str, config_hash: str) -> Iterator[PipePort]:
    """A new "loader" or "server" with a configuration's hash; its serial line."""
    command = [_build(kind), config_hash]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "bufsize": 0}
    process = subprocess.Popen(command, env={**os.environ, "HASH": config_hash}, **pipes)
    try:
        yield PipePort(process)
    finally:
        process.stdin.close()
        code = process.wait(timeout=10)
        process.stdout.close()
    assert code == 0, "the board has crashed; its message is on stderr"


@contextlib.contextmanager
def on_terminal(kind: str, config_hash: str) -> Iterator[str]:
    """The same on a pseudo-terminal, whose name is given."""
    master, slave = os.openpty()
    tty.setraw(slave)
    command = [_build(kind), config_hash]
    process = subprocess.Popen(command, stdin=master, stdout=master)
    try:
        yield os.ttyname(slave)
    finally:
        process.terminate()
        process.wait(timeout=10)
        os.close(slave)
        os.close(master)


def _build(kind: str) -> Path:
    """Compiles, unless these very sources were compiled before."""
    sources = [*SOURCES[kind], HERE / "board.cpp"]
    headers = [*sorted(HERE.rglob("*.hpp")), *sorted((ROOT / "sw" / "include").rglob("*.hpp"))]
    digest = hashlib.sha256("".join([kind, *FLAGS, cpp.header(description.load())]).encode())
    rdl = [ROOT / "cores" / name for name in firmware.REGISTERS]
    for path in [*sources, *headers, *rdl, config.DEFAULT_PATH]:
        digest.update(path.read_bytes())
    program = ROOT / "build" / "cache" / "host" / digest.hexdigest()[:16] / kind
    if program.exists():
        return program
    program.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=program.parent) as folder:
        firmware.write_headers(config.load(config.DEFAULT_PATH), Path(folder))
        includes = [f"-I{path}" for path in (HERE, folder, firmware.INCLUDE)]
        result = Path(folder) / kind
        subprocess.run(["c++", *FLAGS, *includes, *map(str, sources), "-o", result], check=True)
        result.replace(program)
    return program
