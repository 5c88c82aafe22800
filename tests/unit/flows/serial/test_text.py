"""Lines of text in messages: repeated, missing, numbered round."""

from __future__ import annotations

import pytest

from flows.serial import protocol
from flows.serial.protocol import Message
from flows.serial.text import Text


def text(sequence: int, content: bytes) -> Message:
    return Message(protocol.TEXT + protocol.REPLY, sequence, content)


def test_text_is_made_of_messages_and_repeated_ones_count_once() -> None:
    found = Text()
    found.begin()
    messages = [text(1, b"one\r\ntw"), text(1, b"one\r\ntw"), text(2, b"o\n"), text(3, b"rest")]
    assert [line for message in messages for line in found.take(message)] == ["one", "two"]
    assert (found.rest(), found.is_incomplete) == ("rest", False)


@pytest.mark.parametrize("sequences", [(2,), (1, 3), (254, 255, 2)])
def test_text_that_is_missing_is_noticed(sequences: tuple[int, ...]) -> None:
    found = Text()
    if sequences[0] < 254:
        found.begin()
    for sequence in sequences:
        assert not found.is_incomplete
        assert list(found.take(text(sequence, b"x\n"))) == ["x"]
    assert found.is_incomplete


def test_text_goes_on_after_the_last_number() -> None:
    found = Text()
    found.begin()
    for number in range(600):
        assert list(found.take(text(number % 255 + 1, b"x\n"))) == ["x"]
    assert not found.is_incomplete
