"""The simulator as its user sees it: exit codes, messages, limits, statistics, waveforms."""

import json
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from flows import config
from flows.simulate import hardware
from flows.stages.options import Options
from flows.stages.run import run as run_stages
from flows.terminal.progress import Terminal
from flows.toolchain import firmware
from flows.toolchain.riscv import ROOT

pytestmark = pytest.mark.slow

PROGRAMS = {
    "exit_three": 'int main() { heepstor::print("bye\\n"); return 3; }',
    "talkative": """
        int main() {
          for (int i = 0; i < 20; ++i) heepstor::print("0123456789");
          return 0;
        }
    """,
    "exit_256": "int main() { return 256; }",
    "stuck": """
        [[gnu::noinline]] void stuck_here() { for (;;) asm volatile(""); }
        int main() { stuck_here(); return 0; }
    """,
    "asleep": 'int main() { for (;;) asm volatile("wfi"); return 0; }',
    "busy": """
        int main() {
          for (volatile unsigned i = 0;; i = i + 1) {}
          return 0;
        }
    """,
    "memory": """
        #include "heepstor/arena.hpp"
        HEEPSTOR_ARENA volatile std::uint32_t words[4];
        volatile std::uint32_t zero;
        extern "C" volatile std::uint32_t __free_start[];
        int main() {
          for (int i = 0; i < 4; ++i) {
            heepstor::print(heepstor::hex(words[i]), " ", heepstor::hex(__free_start[i]), " ");
          }
          return zero == 0 ? 0 : 1;
        }
    """,
    "engine": """
        #include "heepstor/engine.hpp"
        namespace engine = heepstor::engine;
        alignas(16) float parameters[2 * heepstor::config::kArraySize] = {1.0f};
        alignas(16) float stored[2];
        alignas(16) engine::Descriptor jobs[2];
        int main() {
          engine::Job read_buffer = engine::max(1).runs(1).input(0, {0, 0}).positions({1, 1});
          read_buffer.first().parameters(parameters).store_to_memory(&stored[0], {4, 4});
          jobs[0] = read_buffer.next(&jobs[1]);
          engine::Job add = engine::sum(1).runs(1).input(0, {0, 0}).positions({1, 1}, 1);
          add.activations({1, 1}, 1, {0, 1}).load(&parameters[1], {4, 4});
          jobs[1] = add.parameters(parameters).store_to_memory(&stored[1], {4, 4});
          engine::report(engine::run(jobs));
          for (float value : stored) heepstor::print(heepstor::hex(heepstor::to_bits(value)), " ");
          return 0;
        }
    """,
    "echo": """
        #include "heepstor/mmio.hpp"
        #include "heepstor_config.hpp"
        int main() {
          for (;;) {
            const auto data = heepstor::read_register(heepstor::config::kUartBase);
            if (static_cast<std::int32_t>(data) >= 0) continue;
            const char character = static_cast<char>(data);
            if (character == '.') return 0;
            heepstor::print(static_cast<char>(character + 1));
          }
          return 0;
        }
    """,
}


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
        lines = ['#include "heepstor/print.hpp"', text]
        (folder / "main.cpp").write_text("\n".join(lines))
        elves[name] = firmware.build(folder, folder / "out", config.load()).elf
    return elves


def run(simulator, *arguments, **options):
    """Runs the simulator; gives its exit code, what the program printed, and its own messages."""
    command = [str(simulator), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, **options)
    return done.returncode, done.stdout, done.stderr


def test_exit_code_and_serial_line(simulator, programs, tmp_path):
    stats = tmp_path / "stats.json"
    code, printed, messages = run(
        simulator, f"--firmware={programs['exit_three']}", f"--stats={stats}"
    )
    assert (code, printed) == (3, "bye\n")
    assert "exit code 3" in messages
    values = json.loads(stats.read_text())
    assert values["end"] == "exit"
    assert values["exit_code"] == values["program_exit_code"] == 3
    assert 0 < values["instructions"] < values["cycles"]


def test_printing_does_not_wait_for_the_serial_line(simulator, programs, tmp_path):
    stats = tmp_path / "stats.json"
    code, printed, _ = run(simulator, f"--firmware={programs['talkative']}", f"--stats={stats}")
    assert (code, printed) == (0, 20 * "0123456789")
    knobs = config.load()
    serial_cycles = len(printed) * 10 * knobs.clock_hz // knobs.uart.baud
    assert json.loads(stats.read_text())["cycles"] < serial_cycles // 5


def test_an_exit_code_is_never_taken_for_success(simulator, programs):
    code, _, messages = run(simulator, f"--firmware={programs['exit_256']}")
    assert code == 1
    assert "exit code 256" in messages


def test_memory_begins_with_junk_that_a_seed_repeats(simulator, programs):
    """What a program finds where it has nothing: other words each time, the same by their seed.

    Start-up clears .bss, which the program checks, and nothing else.
    """
    firmware_option = f"--firmware={programs['memory']}"
    runs = [run(simulator, firmware_option) for _ in range(2)]
    assert runs[0][1] != runs[1][1]
    words = [int(word, 16) for word in runs[0][1].split()]
    assert len(set(words)) == len(words) == 8
    for code, printed, messages in runs:
        assert code == 0, ".bss was not cleared"
        seed = re.match(r"simulator: seed (\d+)\n", messages)[1]
        assert run(simulator, firmware_option, f"--seed={seed}")[1] == printed


def test_the_engine_begins_with_junk(simulator, programs):
    """What it reads of its buffer and of its accumulators, where nothing has written."""
    runs = [
        run(simulator, f"--firmware={programs['engine']}", f"--seed={seed}") for seed in (1, 2, 1)
    ]
    words = [printed.split() for code, printed, _ in runs if code == 0]
    assert words[0] == words[2]
    for one, other in zip(*words[:2], strict=True):
        assert one != other


def test_the_same_run_takes_the_same_cycles(simulator, programs, tmp_path):
    cycles = []
    for name in ("a.json", "b.json"):
        run(simulator, f"--firmware={programs['exit_three']}", f"--stats={tmp_path / name}")
        cycles.append(json.loads((tmp_path / name).read_text())["cycles"])
    assert cycles[0] == cycles[1]


def test_a_hang_names_the_function(simulator, programs):
    code, _, messages = run(simulator, f"--firmware={programs['stuck']}", "--hang-cycles=20000")
    assert code == 125
    assert "hangs at pc 0x8000" in messages
    assert "stuck_here()" in messages


def test_sleeping_for_ever_is_a_hang(simulator, programs):
    code, _, messages = run(simulator, f"--firmware={programs['asleep']}", "--hang-cycles=20000")
    assert code == 125
    assert "asleep in wfi" in messages


def test_max_cycles(simulator, programs):
    code, _, messages = run(
        simulator, f"--firmware={programs['busy']}", "--max-cycles=50000", "--hang-cycles=20000"
    )
    assert code == 124, "a loop that writes is no hang"
    assert "--max-cycles" in messages
    assert "main" in messages
    assert "50000 cycles" in messages


def test_serial_input(simulator, programs, tmp_path):
    text = tmp_path / "input"
    text.write_text("HAL.")
    code, printed, _ = run(simulator, f"--firmware={programs['echo']}", f"--uart-input={text}")
    assert (code, printed) == (0, "IBM")
    code, printed, _ = run(
        simulator, f"--firmware={programs['echo']}", "--uart-input=-", input="HAL."
    )
    assert (code, printed) == (0, "IBM")


def test_waveform(simulator, programs, tmp_path):
    trace = tmp_path / "waves.fst"
    code, _, messages = run(simulator, f"--firmware={programs['exit_three']}", f"--trace={trace}")
    assert code == 3
    assert f"waveform in {trace}" in messages
    # A header block (type 0) of 329 bytes begins every FST file.
    assert trace.read_bytes()[:9] == bytes([0]) + (329).to_bytes(8, "big")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "--firmware=FILE is missing"),
        (["--firmware=/nowhere.elf"], "cannot read the program /nowhere.elf: No such file"),
        (["--firmware=/tmp"], "cannot read the program /tmp: it is a folder"),
        (["--firmware"], "--firmware needs a file"),
        (["--firmwares=x"], "unknown option '--firmwares=x'"),
        (["--max-cycles=many"], "needs a number, not 'many'"),
        (["--max-cycles=-1"], "needs a number, not '-1'"),
        (["--seed=0"], "--seed is '0'; expected 1 to 2147483647"),
        (["--seed=2147483648"], "--seed is '2147483648'; expected"),
        (["x.elf"], "unknown option 'x.elf'"),
        (["--boot=rom"], "--boot is 'rom'; expected memory or loader"),
        (["--boot=loader", "--uart-pty=/nowhere/x"], "cannot make the link /nowhere/x: No such"),
        (["--boot=loader", "--uart-pty=/tmp"], "/tmp is there already: another simulator's, or"),
        (["--boot=loader", "--uart-pty=x", "--uart-input=-"], "both want the serial line"),
    ],
)
def test_mistakes_get_one_clear_message(simulator, arguments, expected):
    code, printed, messages = run(simulator, *arguments)
    assert code == 2
    assert printed == ""
    assert expected in messages
    assert len(messages.splitlines()) == 1


def changed(data: bytes, offset: int, value: bytes) -> bytes:
    return data[:offset] + value + data[offset + len(value) :]


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda elf: b"", "is empty"),
        (lambda elf: b"hello world, this is text", "not an ELF file"),
        (lambda elf: elf[:20], "truncated"),
        (lambda elf: elf[:200], "truncated"),
        (lambda elf: changed(elf, 4, b"\x02"), "not a 32-bit"),
        (lambda elf: changed(elf, 18, b"\x3e\x00"), "not compiled for RISC-V"),
        (lambda elf: changed(elf, 16, b"\x01\x00"), "not linked"),
        (lambda elf: changed(elf, 24, b"\x00\x00\x00\x90"), "another hardware configuration"),
    ],
)
def test_bad_programs_are_refused(simulator, programs, tmp_path, spoil, expected):
    bad = tmp_path / "bad.elf"
    bad.write_bytes(spoil(Path(programs["exit_three"]).read_bytes()))
    code, _, messages = run(simulator, f"--firmware={bad}")
    assert code == 2
    assert expected in messages
    assert len(messages.splitlines()) == 1


def test_files_that_cannot_be_written(simulator, programs):
    firmware_option = f"--firmware={programs['exit_three']}"
    code, _, messages = run(simulator, firmware_option, "--trace=/nowhere/waves.fst")
    assert code == 2 and "cannot write the waveform /nowhere/waves.fst: No such file" in messages
    for name, reason in {"/tmp": "Is a directory", "/dev/full": "not a regular file"}.items():
        code, _, messages = run(simulator, firmware_option, f"--trace={name}")
        assert code == 2 and reason in messages
    code, _, messages = run(simulator, firmware_option, "--stats=/nowhere/stats.json")
    assert code == 2 and "cannot write the statistics /nowhere/stats.json" in messages


@pytest.mark.parametrize("size", [0, 100, 10_000])
def test_a_waveform_that_the_disk_has_no_space_for(simulator, programs, tmp_path, size):
    """However much of it was written: a part would show a program that ended early."""

    def fill_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    trace = tmp_path / "waves.fst"
    arguments = (f"--firmware={programs['exit_three']}", f"--trace={trace}")
    code, _, messages = run(simulator, *arguments, preexec_fn=fill_disk, restore_signals=False)
    assert code == 2
    assert f"cannot write the waveform {trace}: is there space on the disk?" in messages


def test_help(simulator):
    code, printed, _ = run(simulator, "--help")
    assert code == 0
    assert "--hang-cycles" in printed
