"""Finding out what is connected, and whether it is the right board."""

from __future__ import annotations

import dataclasses

import pytest

from flows import config
from flows.errors import HeepstorError
from flows.serial import protocol, session
from flows.serial.link import Link, NoAnswer, Refused
from flows.serial.protocol import Hello, Message
from tests.support.scripted_port import Script

CONFIG = config.load(config.DEFAULT_PATH)


class Chatter(Script):
    """A port from which text comes for ever."""

    def read(self, size: int) -> bytes:
        return b"busy\n"


def test_a_program_that_never_stops_printing_is_no_answer() -> None:
    with pytest.raises(HeepstorError, match=r"no answer on x .* reset button"):
        session.identify(Link(Chatter(), "x", 0.02), CONFIG)


def board(**changes: int) -> bytes:
    """The greeting of a board that was built from the default configuration."""
    fields = {field.name: 0 for field in dataclasses.fields(Hello)}
    fields |= {"magic": protocol.MAGIC, "version": protocol.VERSION, "role": protocol.LOADER}
    fields |= {"config_hash": int(CONFIG.hash, 16), "clock_hz": 12_500_000}
    return Hello(**{**fields, **changes}).pack()


class Greeting(Script):
    """A port whose other end answers every request with a greeting."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self._body = body

    def write(self, data: bytes) -> None:
        request = protocol.decode(data.strip(b"\0"))
        reply = Message(protocol.HELLO + protocol.REPLY, request.sequence, self._body)
        self._parts.append(protocol.encode(reply))


def test_the_configured_board() -> None:
    found = session.identify(Link(Greeting(board()), "x", 0.1), CONFIG)
    assert found.clock_hz == 12_500_000


def test_other_hardware_is_told_beside_the_configured() -> None:
    link = Link(Greeting(board(config_hash=0xBADC0DE, array_size=16)), "x", 0.1)
    with pytest.raises(HeepstorError) as caught:
        session.identify(link, CONFIG)
    assert "board     0badc0de: array 16, port 0 words" in str(caught.value)
    assert f"firmware  {CONFIG.hash}: array 8, port 4 words" in str(caught.value)
    assert "12.5 MHz" in str(caught.value) and "100 MHz" in str(caught.value)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            Refused(protocol.UNKNOWN_REQUEST),
            "the board on x refuses a request: the request is unknown",
        ),
        (NoAnswer(), "the board on x no longer answers.*resumes where it stopped.*reset button"),
    ],
)
def test_a_board_that_stops_answering(error: Exception, message: str) -> None:
    link = Link(Script(), "x", 0.1)
    with pytest.raises(HeepstorError, match=message), session.answering(link):
        raise error


def test_simulated_boards_get_more_time() -> None:
    assert session.is_simulated("sim") and session.is_simulated("/dev/pts/3")
    assert not session.is_simulated("/dev/ttyUSB0")
    assert session.patience("sim").silence is None
    assert session.patience("/dev/ttyUSB0").answer < session.patience("/dev/pts/3").answer
