"""Debugging the whole SoC through the simulator's JTAG port, without any debugger installed."""

import struct
import subprocess
import sys

import pytest
from elftools.elf.elffile import ELFFile

from flows import config
from flows.simulate import hardware
from flows.stages.options import Options
from flows.stages.run import run as run_stages
from flows.terminal.progress import Terminal
from flows.toolchain import firmware
from flows.toolchain.riscv import ROOT
from tests.hw import jtag
from tests.hw.jtag import Debugger, DebuggerError, debugger, simulation

pytestmark = pytest.mark.slow

PROGRAMS = {
    "count": """
        extern "C" { volatile unsigned counter; void tick(); }
        [[gnu::noinline]] void tick() { counter = counter + 1; asm volatile(""); }
        int main() { for (;;) tick(); }
    """,
    "asleep": 'int main() { for (;;) asm volatile("wfi"); }',
    "seven": 'int main() { heepstor::print("seven\\n"); return 7; }',
}
NOWHERE = 0x4000_0000


@pytest.fixture(scope="module")
def simulator():
    """The simulator of the default configuration, brought up to date."""
    run_stages(ROOT, Options.from_command_line(ROOT, ""), "hardware", Terminal(sys.stderr))
    return hardware.folder(config.load()) / hardware.SIMULATOR / hardware.SIMULATOR


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    root = tmp_path_factory.mktemp("programs")
    elves = {}
    for name, text in PROGRAMS.items():
        folder = root / name
        (folder / "out").mkdir(parents=True)
        (folder / "main.cpp").write_text(f'#include "heepstor/print.hpp"\n{text}')
        elves[name] = firmware.build(folder, folder / "out", config.load()).elf
    return elves


@pytest.fixture
def counting(simulator, programs):
    """A debugger on a program that counts."""
    with debugger(simulator, programs["count"]) as found:
        yield found


@pytest.fixture(scope="module")
def symbols(programs):
    """Addresses in the program that counts."""
    with programs["count"].open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        return {symbol.name: symbol["st_value"] for symbol in table.iter_symbols()}


def counts_on(target, symbols):
    """Whether the counter moves before long; a program that was just started has to get there."""
    first = target.words(symbols["counter"], 1)
    return any(target.words(symbols["counter"], 1) != first for _ in range(1000))


def load(target, elf):
    """Writes a program's segments, and has the halted CPU start it."""
    with elf.open("rb") as file:
        for segment in ELFFile(file).iter_segments("PT_LOAD"):
            data = segment.data() + bytes(-segment["p_filesz"] % 4)
            words = struct.unpack(f"<{len(data) // 4}I", data)
            target.set_words(segment["p_paddr"], words)
            assert target.words(segment["p_paddr"], len(words)) == list(words)
    target.set_register(jtag.DPC, config.load().address.memory)


def test_identification(counting):
    assert counting.jtag.scan_ir(jtag.IDCODE) & 3 == 1, "the standard's mark of a TAP"
    assert counting.jtag.scan_dr(0, 32) == 0x1484_5001
    counting.jtag.scan_ir(jtag.DTMCS)
    dtmcs = counting.jtag.scan_dr(0, 32)
    assert (dtmcs & 0xF, dtmcs >> 4 & 0x3F) == (1, 7), "version 0.13, 7 bits of address"
    assert counting.read(jtag.DMSTATUS) & 0xF == 2, "version 0.13"


def test_halt_and_resume(counting, symbols):
    assert not counting.is_halted()
    assert counts_on(counting, symbols), "the bus can be used while it runs"
    counting.halt()
    assert counting.register(jtag.DCSR) >> 6 & 7 == jtag.CAUSE_REQUEST
    first = counting.words(symbols["counter"], 1)
    assert first == counting.words(symbols["counter"], 1), "a halted program does nothing"
    counting.resume()
    assert not counting.is_halted()
    assert counts_on(counting, symbols)


def test_registers(counting):
    counting.halt()
    # The program goes on with them, wherever it was halted.
    saved = {number: counting.register(jtag.X0 + number) for number in range(1, 64)}
    for number in saved:
        counting.set_register(jtag.X0 + number, 0x1234_5678 ^ number << 24)
    for number in saved:
        assert counting.register(jtag.X0 + number) == 0x1234_5678 ^ number << 24, number
    assert counting.register(jtag.X0) == 0
    for number, value in saved.items():
        counting.set_register(jtag.X0 + number, value)
    assert counting.register(0x301) & 0xFFFF == 0x1124, "misa: I, M, F, C"
    with pytest.raises(DebuggerError, match="error 3"):
        counting.register(0x7FF)
    assert counting.register(jtag.X0 + 10) == saved[10], "an exception leaves the CPU usable"


def test_memory(counting):
    address = config.load().address.memory + config.load().memory.bytes // 2
    words = [0x0101_0101 * number ^ 0xA5A5_0000 for number in range(64)]
    counting.set_words(address, words)
    assert counting.words(address, len(words)) == words
    counting.halt()
    # A byte goes through the CPU: sb a1, 1(a0).
    saved = [counting.register(jtag.X0 + number) for number in (10, 11)]
    counting.set_register(jtag.X0 + 10, address)
    counting.set_register(jtag.X0 + 11, 0xEE)
    counting.run_program([0x00B5_00A3])
    assert counting.words(address, 2) == [words[0] & ~0xFF00 | 0xEE00, words[1]]
    for number, value in zip((10, 11), saved, strict=True):
        counting.set_register(jtag.X0 + number, value)


def test_breakpoints(counting, symbols):
    counting.halt()
    counting.set_register(jtag.TSELECT, 0)
    # An address halts, for debuggers only, when it is executed (bit 2) in machine mode.
    trigger = 2 << 28 | 1 << 27 | 1 << 12 | 1 << 6
    counting.set_register(jtag.TDATA2, symbols["tick"])
    counts = []
    for _ in range(3):
        counting.set_register(jtag.TDATA1, trigger | 1 << 2)
        counting.resume()
        counting.wait_for_halt()
        assert counting.register(jtag.DPC) == symbols["tick"]
        assert counting.register(jtag.DCSR) >> 6 & 7 == jtag.CAUSE_TRIGGER
        counts += counting.words(symbols["counter"], 1)
        counting.set_register(jtag.TDATA1, trigger)
        counting.step()
        assert counting.register(jtag.DPC) in (symbols["tick"] + 2, symbols["tick"] + 4)
        assert counting.register(jtag.DCSR) >> 6 & 7 == jtag.CAUSE_STEP
    assert counts == [counts[0], counts[0] + 1, counts[0] + 2]


def test_software_breakpoint(counting, symbols):
    counting.halt()
    address = symbols["tick"] & ~3
    original = counting.words(address, 1)
    counting.set_words(address, [0x9002_9002])  # c.ebreak, whichever half it starts in
    counting.set_register(jtag.DCSR, counting.register(jtag.DCSR) | 1 << 15)
    counting.resume()
    counting.wait_for_halt()
    assert counting.register(jtag.DPC) & ~3 == address
    assert counting.register(jtag.DCSR) >> 6 & 7 == jtag.CAUSE_EBREAK
    counting.set_words(address, original)
    counting.set_register(jtag.DPC, symbols["tick"])
    counting.resume()
    assert counts_on(counting, symbols)


def test_a_cpu_asleep_is_halted(simulator, programs):
    with debugger(simulator, programs["asleep"]) as target:
        target.halt()
        target.resume()
        assert not target.is_halted()
        target.halt()


def test_load_and_run(simulator, programs):
    with simulation(simulator, programs["count"]) as running:
        target = Debugger(running.port)
        target.reset_system(halt=True)
        load(target, programs["seven"])
        target.resume()
        target.close()
        code, printed, messages = running.end()
    assert (code, printed) == (7, "seven\n"), messages


def test_the_simulation_waits_for_the_debugger(simulator, programs):
    with simulation(simulator, programs["seven"]) as running:
        target = Debugger(running.port)
        for _ in range(3):
            target.reset_system(halt=False)
        target.close()
        code, _, messages = running.end()
    assert code == 7, messages


def test_reset_of_the_system(counting, symbols):
    memory = config.load().address
    counting.halt()
    counting.write(jtag.PROGBUF0, 0x1234)
    timer = counting.words(memory.timer, 8)
    counting.reset_system(halt=True)
    assert counting.register(jtag.DPC) == memory.boot_rom, "the CPU starts anew"
    assert counting.words(memory.timer, 8) != timer, "peripherals too"
    assert counting.read(jtag.PROGBUF0) == 0x1234, "the debug module keeps what it has"
    counting.reset_system(halt=False)
    assert not counting.is_halted(), "it was halted before"
    assert counts_on(counting, symbols)
    counting.halt()


def test_an_address_where_nothing_is(counting, symbols):
    for _ in range(2):
        with pytest.raises(DebuggerError, match="error 2"):
            counting.words(NOWHERE, 1)
    with pytest.raises(DebuggerError, match="error 2"):
        counting.set_words(NOWHERE, [1])
    counting.halt()
    # The same by the CPU, lw a1, 0(a0), must not stop the program afterwards either.
    saved = [counting.register(jtag.X0 + number) for number in (10, 11)]
    counting.set_register(jtag.X0 + 10, NOWHERE)
    counting.run_program([0x0005_2583])
    for number, value in zip((10, 11), saved, strict=True):
        counting.set_register(jtag.X0 + number, value)
    counting.resume()
    assert counts_on(counting, symbols), "the program is not disturbed"


def test_impatience_is_noticed(counting):
    counting.jtag.scan_ir(jtag.DMI)
    counting.jtag.scan_dr(jtag.DMSTATUS << 34 | 1, jtag.DMI_BITS)
    counting.idle_cycles = 0
    answers = {counting.read(jtag.DMSTATUS) for _ in range(5)}
    assert len(answers) == 1, "an answer is right or late, never wrong"


def test_reset_of_the_tap(counting, symbols):
    counting.halt()
    for _ in range(3):
        counting.jtag.scan_ir(jtag.DMI)
        counting.jtag.scan_dr(jtag.DMSTATUS << 34 | 1, jtag.DMI_BITS)
        counting.jtag.pulse_trst()
        counting.jtag.idle(16)
        assert counting.is_halted()


def test_debuggers_come_and_go(simulator, programs):
    with simulation(simulator, programs["count"]) as running:
        for _ in range(2):
            target = Debugger(running.port)
            target.halt()
            target.resume()
            target.close()
        lost = Debugger(running.port)
        lost.jtag._socket.close()
        Debugger(running.port).halt()


@pytest.mark.parametrize("port", ["", "x", "-1", "65536"])
def test_a_wrong_port(simulator, programs, port):
    done = subprocess.run(
        [str(simulator), f"--firmware={programs['seven']}", f"--jtag={port}"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "--jtag needs a TCP port" in done.stderr


def test_a_port_that_is_taken(simulator, programs):
    with simulation(simulator, programs["count"]) as running:
        done = subprocess.run(
            [str(simulator), f"--firmware={programs['seven']}", f"--jtag={running.port}"],
            capture_output=True,
            text=True,
        )
    assert done.returncode == 2
    assert f"cannot listen on port {running.port}" in done.stderr
    assert "--jtag=0" in done.stderr
