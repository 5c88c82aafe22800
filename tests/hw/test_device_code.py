"""The device's run-time library on the simulated SoC: self-test, traps, and what things cost."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from flows import config
from flows.bench import kernel_program
from flows.bench.runner import Bench
from flows.config import Config
from flows.errors import HeepstorError
from flows.simulate import hardware
from flows.stages.options import Options
from flows.stages.run import run
from flows.terminal.progress import Terminal
from flows.toolchain import firmware
from flows.toolchain.riscv import ROOT
from modelgen.operators import Elementwise, Softmax

pytestmark = pytest.mark.slow

# Measured: 260 for the softmax, 62 for the rest of run(); with some room for other compilers.
SOFTMAX_CYCLES = 280
RUN_OVERHEAD_CYCLES = 80

PROGRAM = """
#include "heepstor/assert.hpp"
#include "heepstor/cycles.hpp"
#include "heepstor/engine.hpp"
#include "heepstor/interrupts.hpp"
#include "heepstor/mmio.hpp"
#include "heepstor/print.hpp"
#include "heepstor/softmax.hpp"
#include "regs_engine.hpp"
#include "regs_timer.hpp"

using heepstor::print;
using heepstor::read_register;
using heepstor::write_register;
namespace engine = heepstor::engine;
namespace config = heepstor::config;

%s

int main() {
  print("start\\n");
  %s
  return 0;
}
"""

# A job of 16 positions, 64 words and 64 channels, and a CPU that reads and writes all the while in
# the banks that the engine uses.
BUSY_JOB = """
constexpr unsigned kRows = 16, kWords = 64, kOutputs = 64, kTraffic = 64;
alignas(16) float activations[kRows * kWords], parameters[2 * kOutputs];
alignas(16) float alone[kRows * kOutputs], together[kRows * kOutputs];
alignas(16) signed char weights[kWords * kOutputs];
volatile std::uint32_t traffic[kTraffic];

constexpr engine::Job job(engine::Address outputs) {
  return engine::matmul(kOutputs).activations({kRows, 1}, kWords, {0, kWords})
      .load(activations, {4 * kWords, 0}).input(0, {kWords, 0}).positions({kRows, 1}).runs(kWords)
      .weights(weights).first().parameters(parameters).store_to_memory(outputs, {4 * kOutputs, 0});
}

engine::Descriptor jobs[2] = {job(alone), job(together)};

std::uint32_t engine_register(std::uint32_t offset) {
  return read_register(config::kEngineBase + offset);
}

void fill() {
  for (unsigned i = 0; i < kRows * kWords; ++i) activations[i] = float(i * i % 251) - 125.0f;
  for (unsigned i = 0; i < kWords * kOutputs; ++i) weights[i] = static_cast<signed char>(i * 7);
  for (unsigned i = 0; i < 2 * kOutputs; ++i) parameters[i] = 0.5f + float(i);
}

void start(const engine::Descriptor* first) {
  write_register(config::kEngineBase + heepstor::regs::engine::kDescriptorOffset,
                 static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(first)));
  write_register(config::kEngineBase + heepstor::regs::engine::kDoorbellOffset, 1);
}

unsigned disturb() {
  unsigned rounds = 0;
  for (; engine_register(heepstor::regs::engine::kStatusOffset) != 0; ++rounds) {
    for (unsigned i = 0; i < kTraffic; ++i) {
      const auto word = static_cast<const volatile float&>(activations[i]);
      traffic[i] = traffic[i] + (word < 0.0f) + 1;
    }
  }
  return rounds;
}
"""


@pytest.fixture(scope="module")
def simulator() -> Path:
    """The simulator of the default configuration, brought up to date."""
    run(ROOT, Options.from_command_line(ROOT, ""), "hardware", Terminal(sys.stderr))
    return hardware.folder(config.load()) / hardware.SIMULATOR / hardware.SIMULATOR


@dataclasses.dataclass(frozen=True)
class Outcome:
    code: int
    text: str

    def number(self, name: str) -> int:
        """Returns the number that the program printed as "name number"."""
        return int(re.search(rf"^{name} (\d+)$", self.text, re.MULTILINE)[1])


def simulate(
    simulator: Path, folder: Path, body: str, declarations: str = "", chosen: Config | None = None
) -> Outcome:
    (folder / "main.cpp").write_text(PROGRAM % (declarations, body), encoding="utf-8")
    elf = firmware.build(folder, folder / "out", chosen or config.load()).elf
    return execute(simulator, elf)


def execute(simulator: Path, elf: Path, max_cycles: int = 500_000) -> Outcome:
    command = [simulator, f"--firmware={elf}", f"--max-cycles={max_cycles}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return Outcome(done.returncode, done.stdout)


def test_self_test_passes(simulator: Path, tmp_path: Path) -> None:
    elf = firmware.build(ROOT / "sw" / "selftest", tmp_path, config.load()).elf
    outcome = execute(simulator, elf, max_cycles=5_000_000)
    assert outcome.text.endswith("PASS\n")
    assert outcome.code == 0
    assert "FAIL" not in outcome.text


class WrongOperator(Elementwise):
    """Has outputs that its kernel does not give."""

    def evaluate_exact(self, inputs: Sequence, constants: dict, cut: object) -> np.ndarray:
        return super().evaluate_exact(inputs, constants, cut) + np.float32(1.0)


def test_the_benchmark_of_kernels_sees_wrong_outputs(simulator: Path, tmp_path: Path) -> None:
    bench = Bench(ROOT, config.DEFAULT_PATH, Terminal(sys.stderr))
    bench.folder = tmp_path
    calls = [
        kernel_program.Call("sigmoid", Elementwise("sigmoid"), [(256,)], "normal"),
        kernel_program.Call("log", Elementwise("log"), [(254,)], "positive"),
        kernel_program.Call("softmax", Softmax(), [(20, 10)], "normal"),
    ]
    measured = kernel_program.measure(bench, config.load().engine.array_size, calls)
    assert [elements for _, elements in measured] == [256, 254, 200]
    assert all(1_000 < cycles < 20_000 for cycles, _ in measured)
    wrong = kernel_program.Call("wrong", WrongOperator("exp"), [(8,)], "normal")
    with pytest.raises(HeepstorError, match="wrong: outputs differ"):
        kernel_program.measure(bench, config.load().engine.array_size, [wrong])


TRAPS = {
    "illegal instruction": (
        'asm volatile(".word 0xffffffff");',
        r"trap: illegal instruction \(mcause 00000002, mepc 8000\w{4}, instruction ffffffff\)",
    ),
    "lost stack": (
        'asm volatile("li sp, 0x100\\n .word 0xffffffff");',
        r"trap: illegal instruction \(mcause 00000002",
    ),
    "breakpoint": ('asm volatile("ebreak");', r"trap: breakpoint \(mcause 00000003"),
    "environment call": ('asm volatile("ecall");', r"trap: environment call \(mcause 0000000b"),
    "load from nowhere": (
        "static_cast<void>(read_register(0x40001234));",
        r"trap: bus error: .* \(mcause 80000012, mepc 8000\w{4}, address 40001234\)",
    ),
    "store to nowhere": (
        "write_register(0x20000008, 5);",
        r"trap: bus error: .*, address 20000008\)",
    ),
    "jump to nowhere": (
        "reinterpret_cast<void (*)()>(0x50000000)();",
        r"trap: bus error: .*, address 50000000\)",
    ),
    "interrupt without a handler": (
        "heepstor::interrupts::enable(heepstor::interrupts::kTimer);\n"
        "  write_register(config::kTimerBase + heepstor::regs::timer::kMtimecmphOffset, 0);\n"
        "  write_register(config::kTimerBase + heepstor::regs::timer::kMtimecmpOffset, 0);\n"
        "  for (;;) {}",
        r"trap: timer interrupt without a handler \(mcause 80000007",
    ),
    "assertion": (
        'HEEPSTOR_ASSERT(config::kArraySize == 0, "no array");',
        r"main\.cpp:\d+: assertion failed: no array \(config::kArraySize == 0\)",
    ),
}


@pytest.mark.parametrize(("body", "message"), TRAPS.values(), ids=TRAPS)
def test_failures_are_reported(simulator: Path, tmp_path: Path, body: str, message: str) -> None:
    outcome = simulate(simulator, tmp_path, body)
    assert outcome.text.startswith("start\n")
    assert re.search(message, outcome.text)
    assert outcome.code == 1


DEEP = """
volatile unsigned zero = 0;

[[gnu::noinline]] unsigned deep(unsigned level) {
  volatile unsigned frame[16];
  frame[level % 16] = level;
  const unsigned below = level == 1'000'000 ? 0 : deep(level + 1 + zero);
  return below + frame[zero];
}
"""
OVERFLOWS = {
    "recursion": "return static_cast<int>(deep(0));",
    "array": "volatile char big[10000];\n  for (int i = 9999; i >= 0; --i) big[i] = 1;",
    "one store far below": "volatile char big[100000];\n  big[zero] = 1;",
    "with handlers masked": "const heepstor::interrupts::Masked masked;\n"
    "  { volatile char big[10000];\n  big[zero] = 1; }\n"
    '  asm volatile("csrsi mstatus, 8");',
}


@pytest.mark.parametrize("body", OVERFLOWS.values(), ids=OVERFLOWS)
def test_a_stack_overflow_says_what_it_is(simulator: Path, tmp_path: Path, body: str) -> None:
    outcome = simulate(simulator, tmp_path, body, DEEP)
    found = re.search(
        r"trap: stack overflow \(mcause 80000013, mepc 8000\w{4}, address 800(\w{5})\)\n"
        r"The stack has 8192 bytes; at least (\d+) more would be needed: "
        r"raise stack_kib \(8\) in heepstor_cfg\.hjson\n",
        outcome.text,
    )
    assert found, outcome.text
    assert 0x100000 - 8192 - int(found[1], 16) == int(found[2])
    assert outcome.code == 1


# A descriptor in which nothing is wrong but its size: 65,535 runs in 65,535 rows.
ENDLESS_JOB = """
alignas(16) float activations[64], parameters[16], outputs[8];
engine::Descriptor job = engine::sum(8).activations({1, 1}, 64, {0, 64})
    .load(activations, {256, 0}).positions({1, 1}).runs(8, {65535, 65535}).first()
    .parameters(parameters).store_to_memory(outputs, {32, 0});
"""


def test_a_chain_that_takes_too_long_is_stopped(simulator: Path, tmp_path: Path) -> None:
    outcome = simulate(
        simulator,
        tmp_path,
        "engine::check_hardware();\n"
        "  namespace regs = heepstor::regs::engine;\n"
        "  const std::uint32_t limit = config::kEngineBase + regs::kLimitOffset;\n"
        '  print("limit ", read_register(limit), "\\n");\n'
        "  write_register(limit, 20000);\n"
        "  engine::report(engine::run(&job));\n"
        "  return 3;",
        ENDLESS_JOB,
    )
    assert outcome.number("limit") == 4 * config.load().clock_hz
    assert re.search(
        r"engine: the chain was still running at the time limit \(error 9\) in descriptor 0 at 0x8",
        outcome.text,
    )
    assert outcome.code == 3


def test_exit_code_is_that_of_main(simulator: Path, tmp_path: Path) -> None:
    assert simulate(simulator, tmp_path, "return 42;") == Outcome(42, "start\n")


def test_firmware_refuses_other_hardware(simulator: Path, tmp_path: Path) -> None:
    default = config.load()
    other = dataclasses.replace(
        default, engine=dataclasses.replace(default.engine, array_size=12, accumulator_depth=512)
    )
    outcome = simulate(simulator, tmp_path, "engine::check_hardware();", chosen=other)
    assert "the hardware's array_size is 8, this firmware was built for 12" in outcome.text
    assert "the hardware's accumulator_depth is 1024" in outcome.text
    assert outcome.code == 1


def test_softmax_is_quick(simulator: Path, tmp_path: Path) -> None:
    outcome = simulate(
        simulator,
        tmp_path,
        "const std::uint32_t start = heepstor::cycles();\n"
        "  heepstor::softmax<10>(values, values);\n"
        '  print("softmax ", heepstor::cycles() - start, "\\n");',
        "float values[10] = {0.5f, -1.0f, 3.0f, 2.0f, -9.0f, 0.0f, 1.0f, -7.5f, 2.5f, 1.5f};",
    )
    assert outcome.code == 0
    assert 100 < outcome.number("softmax") <= SOFTMAX_CYCLES


def test_running_a_chain_adds_little(simulator: Path, tmp_path: Path) -> None:
    """Doorbell, interrupt and waking up, beyond the cycles that the engine itself counts."""
    outcome = simulate(
        simulator,
        tmp_path,
        "engine::run(&job);\n"
        "  const std::uint32_t start = heepstor::cycles();\n"
        "  const bool good = engine::run(&job).ok();\n"
        "  const std::uint32_t whole = heepstor::cycles() - start;\n"
        "  const std::uint32_t counted =\n"
        "      read_register(config::kEngineBase + heepstor::regs::engine::kCyclesOffset);\n"
        '  print("whole ", whole, "\\n", "counted ", counted, "\\n");\n'
        "  if (!good) return 1;",
        "alignas(16) float activations[64], parameters[16], outputs[8];\n"
        "alignas(16) signed char weights[64 * 8];\n"
        "engine::Descriptor job = engine::matmul(8).activations({1, 1}, 64, {0, 64})\n"
        "    .load(activations, {256, 0}).positions({1, 1}).runs(64).weights(weights).first()\n"
        "    .parameters(parameters).store_to_memory(outputs, {32, 0});",
    )
    assert outcome.code == 0
    assert 0 < outcome.number("whole") - outcome.number("counted") <= RUN_OVERHEAD_CYCLES


def test_cpu_traffic_changes_no_result(simulator: Path, tmp_path: Path) -> None:
    """The CPU and the engine in the same banks: slower, and the same bits on both sides."""
    outcome = simulate(
        simulator,
        tmp_path,
        "fill();\n"
        "  if (!engine::run(&jobs[0]).ok()) return 1;\n"
        "  const std::uint32_t calm = engine_register(heepstor::regs::engine::kBusStallsOffset);\n"
        "  start(&jobs[1]);\n"
        "  const unsigned rounds = disturb();\n"
        "  const std::uint32_t met = engine_register(heepstor::regs::engine::kBusStallsOffset);\n"
        "  if (engine_register(heepstor::regs::engine::kErrorOffset) != 0) return 2;\n"
        "  unsigned wrong = 0;\n"
        "  for (unsigned i = 0; i < kRows * kOutputs; ++i) {\n"
        "    wrong += __builtin_bit_cast(std::uint32_t, alone[i]) !=\n"
        "             __builtin_bit_cast(std::uint32_t, together[i]);\n"
        "  }\n"
        "  for (unsigned i = 0; i < kTraffic; ++i) {\n"
        "    const unsigned negative = activations[i] < 0.0f ? 1 : 0;\n"
        "    wrong += traffic[i] != rounds * (1 + negative);\n"
        "  }\n"
        '  print("rounds ", rounds, "\\n", "wrong ", wrong, "\\n");\n'
        '  print("zero ", static_cast<unsigned>(alone[0] == 0.0f), "\\n");\n'
        '  print("calm ", calm, "\\n", "met ", met, "\\n");',
        BUSY_JOB,
    )
    assert outcome.code == 0
    assert outcome.number("wrong") == 0
    assert outcome.number("zero") == 0, "the engine computed something"
    assert outcome.number("rounds") >= 2
    assert outcome.number("met") >= outcome.number("calm") + 50
