"""Sending, running and checking an application: through a pseudo-terminal, to a board that is the
loader compiled for the host."""

from __future__ import annotations

import contextlib
import json
import struct
from pathlib import Path

import numpy as np
import pytest

from flows import config
from flows.errors import HeepstorError
from flows.serial import flash, protocol, session
from flows.serial.link import Link
from flows.serial.loader import Sent
from flows.serial.protocol import Hello, Message
from flows.terminal.progress import Progress
from tests.support.scripted_port import Script
from tests.support.serial_board import on_terminal

CONFIG = config.load(config.DEFAULT_PATH)


GOLDEN = np.array([[1.0, -0.0], [0.5, 2.0]], np.float32)


def report(outputs: np.ndarray = GOLDEN, mismatches: int = 0) -> str:
    """What an application prints."""
    lines = ["HEEPstor"]
    for index, row in enumerate(outputs.view(np.uint32)):
        lines += [f"# input {index} cycles {1000 + index}"]
        lines += [f"# output {index} " + " ".join(f"{bits:08x}" for bits in row)]
    return "\n".join([*lines, "# stack 300", f"# done {mismatches}", ""])


def write_elf(path: Path, code: int, text: str) -> Path:
    """A program for the stand-in board: an ELF file with one segment and nothing else."""
    content = struct.pack("<I", code) + text.encode() + b"\0"
    base, offset = CONFIG.address.memory, 52 + 32
    ident = b"\x7fELF\x01\x01\x01" + bytes(9)
    header = struct.pack("<HHIIIIIHHHHHH", 2, 243, 1, base, 52, 0, 0, 52, 32, 1, 40, 0, 0)
    segment = struct.pack("<8I", 1, offset, base, base, len(content), len(content), 7, 4)
    path.write_bytes(ident + header + segment + content)
    return path


DESCRIPTION = {
    "inferences": 2,
    "batch": 1,
    "outputs": [2],
    "layers": [],
    "contract": "fp32",
    "elements": {"input": "fp32", "output": "fp32"},
}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    golden = tmp_path / "model" / "golden"
    golden.mkdir(parents=True)
    np.save(golden / "outputs.npy", GOLDEN)
    np.save(golden / "quantized.npy", GOLDEN)
    np.save(golden / "module.npy", GOLDEN)
    np.save(golden / "tolerance.npy", np.full_like(GOLDEN, 1e-6))
    (golden.parent / "model.json").write_text(json.dumps(DESCRIPTION))
    return golden.parent


def run(name: str, elf: Path, model: Path, out: Path, progress: Progress | None = None) -> dict:
    return flash.run(name, CONFIG, elf, model, None, out, progress or Progress())


class Notes(Progress):
    """Keeps what stays on the screen."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, text: str) -> None:
        self.lines.append(text)


def test_an_application_is_sent_run_and_checked(tmp_path: Path, model: Path) -> None:
    elf = write_elf(tmp_path / "program.elf", 0, report())
    notes = Notes()
    with on_terminal("loader", CONFIG.hash) as name:
        first = run(name, elf, model, tmp_path / "out", notes)
        assert notes.lines == ["HEEPstor"]
        assert [found["cycles"] for found in first["inputs"]] == [1000, 1001]
        assert first["configuration"] == CONFIG.hash and first["quantized_difference"] == 0
        assert (tmp_path / "out" / flash.LOG).read_text().startswith(report())
        assert json.loads((tmp_path / "out" / flash.RESULT).read_text()) == first
        again = run(name, elf, model, tmp_path / "out")
    assert (first["found"], again["sent"]) == (0, 0)


@pytest.mark.parametrize(
    ("code", "text", "message"),
    [
        (
            1,
            report(GOLDEN + 1, mismatches=4),
            r"4 of 4 outputs(.|\n)* bug in HEEPstor; please report it\.$",
        ),
        (
            0,
            report(GOLDEN + 1),
            r"4 of 4 outputs.*the firmware itself counted 0",
        ),
        (5, "something\nwent wrong\n", r"exit code 5.*\n.*something\n.*went wrong"),
        (0, report().replace("# done 0", ""), r"did not end"),
        (0, report().replace("cycles", "c\x7fles"), "a malformed line"),
    ],
)
def test_applications_that_fail(tmp_path: Path, model: Path, code, text, message) -> None:
    elf = write_elf(tmp_path / "program.elf", code, text)
    out = tmp_path / "out"
    out.mkdir()
    (out / flash.RESULT).write_text("of an earlier run")
    with on_terminal("loader", CONFIG.hash) as name, pytest.raises(HeepstorError, match=message):
        run(name, elf, model, out)
    assert not (out / flash.RESULT).exists()
    assert (out / flash.LOG).exists()


def test_another_board_is_left_alone(tmp_path: Path, model: Path) -> None:
    elf = write_elf(tmp_path / "program.elf", 0, report())
    with (
        on_terminal("loader", "0badcafe") as name,
        pytest.raises(HeepstorError, match=r"board +0badcafe: array 8, port 4 words"),
    ):
        run(name, elf, model, tmp_path / "out")


def hello(role: int, version: int = protocol.VERSION, exited: int = 0) -> bytes:
    words = Hello(protocol.MAGIC, version, role, 0, 0, 0, 0, 0, 0, 0, exited, 9, 7)
    return protocol.encode(Message(protocol.HELLO + protocol.REPLY, 0, words.pack()))


def test_the_end_of_a_program() -> None:
    link = Link(Script(b"text\n\0", hello(protocol.LOADER, exited=1)), "x", 0.1)
    assert flash.await_end(link, 7, 0.1, Path(flash.LOG)) == 9


def test_the_end_of_an_earlier_program_does_not_count() -> None:
    link = Link(Script(hello(protocol.LOADER, exited=1)), "x", 0.1)
    with pytest.raises(HeepstorError, match="was reset while the program was running"):
        flash.await_end(link, 8, 0.1, Path(flash.LOG))


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (hello(protocol.LOADER), "was reset while the program was running"),
        (hello(protocol.LOADER, version=9), "uses version 9 of the protocol, this host version 2"),
        (b"still running\n", r"printed nothing for 0.1 s and has not ended"),
    ],
)
def test_programs_that_do_not_come_back(sent: bytes, message: str) -> None:
    with pytest.raises(HeepstorError, match=message):
        flash.await_end(Link(Script(sent), "x", 0.1), 7, 0.1, Path(flash.LOG))


def test_text_that_is_lost_is_an_error(tmp_path: Path, model: Path, monkeypatch) -> None:
    """The second of three messages: the program has given up repeating it, and ended."""
    texts = [Message(protocol.TEXT + protocol.REPLY, number, b"line\n") for number in (1, 3)]
    script = Script(*map(protocol.encode, texts), hello(protocol.LOADER, exited=1))
    link = contextlib.nullcontext(Link(script, "x", 0.1))
    monkeypatch.setattr(session, "opened", lambda *arguments: link)
    monkeypatch.setattr(session, "load", lambda *arguments: (Sent(0, 0), 7))
    elf = write_elf(tmp_path / "program.elf", 0, "")
    with pytest.raises(HeepstorError, match="part of what the program printed was lost"):
        run("x", elf, model, tmp_path / "out")
