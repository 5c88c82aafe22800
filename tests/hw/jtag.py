"""A debugger in a few lines: JTAG through the simulator's port, DMI, and what is done with it.

RISC-V External Debug Support 0.13.2; the port speaks remote_bitbang, as OpenOCD does.
"""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

# Instructions of the TAP.
IDCODE, DTMCS, DMI = 0x01, 0x10, 0x11
IR_BITS, DMI_BITS = 5, 41

# Registers of the debug module.
DATA0, DMCONTROL, DMSTATUS, ABSTRACTCS, COMMAND = 0x04, 0x10, 0x11, 0x16, 0x17
PROGBUF0, SBCS, SBADDRESS0, SBDATA0 = 0x20, 0x38, 0x39, 0x3C

# Numbers of the CPU's registers in abstract commands.
TSELECT, TDATA1, TDATA2, DCSR, DPC = 0x7A0, 0x7A1, 0x7A2, 0x7B0, 0x7B1
X0, F0 = 0x1000, 0x1020

# Why the CPU halted (dcsr.cause).
CAUSE_EBREAK, CAUSE_TRIGGER, CAUSE_REQUEST, CAUSE_STEP = 1, 2, 3, 4

_READ, _WRITE = 1, 2


class Jtag:
    """The pins, and scans through the TAP."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reset()

    def close(self) -> None:
        """Says goodbye."""
        self._socket.sendall(b"Q")
        self._socket.close()

    def reset(self) -> None:
        """Test-Logic-Reset, then Run-Test/Idle."""
        self._clock([(1, 0)] * 5 + [(0, 0)])

    def pulse_trst(self) -> None:
        """The reset pin of the TAP."""
        self._socket.sendall(b"tr")
        self.reset()

    def idle(self, cycles: int) -> None:
        """Stays in Run-Test/Idle."""
        self._clock([(0, 0)] * cycles)

    def scan_ir(self, value: int) -> int:
        """Loads the instruction; returns what was captured."""
        return self._scan([(1, 0), (1, 0), (0, 0), (0, 0)], value, IR_BITS)

    def scan_dr(self, value: int, bits: int) -> int:
        """Shifts the data register of the instruction; returns what was captured."""
        return self._scan([(1, 0), (0, 0), (0, 0)], value, bits)

    def _scan(self, enter: list[tuple[int, int]], value: int, bits: int) -> int:
        data = [(int(i == bits - 1), value >> i & 1) for i in range(bits)]
        answer = self._clock([*enter, *data, (1, 0), (0, 0)], range(len(enter), len(enter) + bits))
        return sum(bit << i for i, bit in enumerate(answer))

    def _clock(self, pins: Sequence[tuple[int, int]], read: range = range(0)) -> list[int]:
        """One cycle of tck for each (tms, tdi); returns tdo of the cycles in `read`."""
        commands = bytearray()
        for index, (tms, tdi) in enumerate(pins):
            low = ord("0") + 2 * tms + tdi
            commands += bytes([low, ord("R"), low + 4] if index in read else [low, low + 4])
        self._socket.sendall(commands)
        answer = b""
        while len(answer) < len(read):
            part = self._socket.recv(len(read) - len(answer))
            assert part, "the simulator has closed the JTAG port"
            answer += part
        return [byte - ord("0") for byte in answer]


class DebuggerError(Exception):
    """The debug module reports an error."""


class Debugger:
    """Halts and looks at the CPU. Without an answer in time it waits longer, as debuggers do."""

    def __init__(self, port: int) -> None:
        self.jtag = Jtag(port)
        self.idle_cycles = 8
        self.busy = 0
        self.write(DMCONTROL, 1)

    def close(self) -> None:
        """Leaves the CPU as it is."""
        self.jtag.close()

    # Registers of the debug module.

    def read(self, address: int) -> int:
        """Reads a register of the debug module."""
        return self._access(address, 0, _READ)

    def write(self, address: int, value: int) -> None:
        """Writes a register of the debug module."""
        self._access(address, value, _WRITE)

    def _access(self, address: int, value: int, operation: int) -> int:
        for _ in range(50):
            self.jtag.scan_ir(DMI)
            self.jtag.scan_dr(address << 34 | value << 2 | operation, DMI_BITS)
            self.jtag.idle(self.idle_cycles)
            answer = self.jtag.scan_dr(0, DMI_BITS)
            if answer & 3 == 0:
                return answer >> 2 & 0xFFFF_FFFF
            self.busy += 1
            self.idle_cycles += 8
            self.jtag.scan_ir(DTMCS)
            self.jtag.scan_dr(1 << 16, 32)
        raise DebuggerError(f"register {address:#x} stays busy")

    def _wait(self, address: int, mask: int, value: int) -> int:
        for _ in range(200):
            seen = self.read(address)
            if seen & mask == value:
                return seen
        raise DebuggerError(f"register {address:#x} is {seen:#x}; {mask:#x} never gets {value:#x}")

    # The CPU.

    def is_halted(self) -> bool:
        """Whether the CPU is halted."""
        return bool(self.read(DMSTATUS) >> 9 & 1)

    def halt(self) -> None:
        """Halts the CPU, and waits for that."""
        self.write(DMCONTROL, 1 << 31 | 1)
        self.wait_for_halt()
        self.write(DMCONTROL, 1)

    def wait_for_halt(self) -> None:
        """Waits until the CPU is halted, by a breakpoint for example."""
        self._wait(DMSTATUS, 1 << 9, 1 << 9)

    def resume(self) -> None:
        """Lets the CPU go on, and waits until it has started."""
        self.write(DMCONTROL, 1 << 30 | 1)
        self._wait(DMSTATUS, 1 << 17, 1 << 17)

    def reset_system(self, halt: bool) -> None:
        """Resets all but the debug module; the CPU then halts at once, or runs."""
        haltreq = int(halt) << 31
        self.write(DMCONTROL, haltreq | 2 | 1)
        self.write(DMCONTROL, haltreq | 1)
        state = 1 << 9 if halt else 1 << 11
        self._wait(DMSTATUS, state, state)
        self.write(DMCONTROL, 1 << 28 | 1)

    def step(self) -> None:
        """Runs one instruction."""
        dcsr = self.register(DCSR)
        self.set_register(DCSR, dcsr | 1 << 2)
        self.resume()
        self.wait_for_halt()
        self.set_register(DCSR, dcsr)

    def register(self, number: int) -> int:
        """A register of the halted CPU."""
        self._command(2 << 20 | 1 << 17 | number)
        return self.read(DATA0)

    def set_register(self, number: int, value: int) -> None:
        """Changes a register of the halted CPU."""
        self.write(DATA0, value)
        self._command(2 << 20 | 1 << 17 | 1 << 16 | number)

    def run_program(self, instructions: Sequence[int]) -> None:
        """Lets the halted CPU run instructions from the program buffer."""
        ebreak = 0x0010_0073
        for index, instruction in enumerate([*instructions, ebreak]):
            self.write(PROGBUF0 + index, instruction)
        self._command(1 << 18)

    def _command(self, command: int) -> None:
        self.write(COMMAND, command)
        error = self._wait(ABSTRACTCS, 1 << 12, 0) >> 8 & 7
        if error:
            self.write(ABSTRACTCS, 7 << 8)
            raise DebuggerError(f"command {command:#x} ends with error {error}")

    # The memory, through the system bus.

    def words(self, address: int, count: int) -> list[int]:
        """Words from an address on, whether the CPU runs or not."""
        # On each address written and each word read, the next is read.
        self.write(SBCS, 1 << 20 | 2 << 17 | 1 << 16 | 1 << 15)
        self.write(SBADDRESS0, address)
        found = []
        for _ in range(count):
            self._check_bus()
            found.append(self.read(SBDATA0))
        return found

    def set_words(self, address: int, words: Sequence[int]) -> None:
        """Writes words from an address on, whether the CPU runs or not."""
        self.write(SBCS, 2 << 17 | 1 << 16)
        self.write(SBADDRESS0, address)
        for word in words:
            self.write(SBDATA0, word)
        self._check_bus()

    def _check_bus(self) -> None:
        if error := self._wait(SBCS, 1 << 21, 0) >> 12 & 0x407:
            self.write(SBCS, 1 << 22 | 7 << 12)
            raise DebuggerError(f"the system bus answers with error {error}")


class Simulation:
    """A running simulator with its JTAG port."""

    def __init__(self, process: subprocess.Popen, port: int) -> None:
        self.process = process
        self.port = port

    def end(self) -> tuple[int, str, str]:
        """Waits for the end: exit code, what the program printed, the simulator's messages."""
        printed, messages = self.process.communicate(timeout=120)
        return self.process.returncode, printed, messages


@contextmanager
def simulation(simulator: Path, firmware: Path, *options: str) -> Iterator[Simulation]:
    """Starts the simulator with a JTAG port, and ends it."""
    command = [str(simulator), f"--firmware={firmware}", "--jtag=0", *options]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    )
    try:
        line = process.stderr.readline()
        found = re.search(r"JTAG on port (\d+)", line)
        assert found, line + process.stderr.read()
        yield Simulation(process, int(found[1]))
    finally:
        process.kill()
        process.communicate()


@contextmanager
def debugger(simulator: Path, firmware: Path, *options: str) -> Iterator[Debugger]:
    """A debugger on a simulator that runs a program."""
    with simulation(simulator, firmware, *options) as running:
        found = Debugger(running.port)
        yield found
        found.close()
