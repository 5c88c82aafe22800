"""The host and the boot ROM's loader, compiled for the host, on good and on bad serial lines."""

from __future__ import annotations

import dataclasses
import random
import struct
import time

import pytest

from flows import config
from flows.errors import HeepstorError
from flows.serial import loader, protocol, session
from flows.serial.image import Image, Segment
from flows.serial.link import Link, NoAnswer, Refused
from flows.serial.splitter import Splitter
from flows.terminal.progress import Progress
from tests.support.serial_board import CutPort, FaultyPort, PipePort, StartFaultPort, running

CONFIG = config.load(config.DEFAULT_PATH)
BASE = CONFIG.address.memory
END = BASE + CONFIG.memory.bytes - protocol.LOADER_BYTES
TEXT = b"hello\n# done 0\nlast words"


def program(size: int = 9000, code: int = 3) -> Image:
    """A program for the stand-in board, of two segments."""
    first = struct.pack("<I", code) + TEXT + b"\0" + random.Random(size).randbytes(size)
    return Image(BASE, (Segment(BASE, first), Segment(BASE + 0x8000, bytes(700) + b"\xff" * 700)))


@pytest.fixture
def board():
    with running("loader", CONFIG.hash) as port:
        yield port


def link_to(port, printed: list | None = None, patience: float = 0.3) -> Link:
    return Link(port, "the board", patience, (printed if printed is not None else []).append)


def received(port) -> bytes:
    """All that comes until nothing more does."""
    return b"".join(iter(lambda: port.read(4096), b""))


def load(link: Link, image: Image) -> loader.Sent:
    return session.load(link, "/dev/ttyUSB1", CONFIG, image, Progress())[0]


def test_it_says_who_it_is(board) -> None:
    greeting = link_to(board).await_hello(1)
    assert greeting == link_to(board).hello()
    assert greeting.role == protocol.LOADER and not greeting.exited
    assert f"{greeting.config_hash:08x}" == CONFIG.hash
    assert (greeting.memory_base, greeting.memory_bytes) == (BASE, CONFIG.memory.bytes)
    assert (greeting.clock_hz, greeting.array_size) == (CONFIG.clock_hz, CONFIG.engine.array_size)


def test_a_program_is_sent_runs_and_comes_back(board) -> None:
    printed: list[str] = []
    link = link_to(board, printed)
    image = program()
    assert load(link, image) == loader.Sent(image.bytes, 0)
    end = link.await_hello(1)
    assert (end.exited, end.exit_code) == (1, 3)
    assert [*printed, link.text.rest()] == TEXT.decode().split("\n")


def test_a_program_that_is_loaded_twice_runs_twice(board) -> None:
    """Every load is a session of its own; only the requests of one are repetitions."""
    printed: list[str] = []
    link = link_to(board, printed)
    for count in (1, 2):
        load(link, program())
        assert link.await_hello(1).exit_code == 3
        assert printed == count * TEXT.decode().split("\n")[:-1]


def test_what_a_program_leaves_behind_is_settled(board) -> None:
    """An engine at work, its time limit, the stack's guard: the stand-in looks before it starts."""
    link = link_to(board)
    for code in (3, 4):
        load(link, program(code=code))
        assert link.await_hello(1).exit_code == code


def test_what_is_there_is_not_sent_again(board) -> None:
    link = link_to(board)
    image = program(20_000)
    load(link, image)
    link.await_hello(1)
    assert load(link, image) == loader.Sent(0, image.bytes)
    link.await_hello(1)
    spoilt = bytearray(image.segments[0].data)
    spoilt[10 * loader.BLOCK] ^= 1
    changed = dataclasses.replace(image, segments=(Segment(BASE, bytes(spoilt)), image.segments[1]))
    assert load(link, changed).found == 10 * loader.BLOCK + len(image.segments[1].data)


FAULTS = {
    "dropped": lambda byte: b"",
    "doubled": lambda byte: bytes([byte, byte]),
    "changed": lambda byte: bytes([byte ^ 0x41]),
    "made zero": lambda byte: b"\0",
    "noise added": lambda byte: bytes([byte, 0x5A, 0x00, 0xFF]),
}


@pytest.mark.parametrize("what", ["request", "reply"])
@pytest.mark.parametrize("fault", ["lost", "changed"])
def test_a_program_is_started_once(board, what: str, fault: str) -> None:
    """Whatever becomes of the request to start it, and of the reply."""
    faults = {"lost": lambda frame: b"", "changed": lambda frame: frame[:4] + b"x" + frame[5:]}
    port = StartFaultPort(board, what, faults[fault])
    printed: list[str] = []
    link = link_to(port, printed)
    load(link, program())
    assert link.await_hello(1).exit_code == 3
    assert [*printed, link.text.rest()] == TEXT.decode().split("\n")
    assert port.faults == 1


class LosingPort:
    """A line on which replies to START, and greetings, are lost."""

    in_waiting = 4096

    def __init__(self, port: PipePort) -> None:
        self._port = port
        self._splitter = Splitter()
        self.starts = self.lost = 0

    def write(self, data: bytes) -> None:
        self.starts += protocol.decode(data.strip(b"\0")).type == protocol.START
        self._port.write(data)

    def read(self, size: int) -> bytes:
        messages = self._splitter.take(self._port.read(size))
        kept = [message for message in messages if self._keeps(message)]
        return b"".join(map(protocol.encode, kept))

    def _keeps(self, message: protocol.Message) -> bool:
        is_start = message.type == protocol.START + protocol.REPLY
        is_lost = is_start or (
            message.type == protocol.HELLO + protocol.REPLY and not message.sequence
        )
        self.lost += is_lost
        return not is_lost


def test_a_start_whose_replies_are_lost_is_done_once(board) -> None:
    """The program has ended, and the loader gets the request again and again."""
    port = LosingPort(board)
    printed: list[str] = []
    link = link_to(port, printed, patience=0.2)
    load(link, program())
    assert port.starts == port.lost - 2 == 5, "five replies, and the greetings before and after"
    assert link.await_hello(2).exit_code == 3
    assert [*printed, link.text.rest()] == TEXT.decode().split("\n")


@pytest.mark.parametrize("every", [200, 50])
@pytest.mark.parametrize("fault", FAULTS)
def test_31_kib_arrive_on_a_bad_line(board, fault: str, every: int) -> None:
    """0.5 and 2 % of the bytes are damaged; the text that comes back is whole."""
    port = FaultyPort(board, FAULTS[fault], every, seed=every)
    printed: list[str] = []
    link = link_to(port, printed)
    image = program(31 * 1024)
    with session.answering(link):
        loader.send(link, image, Progress())
        loader.start(link, image)
        end = link.await_hello(5)
    assert (end.exited, end.exit_code) == (1, 3)
    assert [*printed, link.text.rest()] == TEXT.decode().split("\n")
    assert not link.text.is_incomplete
    clean = link_to(board)
    for segment in image.segments:
        reply = clean.request(
            protocol.CHECK, struct.pack("<II", segment.address, len(segment.data))
        )
        assert reply.words() == (protocol.crc32(segment.data),)


@pytest.mark.parametrize("fault", FAULTS)
def test_what_a_program_prints_arrives_whole(board, fault: str) -> None:
    """Short and long lines, on a line that damages one byte in a hundred."""
    lines = ["#" + "x" * (7 * number % 150) + str(number) for number in range(200)]
    content = struct.pack("<I", 0) + "\n".join([*lines, ""]).encode() + b"\0"
    image = Image(BASE, (Segment(BASE, content),))
    with session.answering(link_to(board)):
        loader.send(link_to(board), image, Progress())
    port = FaultyPort(board, FAULTS[fault], every=100, seed=3)
    printed: list[str] = []
    link = link_to(port, printed)
    loader.start(link, image)
    assert link.await_hello(5).exited
    assert printed == lines and not link.text.is_incomplete
    assert port.faults > 100


def test_a_cable_that_is_pulled_and_put_back(board) -> None:
    """The second attempt sends what the first has not."""
    image = program(20_000)
    with pytest.raises(HeepstorError, match=r"connection on the board was lost.*resumes where"):
        load(link_to(CutPort(board, 12_345)), image)
    sent = load(link_to(board), image)
    assert 9 * loader.BLOCK <= sent.found <= 12 * loader.BLOCK
    assert sent.sent + sent.found == image.bytes


def test_a_line_that_only_damages_is_given_up(board) -> None:
    link = link_to(FaultyPort(board, FAULTS["changed"], every=2, seed=0), patience=0.05)
    with pytest.raises(HeepstorError, match="no answer on the board at 2,000,000 bits"):
        load(link, program())


def test_the_wrong_board() -> None:
    with running("loader", "12345678") as port, pytest.raises(HeepstorError) as raised:
        load(link_to(port), program())
    assert "12345678: array 8" in str(raised.value) and CONFIG.hash in str(raised.value)


def test_a_frame_that_stops_is_forgotten(board) -> None:
    """After a quarter of a second; the next frame is understood though no zero stands before it."""
    frame = protocol.encode(protocol.Message(protocol.HELLO, 1))
    link = link_to(board)
    link.await_hello(1)
    board.write(frame[:5])
    assert link.hello(0.6).role == protocol.LOADER
    board.write(frame[:5])
    time.sleep(0.5)
    board.write(frame[1:])
    (reply,) = Splitter().take(received(board))
    assert reply.type == protocol.HELLO + protocol.REPLY and reply.sequence == 1


@pytest.mark.parametrize(
    ("kind", "body", "reason"),
    [
        (protocol.WRITE, struct.pack("<I", BASE - 4) + b"data", protocol.BAD_ADDRESS),
        (protocol.WRITE, struct.pack("<I", END - 3) + b"data", protocol.BAD_ADDRESS),
        (protocol.WRITE, struct.pack("<I", 0x1000_0000) + b"data", protocol.BAD_ADDRESS),
        (protocol.WRITE, struct.pack("<I", 0xFFFF_FFFE) + b"data", protocol.BAD_ADDRESS),
        (protocol.WRITE, b"abc", protocol.UNKNOWN_REQUEST),
        (protocol.CHECK, struct.pack("<II", BASE, 0xFFFF_FFFF), protocol.BAD_ADDRESS),
        (protocol.CHECK, struct.pack("<I", BASE), protocol.UNKNOWN_REQUEST),
        (protocol.START, struct.pack("<II", END, 1), protocol.BAD_ADDRESS),
        (protocol.START, struct.pack("<I", BASE), protocol.UNKNOWN_REQUEST),
        (protocol.START, b"", protocol.UNKNOWN_REQUEST),
        (protocol.SPEED, struct.pack("<I", 4), protocol.UNKNOWN_REQUEST),
        (protocol.READ, struct.pack("<II", BASE, 4), protocol.UNKNOWN_REQUEST),
        (99, b"", protocol.UNKNOWN_REQUEST),
    ],
)
def test_requests_that_are_refused(board, kind: int, body: bytes, reason: int) -> None:
    with pytest.raises(Refused) as raised:
        link_to(board).request(kind, body)
    assert raised.value.reason == reason


def test_the_last_bytes_that_may_be_written(board) -> None:
    loader.write(link_to(board), END - 4, b"data")


def test_programs_that_do_not_fit(board) -> None:
    outside = Image(BASE, (Segment(END - 10, bytes(11)),))
    with pytest.raises(HeepstorError, match="room for programs from 0x80000000 to"):
        load(link_to(board), outside)


def test_messages_that_are_too_long_are_damaged_ones(board) -> None:
    link = link_to(board, patience=0.05)
    with pytest.raises(NoAnswer):
        link.request(protocol.WRITE, struct.pack("<I", BASE) + bytes(protocol.MAX_DATA + 1))
    assert link.hello().role == protocol.LOADER
