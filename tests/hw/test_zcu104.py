"""The ZCU104's top level with models of Xilinx's primitives: clock, reset, serial line."""

import json
from pathlib import Path

import cocotb
import pytest
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, First, ReadOnly, RisingEdge, Timer
from cocotb.utils import get_sim_time

from flows import config
from flows.serial import protocol
from flows.serial.splitter import Splitter
from tests.hw.runner import run_cocotb

pytestmark = pytest.mark.slow

CLOCK_HZ = 80_000_000
BAUD = 8_000_000
PERIOD_NS = 1e9 / CLOCK_HZ
BIT_NS = 1e9 / BAUD
LIMIT = {"timeout_time": 500, "timeout_unit": "us"}
LED_LOCKED, LED_EXITED, LED_FAILED = 1, 4, 8


def small() -> dict:
    """The values of a configuration that simulates quickly."""
    values = config.load(config.DEFAULT_PATH).to_dict()
    values |= {"clock_hz": CLOCK_HZ, "stack_kib": 1, "arena_kib": "auto"}
    values["memory"] = {"banks": 4, "bank_kib": 4}
    values["uart"] = {"baud": BAUD, "fifo_depth": 16}
    values["engine"] = {
        "array_size": 4,
        "port_words": 1,
        "buffer_words": 256,
        "accumulator_depth": 16,
    }
    return values


def test_zcu104(tmp_path, monkeypatch):
    path = tmp_path / "small.hjson"
    path.write_text(json.dumps(small()))
    monkeypatch.setenv("HEEPSTOR_CONFIG", str(path))
    run_cocotb(
        "heepstor:boards:zcu104",
        "heepstor_zcu104",
        "tests.hw.test_zcu104",
        build_args=("--timing", str(Path(__file__).with_suffix(".vlt"))),
    )


async def power_up(dut):
    """The board with power, before the clock is locked."""
    dut.cpu_reset_i.value = 0
    dut.dip_start_i.value = 0
    dut.uart_rx_i.value = 1
    Clock(dut.clk_125_p_i, 8, unit="ns").start()
    Clock(dut.clk_125_n_i, 8, unit="ns").start(start_high=False)


async def messages(dut):
    """Yields the messages that come from the serial line."""
    splitter = Splitter()
    while True:
        for message in splitter.take(bytes([await receive(dut)])):
            yield message


async def receive(dut):
    await FallingEdge(dut.uart_tx_o)
    await Timer(1.5 * BIT_NS, unit="ns")
    character = 0
    for bit in range(8):
        character |= int(dut.uart_tx_o.value) << bit
        await Timer(BIT_NS, unit="ns")
    assert dut.uart_tx_o.value == 1, "no stop bit"
    return character


async def send(dut, data):
    for character in data:
        for level in [0, *((character >> bit) & 1 for bit in range(8)), 1]:
            dut.uart_rx_i.value = level
            await Timer(BIT_NS, unit="ns")


async def in_time(trigger, microseconds):
    """Waits for a trigger; whether it came in time."""
    limit = Timer(microseconds, unit="us")
    return await First(trigger, limit) is not limit


@cocotb.test(**LIMIT)
async def the_clock_has_the_configured_frequency_when_it_is_locked(dut):
    await power_up(dut)
    assert await in_time(RisingEdge(dut.u_clock.locked_o), 5)
    clock = dut.u_clock.clk_o
    for _ in range(3):
        await RisingEdge(clock)
    start = get_sim_time("ns")
    for _ in range(1000):
        await RisingEdge(clock)
    assert get_sim_time("ns") - start == pytest.approx(1000 * PERIOD_NS, rel=1e-4)


@cocotb.test(**LIMIT)
async def the_reset_ends_after_the_lock_and_with_the_clock(dut):
    await power_up(dut)
    await Timer(1, unit="ns")
    while dut.u_clock.locked_o.value == 0:
        assert dut.rst_n.value == 0, "the SoC runs without a locked clock"
        assert int(dut.led_o.value) & LED_LOCKED == 0
        await First(RisingEdge(dut.clk), RisingEdge(dut.u_clock.locked_o))
        await ReadOnly()
    locked = get_sim_time("ns")
    await RisingEdge(dut.rst_n)
    assert dut.clk.value == 1, "it ends with a rising edge"
    assert get_sim_time("ns") - locked >= 2 * PERIOD_NS
    assert int(dut.led_o.value) & LED_LOCKED


@cocotb.test(**LIMIT)
async def the_button_resets_at_once(dut):
    await power_up(dut)
    await RisingEdge(dut.rst_n)
    await Timer(3 * PERIOD_NS + 1, unit="ns")
    dut.cpu_reset_i.value = 1
    await Timer(10, unit="ps")
    assert dut.rst_n.value == 0
    await Timer(5 * PERIOD_NS, unit="ns")
    assert dut.rst_n.value == 0
    dut.cpu_reset_i.value = 0
    await RisingEdge(dut.rst_n)
    assert dut.clk.value == 1


@cocotb.test(**LIMIT)
async def the_soc_says_hello_and_runs_a_program(dut):
    await power_up(dut)
    incoming = messages(dut)
    greeting = await anext(incoming)
    assert greeting.type == protocol.HELLO | protocol.REPLY
    hello = protocol.Hello.unpack(greeting.body)
    assert (hello.magic, hello.clock_hz, hello.array_size) == (protocol.MAGIC, CLOCK_HZ, 4)

    # lui a0, soc_ctrl; li a1, 3; sw a1, EXIT(a0); j .
    program = [0x10000537, 0x00300593, 0x00B52623, 0x0000006F]
    base = hello.memory_base.to_bytes(4, "little")
    body = base + b"".join(word.to_bytes(4, "little") for word in program)
    start = base + (1).to_bytes(4, "little")
    for sequence, (kind, content) in enumerate(
        [(protocol.WRITE, body), (protocol.START, start)], 1
    ):
        assert int(dut.led_o.value) & (LED_EXITED | LED_FAILED) == 0
        await send(dut, protocol.encode(protocol.Message(kind, sequence, content)))
        reply = await anext(incoming)
        assert (reply.type, reply.sequence) == (kind | protocol.REPLY, sequence)
    await Timer(5, unit="us")
    assert int(dut.led_o.value) & LED_EXITED and int(dut.led_o.value) & LED_FAILED


async def scan(dut, selected, bits, value):
    """One scan of a data register through the FPGA's TAP: capture, shift, update; what came out."""
    tap = dut.u_soc.u_debug.gen_bscan.u_tap
    clock = tap.u_dtmcs

    async def tick():
        for level in (1, 0):
            await Timer(20, unit="ns")
            clock.tck.value = level

    selected.selected.value = 1
    clock.capture.value = 1
    await tick()
    clock.capture.value, clock.shift.value = 0, 1
    result = 0
    for bit in range(bits):
        clock.tdi.value = value >> bit & 1
        await Timer(1, unit="ns")
        result |= int(selected.TDO.value) << bit
        await tick()
    clock.shift.value, clock.update.value = 0, 1
    await tick()
    clock.update.value, selected.selected.value = 0, 0
    # The request crosses to the SoC's clock and back.
    for _ in range(20):
        await tick()
    return result


@cocotb.test(**LIMIT)
async def the_debug_module_is_reached_through_the_fpgas_tap(dut):
    await power_up(dut)
    await RisingEdge(dut.rst_n)
    await Timer(100, unit="ns")
    tap = dut.u_soc.u_debug.gen_bscan.u_tap
    dtmcs = await scan(dut, tap.u_dtmcs, 32, 0)
    assert (dtmcs & 0xF, dtmcs >> 4 & 0x3F) == (1, 7), "version 0.13, 7 bits of address"
    dmstatus, read = 0x11, 1
    await scan(dut, tap.u_dmi, 41, dmstatus << 34 | read)
    answer = await scan(dut, tap.u_dmi, 41, 0)
    assert answer & 3 == 0, "no error"
    assert answer >> 2 & 0xF == 2, "dmstatus.version is 0.13"
