"""The serial line: frames on the wire, FIFOs, errors, interrupts."""

import random

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge

from tests.hw.obi import Master, start
from tests.hw.runner import run_cocotb

DATA, STATUS, DIVIDER, INTERRUPT_ENABLE = 0x0, 0x4, 0x8, 0xC
TX_FULL, TX_IDLE, RX_VALID, RX_OVERRUN, RX_FRAME_ERROR = (1 << i for i in range(5))
VALID = 1 << 31
DEPTH = 4
PERIOD = 10


def test_uart():
    parameters = {"Divider": PERIOD, "FifoDepth": DEPTH}
    run_cocotb("heepstor:ip:uart", "uart", "tests.hw.test_uart", parameters)


async def ready(dut):
    master = Master(dut)
    dut.rx_i.value = 1
    await start(dut)
    return master


async def send(dut, character, period=PERIOD, stop=1):
    """Puts one frame on the line towards the UART."""
    for bit in [0, *((character >> i) & 1 for i in range(8)), stop]:
        dut.rx_i.value = bit
        await ClockCycles(dut.clk_i, period)
    dut.rx_i.value = 1


async def receive(dut, period=PERIOD):
    """Takes one frame from the line, and checks that its bits have the right length."""
    while dut.tx_o.value == 1:
        await FallingEdge(dut.clk_i)
    levels = []
    for _ in range(10):
        first = int(dut.tx_o.value)
        for _ in range(period - 1):
            await FallingEdge(dut.clk_i)
            assert int(dut.tx_o.value) == first, "the line changed inside a bit"
        levels.append(first)
        await FallingEdge(dut.clk_i)
    assert levels[0] == 0 and levels[9] == 1, "start or stop bit is wrong"
    return sum(level << i for i, level in enumerate(levels[1:9]))


@cocotb.test()
async def characters_leave_in_order(dut):
    master = await ready(dut)
    characters = [random.getrandbits(8) for _ in range(DEPTH)]
    received = cocotb.start_soon(collect(dut, len(characters)))
    for character in characters:
        await master.write(DATA, character)
    assert not await master.read(STATUS) & TX_IDLE
    assert await received == characters
    await FallingEdge(dut.clk_i)
    assert await master.read(STATUS) & TX_IDLE


async def collect(dut, count):
    return [await receive(dut) for _ in range(count)]


@cocotb.test()
async def a_full_fifo_says_so_and_drops(dut):
    master = await ready(dut)
    characters = list(range(0x30, 0x30 + DEPTH + 3))
    received = cocotb.start_soon(collect(dut, DEPTH + 1))
    for character in characters:
        await master.write(DATA, character)
    assert await master.read(STATUS) & TX_FULL
    assert await received == characters[: DEPTH + 1], "one in the shifter, DEPTH in the FIFO"


@cocotb.test()
async def characters_arrive_in_order(dut):
    master = await ready(dut)
    assert not await master.read(DATA) & VALID
    characters = [random.getrandbits(8) for _ in range(DEPTH)]
    for character in characters:
        await send(dut, character)
    await ClockCycles(dut.clk_i, 3)
    await FallingEdge(dut.clk_i)
    assert await master.read(STATUS) & RX_VALID
    assert [await master.read(DATA) for _ in characters] == [VALID | c for c in characters]
    assert not await master.read(STATUS) & RX_VALID


@cocotb.test()
async def a_line_that_is_three_percent_off_is_understood(dut):
    master = await ready(dut)
    await master.write(DIVIDER, 100)
    for period in (97, 103):
        await send(dut, 0xA5, period)
        await ClockCycles(dut.clk_i, 100)
        await FallingEdge(dut.clk_i)
        assert await master.read(DATA) == VALID | 0xA5


@cocotb.test()
async def the_fastest_line_works_both_ways(dut):
    """Four cycles a bit, and frames that begin at any of them."""
    master = await ready(dut)
    await master.write(DIVIDER, 4)
    for delay in range(4):
        await ClockCycles(dut.clk_i, delay)
        for character in (0x55, 0x00, 0xFF):
            await send(dut, character, 4)
        await ClockCycles(dut.clk_i, 3)
        await FallingEdge(dut.clk_i)
        assert [await master.read(DATA) for _ in range(3)] == [VALID | c for c in (0x55, 0, 0xFF)]
        received = cocotb.start_soon(receive(dut, 4))
        await master.write(DATA, 0xA5)
        assert await received == 0xA5


@cocotb.test()
async def lost_characters_are_reported(dut):
    master = await ready(dut)
    for character in range(DEPTH + 1):
        await send(dut, character)
    await ClockCycles(dut.clk_i, 3)
    await FallingEdge(dut.clk_i)
    assert await master.read(STATUS) & RX_OVERRUN
    await master.write(STATUS, RX_OVERRUN)
    assert not await master.read(STATUS) & RX_OVERRUN
    assert [await master.read(DATA) for _ in range(DEPTH)] == [VALID | c for c in range(DEPTH)]


@cocotb.test()
async def a_missing_stop_bit_is_reported(dut):
    master = await ready(dut)
    await send(dut, 0x55, stop=0)
    await ClockCycles(dut.clk_i, 3)
    await FallingEdge(dut.clk_i)
    assert await master.read(STATUS) & (RX_FRAME_ERROR | RX_VALID) == RX_FRAME_ERROR
    await send(dut, 0x66)
    await ClockCycles(dut.clk_i, 3)
    await FallingEdge(dut.clk_i)
    assert await master.read(DATA) == VALID | 0x66


@cocotb.test()
async def a_spike_is_no_start_bit(dut):
    master = await ready(dut)
    dut.rx_i.value = 0
    await ClockCycles(dut.clk_i, 3)
    dut.rx_i.value = 1
    await ClockCycles(dut.clk_i, 12 * PERIOD)
    await FallingEdge(dut.clk_i)
    assert not await master.read(STATUS) & (RX_VALID | RX_FRAME_ERROR)


@cocotb.test()
async def the_interrupt_follows_what_is_enabled(dut):
    master = await ready(dut)
    assert dut.irq_o.value == 0
    await master.write(INTERRUPT_ENABLE, 2)
    assert dut.irq_o.value == 1, "everything is sent"
    await master.write(DATA, 0x41)
    assert dut.irq_o.value == 0
    await master.write(INTERRUPT_ENABLE, 1)
    await send(dut, 0x42)
    await ClockCycles(dut.clk_i, 3)
    await FallingEdge(dut.clk_i)
    assert dut.irq_o.value == 1, "a character has arrived"
    await master.read(DATA)
    assert dut.irq_o.value == 0
