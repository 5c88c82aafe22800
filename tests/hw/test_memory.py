"""The main memory: contents, bank conflicts, and fairness between the wide and the narrow ports."""

import os
import random

import cocotb
import pytest
from cocotb.triggers import FallingEdge, RisingEdge

from tests.hw import obi
from tests.hw.runner import run_cocotb

NARROW_PORTS = 3
BANK_WORDS = 16


@pytest.mark.parametrize(("banks", "port_words"), [(1, 1), (4, 4), (8, 2)])
def test_memory(banks, port_words):
    parameters = {
        "Banks": banks,
        "PortWords": port_words,
        "BankWords": BANK_WORDS,
        "NarrowPorts": NARROW_PORTS,
    }
    run_cocotb(
        "heepstor:ip:memory",
        "main_memory",
        "tests.hw.test_memory",
        parameters,
        environment={"BANKS": str(banks), "PORT_WORDS": str(port_words)},
    )


class Bench:
    """The memory's ports, and a model of its contents that is updated in the order of grants."""

    def __init__(self, dut):
        self.dut = dut
        self.words = BANK_WORDS * int(os.environ["BANKS"])
        self.port_words = int(os.environ["PORT_WORDS"])
        self.model = {}

    async def start(self):
        dut = self.dut
        dut.narrow_req_i.value = 0
        dut.wide_req_i.value = 0
        self.narrow = [dict(addr=0, we=0, be=0, wdata=0, req=0) for _ in range(NARROW_PORTS)]
        await obi.start(dut)

    def drive_narrow(self):
        """Puts the requests of all narrow ports on the packed vectors."""
        widths = {"addr": 32, "we": 1, "be": 4, "wdata": 32, "req": 1}
        for name, width in widths.items():
            value = sum(port[name] << (width * i) for i, port in enumerate(self.narrow))
            getattr(self.dut, f"narrow_{name}_i").value = value

    async def narrow_access(self, port, word, we=0, be=0xF, wdata=0):
        """One access; returns the value read and the cycles waited for the grant."""
        self.narrow[port] = dict(addr=4 * word, we=we, be=be, wdata=wdata, req=1)
        self.drive_narrow()
        waited = 0
        while True:
            await RisingEdge(self.dut.clk_i)
            if (int(self.dut.narrow_gnt_o.value) >> port) & 1:
                break
            waited += 1
        expected = self.model.get(word)
        if we:
            old = expected or 0
            mask = sum(0xFF << (8 * i) for i in range(4) if (be >> i) & 1)
            self.model[word] = (old & ~mask) | (wdata & mask)
        await FallingEdge(self.dut.clk_i)
        self.narrow[port]["req"] = 0
        self.drive_narrow()
        assert (int(self.dut.narrow_rvalid_o.value) >> port) & 1
        value = (int(self.dut.narrow_rdata_o.value) >> (32 * port)) & 0xFFFF_FFFF
        if not we and expected is not None:
            assert value == expected, f"port {port} word {word}: {value:08x}, not {expected:08x}"
        return value, waited

    async def wide_access(self, word, mask, we=0, data=()):
        """One wide access; word i of it is checked or written where the mask says so."""
        dut = self.dut
        dut.wide_addr_i.value = 4 * word
        dut.wide_mask_i.value = mask
        dut.wide_we_i.value = we
        dut.wide_wdata_i.value = sum(value << (32 * i) for i, value in enumerate(data))
        dut.wide_req_i.value = 1
        waited = 0
        while True:
            await RisingEdge(dut.clk_i)
            if dut.wide_gnt_o.value == 1:
                break
            waited += 1
        wanted = [i for i in range(self.port_words) if (mask >> i) & 1]
        expected = {i: self.model.get((word + i) % self.words) for i in wanted}
        if we:
            self.model.update({(word + i) % self.words: data[i] for i in wanted})
        await FallingEdge(dut.clk_i)
        dut.wide_req_i.value = 0
        assert dut.wide_rvalid_o.value == 1
        for i in wanted:
            value = (int(dut.wide_rdata_o.value) >> (32 * i)) & 0xFFFF_FFFF
            if not we and expected[i] is not None:
                assert value == expected[i], f"word {word} + {i}: {value:08x}"
        return waited


async def fill(bench):
    for word in range(bench.words):
        await bench.narrow_access(0, word, we=1, wdata=random.getrandbits(32))


@cocotb.test()
async def random_traffic_reads_what_was_written(dut):
    bench = Bench(dut)
    await bench.start()
    await fill(bench)

    async def narrow(port):
        for _ in range(300):
            word = random.randrange(bench.words)
            we, be = random.getrandbits(1), random.getrandbits(4)
            await bench.narrow_access(port, word, we, be, random.getrandbits(32))
            for _ in range(random.choice([0, 0, 1, 3])):
                await FallingEdge(dut.clk_i)

    async def wide():
        for _ in range(300):
            data = [random.getrandbits(32) for _ in range(bench.port_words)]
            mask = random.randrange(1, 1 << bench.port_words)
            word = random.randrange(bench.words)
            await bench.wide_access(word, mask, random.getrandbits(1), data)

    tasks = [cocotb.start_soon(narrow(port)) for port in range(NARROW_PORTS)]
    tasks.append(cocotb.start_soon(wide()))
    for task in tasks:
        await task


@cocotb.test()
async def a_lone_port_never_waits(dut):
    bench = Bench(dut)
    await bench.start()
    full = (1 << bench.port_words) - 1
    for word in range(bench.words):
        data = [word * 16 + i for i in range(bench.port_words)]
        assert await bench.wide_access(word, full, 1, data) == 0
        assert await bench.wide_access(word, full) == 0
        _, waited = await bench.narrow_access(1, word)
        assert waited == 0


@cocotb.test()
async def two_narrow_ports_use_different_banks_at_once(dut):
    bench = Bench(dut)
    await bench.start()
    if int(os.environ["BANKS"]) == 1:
        return
    first = cocotb.start_soon(bench.narrow_access(0, 0))
    second = cocotb.start_soon(bench.narrow_access(1, 1))
    assert (await first)[1] == 0
    assert (await second)[1] == 0


@cocotb.test()
async def an_empty_wide_access_is_answered(dut):
    bench = Bench(dut)
    await bench.start()
    assert await bench.wide_access(0, 0) == 0


@cocotb.test()
async def both_sides_get_half_of_one_bank(dut):
    """All hammer one bank: the wide port gets half of it, the first narrow port what is left."""
    bench = Bench(dut)
    await bench.start()
    cycles = 200
    served = [0] * (NARROW_PORTS + 1)
    bench.narrow = [dict(addr=0, we=0, be=0xF, wdata=0, req=1) for _ in range(NARROW_PORTS)]
    bench.drive_narrow()
    dut.wide_addr_i.value = 0
    dut.wide_mask_i.value = 1
    dut.wide_we_i.value = 0
    dut.wide_req_i.value = 1
    for _ in range(cycles):
        await RisingEdge(dut.clk_i)
        grants = int(dut.narrow_gnt_o.value)
        for port in range(NARROW_PORTS):
            served[port] += grants >> port & 1
        served[-1] += int(dut.wide_gnt_o.value)
    assert sum(served) == cycles
    assert served == [cycles // 2, *[0] * (NARROW_PORTS - 1), cycles // 2]
