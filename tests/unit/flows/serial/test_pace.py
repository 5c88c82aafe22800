"""How the host adapts to a bad serial line: the size of messages, and how often they are tried."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from flows.serial import loader, protocol
from flows.serial.pace import DAMAGES, SILENCES, NoAnswer, Pace, Tries
from flows.serial.protocol import Message
from flows.serial.splitter import DAMAGE

CLEAN = Message(protocol.WRITE + protocol.REPLY, 1)


class Line:
    """A link whose attempts end as `reply` says, which is given the size of a message's data."""

    def __init__(self, reply: Callable[[int], Message | None]) -> None:
        self.pace = Pace()
        self.memory = bytearray()
        self.sizes: list[int] = []
        self._reply = reply

    def attempt(self, kind: int, body: bytes) -> Message | None:
        data = body[4:]
        assert kind == protocol.WRITE and struct.unpack("<I", body[:4]) == (len(self.memory),)
        self.sizes.append(len(data))
        reply = self._reply(len(data))
        if reply == CLEAN:
            self.memory += data
        return reply


def test_messages_become_as_short_as_the_line_wants_and_long_again() -> None:
    data = bytes(range(256)) * 64
    longest = protocol.MAX_DATA
    line = Line(lambda size: CLEAN if size <= longest else DAMAGE)
    loader.write(line, 0, data[:1024])
    assert line.sizes == [1024]
    longest = 100
    loader.write(line, 1024, data[1024:4096])
    assert line.sizes[1:6] == [1024, 512, 256, 128, 64]
    longest = protocol.MAX_DATA
    loader.write(line, 4096, data[4096:])
    assert line.sizes[-1] == 1024 and line.memory == data


def test_a_message_is_never_shorter_than_is_useful() -> None:
    pace = Pace()
    for _ in range(20):
        pace.failed()
    assert pace.size == 16


@pytest.mark.parametrize("failure", [DAMAGE, None])
def test_a_transfer_goes_on_as_long_as_pieces_arrive(failure: Message | None) -> None:
    """Far more attempts fail than one piece may need."""
    failures = SILENCES if failure is None else DAMAGES // 2
    attempts = 0

    def reply(size: int) -> Message | None:
        nonlocal attempts
        attempts += 1
        return failure if attempts % (failures + 1) else CLEAN

    line = Line(reply)
    loader.write(line, 0, bytes(1024))
    assert line.memory == bytes(1024)
    assert attempts > 10 * failures


@pytest.mark.parametrize(("failure", "most"), [(DAMAGE, DAMAGES), (None, SILENCES)])
def test_a_line_on_which_nothing_arrives_is_given_up(failure: Message | None, most: int) -> None:
    line = Line(lambda size: failure)
    with pytest.raises(NoAnswer):
        loader.write(line, 0, bytes(1024))
    assert len(line.sizes) == most + 1


def test_damage_is_a_sign_of_life() -> None:
    """Only silences in a row count, and many more requests may be damaged."""
    tries = Tries()
    for _ in range(DAMAGES // SILENCES):
        for complaint in (*SILENCES * [None], *SILENCES * [DAMAGE]):
            tries.failed(complaint)
    with pytest.raises(NoAnswer):
        tries.failed(DAMAGE)
