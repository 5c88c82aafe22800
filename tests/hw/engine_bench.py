"""A bench for the engine: main memory behind its port, its registers, and chains of descriptors."""

from __future__ import annotations

import random
from collections import deque

from cocotb.triggers import FallingEdge

from modelgen.hardware import Hardware
from modelgen.targets.systolic.descriptor import DESCRIPTOR_BYTES, Descriptor, link
from tests.hw import obi

MEMORY_BASE = 0x8000_0000

COUNTERS = (
    "cycles",
    "busy",
    "wait_descriptor",
    "wait_activations",
    "wait_weights",
    "wait_accumulator",
    "wait_store",
    "bus_stalls",
    "macs",
)
REGISTERS = {
    "id": 0x00,
    "buffer": 0x04,
    "accumulator": 0x08,
    "descriptor": 0x0C,
    "doorbell": 0x10,
    "status": 0x14,
    "interrupt": 0x18,
    "interrupt_enable": 0x1C,
    "error": 0x20,
    "error_address": 0x24,
    **{name: 0x28 + 4 * i for i, name in enumerate(COUNTERS)},
    "limit": 0x4C,
    "abort": 0x50,
}


class EngineBench:
    """Main memory with stalls and latency at random, and the CPU's view of the engine."""

    def __init__(self, dut, hardware: Hardware, stalls: float = 0.0, seed: int = 0) -> None:
        self.dut = dut
        self.hardware = hardware
        self.memory = bytearray(hardware.memory_bytes)
        self.stalls = stalls
        self.rng = random.Random(seed)
        self.responses: deque[int] = deque()
        self.obi: dict | None = None
        self.cycle = 0

    async def start(self) -> None:
        """Resets the engine and starts clock and memory."""
        dut = self.dut
        for name in ("obi_req_i", "obi_addr_i", "obi_we_i", "obi_wdata_i"):
            getattr(dut, name).value = 0
        dut.obi_be_i.value = 0xF
        dut.port_gnt_i.value = 0
        dut.port_rvalid_i.value = 0
        await obi.start(dut)
        await self.step()

    async def step(self) -> None:
        """One clock cycle of the memory."""
        await FallingEdge(self.dut.clk_i)
        self.cycle += 1
        self._respond()
        self._accept()

    def _respond(self) -> None:
        ready = bool(self.responses) and self.rng.random() >= self.stalls
        self.dut.port_rvalid_i.value = int(ready)
        if ready:
            self.dut.port_rdata_i.value = self.responses.popleft()

    def _accept(self) -> None:
        dut = self.dut
        grant = self.rng.random() >= self.stalls
        dut.port_gnt_i.value = int(grant)
        if not (grant and dut.port_req_o.value == 1):
            return
        offset = int(dut.port_addr_o.value) - MEMORY_BASE
        mask = int(dut.port_mask_o.value)
        write = dut.port_we_o.value == 1
        wdata = int(dut.port_wdata_o.value) if write else 0
        rdata = 0
        for i in range(self.hardware.port_words):
            if not mask >> i & 1:
                continue
            place = slice(offset + 4 * i, offset + 4 * i + 4)
            assert place.start >= 0 and place.stop <= len(self.memory), "outside memory"
            if write:
                self.memory[place] = (wdata >> (32 * i) & 0xFFFFFFFF).to_bytes(4, "little")
            else:
                rdata |= int.from_bytes(self.memory[place], "little") << (32 * i)
        self.responses.append(rdata)

    async def _access(self, name: str, write: bool, value: int = 0) -> int:
        dut = self.dut
        dut.obi_req_i.value = 1
        dut.obi_addr_i.value = REGISTERS[name]
        dut.obi_we_i.value = int(write)
        dut.obi_wdata_i.value = value
        while dut.obi_gnt_o.value != 1:
            await self.step()
        await self.step()
        dut.obi_req_i.value = 0
        while dut.obi_rvalid_o.value != 1:
            await self.step()
        data = int(dut.obi_rdata_o.value)
        await self.step()
        return data

    async def read(self, name: str) -> int:
        return await self._access(name, write=False)

    async def write(self, name: str, value: int) -> None:
        await self._access(name, write=True, value=value)

    async def ring(self, address: int) -> None:
        """Enables the interrupts and starts the chain at `address`."""
        await self.write("interrupt", 3)
        await self.write("interrupt_enable", 3)
        await self.write("descriptor", address)
        await self.write("doorbell", 1)

    async def wait(self, limit: int = 200_000) -> int:
        """Waits for the interrupt; returns INTERRUPT: 1 done, 2 error."""
        end = self.cycle + limit
        while self.dut.irq_o.value != 1:
            assert self.cycle < end, f"no interrupt within {limit} cycles"
            await self.step()
        return await self.read("interrupt")

    async def reset(self) -> None:
        """Resets the engine in the middle of whatever it does; memory forgets open requests."""
        self.dut.rst_ni.value = 0
        self.responses.clear()
        self.dut.port_rvalid_i.value = 0
        await FallingEdge(self.dut.clk_i)
        self.dut.rst_ni.value = 1
        await self.step()

    async def counters(self) -> dict[str, int]:
        return {name: await self.read(name) for name in COUNTERS}


class Allocator:
    """Hands out main memory from its start."""

    def __init__(self, memory: bytearray) -> None:
        self.memory = memory
        self.used = 0

    def place(self, data: bytes) -> int:
        """Copies `data` to the next free 16-byte line; returns its address."""
        offset = self.used
        self.used = -(-(offset + len(data)) // 16) * 16
        assert self.used <= len(self.memory), "the test needs more memory"
        self.memory[offset : offset + len(data)] = data
        return MEMORY_BASE + offset

    def chain(self, descriptors: list[Descriptor]) -> int:
        """Links and copies descriptors; returns the address of the first."""
        first = self.place(bytes(DESCRIPTOR_BYTES * len(descriptors)))
        offset = first - MEMORY_BASE
        image = link(descriptors, first)
        self.memory[offset : offset + len(image)] = image
        return first
