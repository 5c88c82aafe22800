"""The crossbar: every access reaches its slave, answers come back in order, errors are told."""

import random
from collections import deque

import cocotb
import pytest
from cocotb.triggers import FallingEdge, RisingEdge

from tests.hw.obi import start
from tests.hw.runner import run_cocotb

MASTERS = 3
PERIPHERALS = 3
MEMORY_BASE, MEMORY_BYTES = 0x8000_0000, 4096
PERIPHERAL_BASE = [0x1000_0000, 0x1000_1000, 0x2000_0000]
NOWHERE = 0x4000_0000
SLOW = 2  # a peripheral that takes its time


@pytest.mark.parametrize("registered", [0, 1])
def test_interconnect(registered):
    packed = sum(base << (32 * i) for i, base in enumerate(PERIPHERAL_BASE))
    parameters = {
        "NumMasters": MASTERS,
        "NumPeripherals": PERIPHERALS,
        "Registered": registered,
        "MemoryBase": MEMORY_BASE,
        "MemoryBytes": MEMORY_BYTES,
        "PeripheralBase": f"{32 * PERIPHERALS}'h{packed:x}",
    }
    run_cocotb("heepstor:ip:interconnect", "obi_crossbar", "tests.hw.test_interconnect", parameters)


REQUEST_BITS, RESPONSE_BITS = 70, 33


def request(address, write, data):
    """The packed struct obi_req_t: req, addr, we, be, wdata."""
    return (1 << 69) | (address << 37) | (write << 36) | (0xF << 32) | data


def fields(packed, index):
    """req, address, we and wdata of one request in an array of them."""
    value = (int(packed) >> (REQUEST_BITS * index)) & ((1 << REQUEST_BITS) - 1)
    return value >> 69, (value >> 37) & 0xFFFF_FFFF, (value >> 36) & 1, value & 0xFFFF_FFFF


def answer_of(address, write, data):
    """What the modelled slaves answer: depends on everything that they were asked."""
    return (address * 3 + write * 0x1234567 + data) & 0xFFFF_FFFF


class Slaves:
    """A group of ports (memory or peripherals): random grants, answers after a random time."""

    def __init__(self, dut, name, count, latency):
        self.requests = getattr(dut, f"{name}_o")
        self.grants = getattr(dut, f"{name}_gnt_i")
        self.responses = getattr(dut, f"{name}_i")
        self.dut, self.count, self.latency = dut, count, latency
        self.pending = [deque() for _ in range(count)]
        self.seen = []

    async def run(self):
        time, granted = 0, 0
        while True:
            await FallingEdge(self.dut.clk_i)
            time += 1
            granted = random.getrandbits(self.count)
            self.grants.value = granted
            self.responses.value = sum(
                self._respond(i, time) << (RESPONSE_BITS * i) for i in range(self.count)
            )
            await RisingEdge(self.dut.clk_i)
            for i in range(self.count):
                req, address, write, data = fields(self.requests.value, i)
                if req and (granted >> i) & 1:
                    self.seen.append((i, address))
                    due = time + random.randint(1, self.latency[i])
                    self.pending[i].append((due, answer_of(address, write, data)))

    def _respond(self, index, time):
        queue = self.pending[index]
        if not queue or queue[0][0] > time:
            return 0
        return (1 << 32) | queue.popleft()[1]


class Masters:
    """All masters' ports, driven together because they are packed in one vector."""

    def __init__(self, dut):
        self.dut = dut
        self.packed = [0] * MASTERS
        dut.masters_i.value = 0

    def drive(self, index, value):
        self.packed[index] = value
        self.dut.masters_i.value = sum(v << (REQUEST_BITS * i) for i, v in enumerate(self.packed))

    async def run(self, index, accesses):
        """Sends the accesses, up to two before an answer, and checks the answers."""
        expected = deque()
        checker = cocotb.start_soon(self._check(index, expected, len(accesses)))
        for address, write, data in accesses:
            while len(expected) >= 2:
                await FallingEdge(self.dut.clk_i)
            self.drive(index, request(address, write, data))
            while True:
                await RisingEdge(self.dut.clk_i)
                if (int(self.dut.masters_gnt_o.value) >> index) & 1:
                    break
            unmapped = address == NOWHERE
            expected.append(0 if unmapped else answer_of(address, write, data))
            await FallingEdge(self.dut.clk_i)
            self.drive(index, 0)
            for _ in range(random.choice([0, 0, 0, 2])):
                await FallingEdge(self.dut.clk_i)
        await checker

    async def _check(self, index, expected, count):
        while count:
            await RisingEdge(self.dut.clk_i)
            response = int(self.dut.masters_o.value) >> (RESPONSE_BITS * index)
            if (response >> 32) & 1:
                assert expected, f"master {index} got an answer that it did not ask for"
                assert response & 0xFFFF_FFFF == expected.popleft()
                count -= 1


async def ready(dut):
    masters = Masters(dut)
    for name in ("memory", "peripherals"):
        getattr(dut, f"{name}_gnt_i").value = 0
        getattr(dut, f"{name}_i").value = 0
    await start(dut)
    memory = Slaves(dut, "memory", MASTERS, [1] * MASTERS)
    peripherals = Slaves(dut, "peripherals", PERIPHERALS, [1, 3, 8])
    tasks = [cocotb.start_soon(memory.run()), cocotb.start_soon(peripherals.run())]
    return masters, memory, peripherals, tasks


def random_access():
    base = random.choice([*PERIPHERAL_BASE, MEMORY_BASE, MEMORY_BASE, MEMORY_BASE, NOWHERE])
    offset = 0 if base == NOWHERE else 4 * random.randrange(1024)
    return base + offset, random.getrandbits(1), random.getrandbits(32)


@cocotb.test()
async def random_traffic_is_answered_in_order(dut):
    masters, memory, peripherals, _ = await ready(dut)
    accesses = [[random_access() for _ in range(300)] for _ in range(MASTERS)]
    runs = [cocotb.start_soon(masters.run(i, accesses[i])) for i in range(MASTERS)]
    for run in runs:
        await run
    sent = sorted(address for master in accesses for address, _, _ in master if address != NOWHERE)
    assert sorted(address for _, address in memory.seen + peripherals.seen) == sent
    for index, address in memory.seen:
        assert address in {a for a, _, _ in accesses[index]}, "a master uses its own memory port"
    for index, address in peripherals.seen:
        assert address & ~0xFFF == PERIPHERAL_BASE[index]


@cocotb.test()
async def an_access_to_nowhere_is_reported(dut):
    masters, *_ = await ready(dut)
    reported = []

    async def watch():
        while True:
            await RisingEdge(dut.clk_i)
            if masters := int(dut.error_o.value):
                reported.append((masters, int(dut.error_addr_o.value)))

    cocotb.start_soon(watch())
    await masters.run(0, [(MEMORY_BASE, 0, 0), (NOWHERE, 0, 0), (NOWHERE, 1, 5)])
    last = MEMORY_BASE + MEMORY_BYTES - 4
    await masters.run(1, [(last, 0, 0), (PERIPHERAL_BASE[2] + 4092, 0, 0), (NOWHERE, 0, 0)])
    assert reported == [(1, NOWHERE), (1, NOWHERE), (2, NOWHERE)]
