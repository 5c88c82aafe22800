"""Frames in what comes from a board, whole and damaged."""

from __future__ import annotations

from flows.serial import protocol
from flows.serial.protocol import Message
from flows.serial.splitter import DAMAGE, Splitter

HELLO = Message(protocol.HELLO + protocol.REPLY, 0, b"\n" * 9 + b"\0\0\0")


FRAME = protocol.encode(HELLO)


def split(*parts: bytes) -> list[Message]:
    splitter = Splitter()
    return [found for part in parts for found in splitter.take(part)]


def test_frames_are_found_however_they_arrive() -> None:
    stream = FRAME + FRAME[1:-1] + FRAME
    assert split(stream) == [HELLO, HELLO, HELLO]
    assert split(*(bytes([byte]) for byte in stream)) == [HELLO, HELLO, HELLO]


def test_damaged_frames_are_told_and_what_follows_is_found() -> None:
    damaged = FRAME[:8] + b"\x55" + FRAME[9:]
    noise = b"text that is no frame\n" * 500
    assert split(damaged + FRAME + noise + FRAME + FRAME[:9] + FRAME) == [
        *(DAMAGE, HELLO),
        *(DAMAGE, HELLO),
        *(DAMAGE, HELLO),
    ]


def test_a_frame_survives_the_loss_of_any_of_its_zeros() -> None:
    for at in (0, len(FRAME) - 1):
        assert split(FRAME + FRAME[:at] + FRAME[at + 1 :] + FRAME) == [HELLO] * 3
