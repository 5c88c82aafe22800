"""Loading and running over the serial line, in the RTL: boot ROM, loader, applications, server."""

from __future__ import annotations

import json
import struct
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from flows import config
from flows.debug import background
from flows.errors import HeepstorError
from flows.serial import flash, image, loader, protocol, serve, session, simulator
from flows.serial.link import Link
from flows.simulate import hardware
from flows.terminal.progress import Progress
from flows.toolchain import firmware
from modelgen import stages
from tests.e2e.workspace import Copy
from tests.e2e.workspace import simulator as simulator_of
from tests.support.serial_board import CutPort, FaultyPort

pytestmark = pytest.mark.slow

CONFIG = config.load(config.DEFAULT_PATH)
# Simulated seconds are long: a message that is lost on the way is sent again after ANSWER seconds,
# and a program that is silent for SILENCE has gone astray.
ANSWER, SILENCE = 8, 60

TABLE = [7 * index % 251 for index in range(5000)]
PROGRAMS = {
    "large": f"""
        volatile const unsigned char table[] = {{{", ".join(map(str, TABLE))}}};
        int main() {{
          unsigned sum = 0;
          for (const unsigned value : table) sum += value;
          heepstor::print("sum ", sum, "\\n");
          return 3;
        }}
    """,
    "three": 'int main() { heepstor::print("bye\\n"); return 3; }',
    "trap": 'int main() { asm volatile("unimp"); return 0; }',
    "pending": """
        #include "heepstor/mmio.hpp"
        #include "heepstor_config.hpp"
        #include "regs_engine.hpp"
        #include "regs_timer.hpp"
        namespace engine = heepstor::regs::engine;
        void write(unsigned offset, unsigned value) {
          heepstor::write_register(heepstor::config::kEngineBase + offset, value);
        }
        int main() {
          write(engine::kDescriptorOffset, 0);
          write(engine::kDoorbellOffset, engine::kDoorbellStartMask);
          // An alarm that goes off at once.
          using namespace heepstor::regs::timer;
          heepstor::write_register(heepstor::config::kTimerBase + kMtimecmpOffset, 0);
          heepstor::write_register(heepstor::config::kTimerBase + kMtimecmphOffset, 0);
          return 4;
        }
    """,
    "endless": """
        #include "heepstor/engine.hpp"
        #include "heepstor/mmio.hpp"
        #include "regs_engine.hpp"
        namespace engine = heepstor::engine;
        alignas(16) float activations[64], parameters[16], outputs[8];
        // Hours of work.
        engine::Descriptor job = engine::sum(8).activations({1, 1}, 64, {0, 64})
            .load(activations, {256, 0}).positions({1, 1}).runs(8, {65535, 65535}).first()
            .parameters(parameters).store_to_memory(outputs, {32, 0});
        int main() {
          const unsigned base = heepstor::config::kEngineBase;
          heepstor::write_register(base + heepstor::regs::engine::kDescriptorOffset,
                                   engine::Address(&job).value);
          heepstor::write_register(base + heepstor::regs::engine::kDoorbellOffset, 1);
          return 5;
        }
    """,
    "overflow": """
        volatile unsigned zero = 0;
        int main() { volatile char big[10000]; big[zero] = 1; return big[zero]; }
    """,
    "clean": """
        #include "heepstor/interrupts.hpp"
        #include "heepstor/mmio.hpp"
        #include "heepstor_config.hpp"
        #include "regs_engine.hpp"
        int main() {
          using heepstor::regs::engine::kInterruptOffset;
          return heepstor::read_register(heepstor::config::kEngineBase + kInterruptOffset) +
                 (heepstor::interrupts::pending() != 0 ? 100 : 0);
        }
    """,
    "nowhere": """
        #include "heepstor/mmio.hpp"
        int main() { heepstor::read_register(0x40000000); for (;;) asm volatile(""); }
    """,
}


@pytest.fixture(scope="module")
def program() -> Path:
    """The simulator of the default configuration, brought up to date."""
    return simulator_of(config.DEFAULT_PATH) / hardware.SIMULATOR


@pytest.fixture(scope="module")
def elves(tmp_path_factory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("programs")
    found = {}
    for name, text in PROGRAMS.items():
        folder = root / name
        (folder / "out").mkdir(parents=True)
        (folder / "main.cpp").write_text('#include "heepstor/print.hpp"\n' + text)
        found[name] = firmware.build(folder, folder / "out", CONFIG).elf
    return found


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """A small network, as the stage `generate` leaves it."""
    folder = tmp_path_factory.mktemp("model")
    stages.linear((24, 16, 5), 2, CONFIG.hardware(), folder, softmax=True, seed=3)
    return folder


def link_to(board: simulator.Simulator, printed: list[str], port=None) -> Link:
    return Link(port or board.port, "the board", ANSWER, printed.append, board.check)


def load(link: Link, elf: Path) -> loader.Sent:
    return session.load(link, session.SIMULATOR, CONFIG, image.read(elf), Progress())[0]


def test_programs_one_after_the_other(program: Path, elves: dict[str, Path]) -> None:
    """Each comes back to the loader with its exit code, however it ends; its bytes stay there."""
    with simulator.started(program) as board:
        printed: list[str] = []
        link = link_to(board, printed)
        board_now = link.hello()
        assert (board_now.role, board_now.exited) == (protocol.LOADER, 0)
        for name, code, text in (
            ("three", 3, "bye"),
            ("trap", 1, "trap: illegal instruction"),
            ("nowhere", 1, "address 40000000"),
            ("overflow", 1, "trap: stack overflow"),
            ("endless", 5, ""),
            ("clean", 0, ""),
            ("pending", 4, ""),
            ("clean", 0, ""),
            ("three", 3, "bye"),
        ):
            printed.clear()
            load(link, elves[name])
            end = link.await_hello(SILENCE)
            assert (end.role, end.exited, end.exit_code) == (protocol.LOADER, 1, code)
            assert text in "\n".join(printed)
        assert link.hello().exit_code == 3


def test_a_bad_line_and_a_cable_that_is_pulled(program: Path, elves: dict[str, Path]) -> None:
    binary = image.read(elves["large"])
    with simulator.started(program) as board:
        printed: list[str] = []
        cut = link_to(board, printed, CutPort(board.port, 3 * loader.BLOCK))
        with pytest.raises(HeepstorError, match="connection on the board was lost"):
            load(cut, elves["large"])
        session.identify(link_to(board, printed), CONFIG)
        # Bytes are dropped, doubled and changed in turn.
        faults = iter(1000 * (b"", b"xx", b"y"))
        bad = FaultyPort(board.port, lambda byte: next(faults), every=200, seed=2)
        link = link_to(board, printed, bad)
        sent = loader.send(link, binary, Progress())
        assert bad.faults > 10
        assert sent.found >= 2 * loader.BLOCK
        loader.start(link, binary)
        assert link.await_hello(SILENCE).exit_code == 3
        assert not link.text.is_incomplete
        assert printed[-1] == f"sum {sum(TABLE)}"


def test_an_application_that_serves(program: Path, model: Path, tmp_path: Path) -> None:
    """It stays on the board, is found there again, and leaves for another program."""
    elf = firmware.build(model / "src", tmp_path, CONFIG, main=firmware.SERVER).elf
    inputs, expected = serve.golden_inputs(model)
    with simulator.started(program) as board:
        link = link_to(board, [])
        for _ in range(2):
            buffers = serve.serving(link, session.SIMULATOR, CONFIG, elf, Progress())
            answer = serve.infer(link, SILENCE, buffers, inputs.rows[0], serve.Form([10], 2))
            serve.check_golden([answer], expected)
            assert 100 < answer.cycles < 100_000
        with pytest.raises(serve.Refused):
            link.request(protocol.START, struct.pack("<I", CONFIG.address.memory))
        assert load(link, elf).found < image.read(elf).bytes
        assert link.hello().role == protocol.SERVER


@pytest.fixture(scope="module")
def copy(program: Path, tmp_path_factory) -> Copy:
    made = Copy(tmp_path_factory.mktemp("serial") / "repository")
    made.bring_simulator(config.DEFAULT_PATH)
    return made


PROJECT = ("--project", "mnist-single-layer", "--random-weights", "--inputs", "5", "--json")


def test_the_task_flash(copy: Copy) -> None:
    """As a user types it; the board is the simulator."""
    code, out, err = copy.task("flash", *PROJECT, "--port", "sim")
    assert code == 0, err
    result = json.loads(out)
    assert result["sent"] > 8000 and result["found"] == 0
    assert len(result["inputs"]) == 1 and "Inference 0: class" in err
    assert "equal to the reference bit for bit" in err
    kept = copy.root / "build" / "projects" / "mnist-single-layer" / "flash"
    assert json.loads((kept / flash.RESULT).read_text()) == result
    assert "# done 0" in (kept / flash.LOG).read_text()


def test_the_task_run(program: Path, copy: Copy, tmp_path: Path) -> None:
    """On a simulator that was left running, where the second call finds the application."""
    pixels = np.zeros((12, 12), np.uint8)
    pixels[2:10, 5:7] = 255
    Image.fromarray(pixels).save(copy.root / "one.png")
    name = str(tmp_path / "board")
    command = [program, "--boot=loader", f"--uart-pty={name}"]
    with background.running("the simulator", command, tmp_path / "messages"):
        while not Path(name).exists():
            time.sleep(0.01)
        code, out, err = copy.task("run", *PROJECT, "--port", name, "--input", "one.png")
        assert code == 0, err
        (answer,) = json.loads(out)["inputs"]
        assert answer["name"] == "one.png" and len(answer["outputs"]) == 10
        assert sum(answer["outputs"]) == pytest.approx(1, abs=1e-5)
        assert answer["class"] == int(np.argmax(answer["outputs"]))
        code, out, err = copy.task("run", *PROJECT, "--port", name)
        assert code == 0 and json.loads(out)["checked"], err


def test_a_simulator_that_cannot_be_started(tmp_path: Path) -> None:
    with pytest.raises(HeepstorError, match="cannot be started"), simulator.started(tmp_path / "x"):
        pass


def test_a_simulator_that_ends(program: Path) -> None:
    with simulator.started(program) as board:
        link = link_to(board, [])
        link.hello()
        board.stop()
        with pytest.raises(HeepstorError, match=r"simulator has ended \(exit code 130\)"):
            link.hello()
