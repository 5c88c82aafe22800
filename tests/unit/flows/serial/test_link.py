"""The host's end of the line: requests, replies, text, and a connection that is lost."""

from __future__ import annotations

import itertools
import struct
import time
from collections.abc import Callable

import pytest

from flows.errors import HeepstorError
from flows.serial import protocol
from flows.serial.link import Link, NoAnswer, Refused
from flows.serial.protocol import Hello, Message

READ = protocol.CHECK


class Answering:
    """A port whose other end answers each request with the frames of `answer`."""

    in_waiting = 4096

    def __init__(self, answer: Callable[[Message], list[bytes]]) -> None:
        self.requests: list[Message] = []
        self._answer = answer
        self._bytes = b""

    def read(self, size: int) -> bytes:
        data, self._bytes = self._bytes, b""
        return data

    def write(self, data: bytes) -> None:
        message = protocol.decode(data.strip(b"\0"))
        assert message is not None
        self.requests.append(message)
        self._bytes += b"".join(self._answer(message))


def reply(request: Message, body: bytes = b"", sequence: int | None = None) -> bytes:
    number = request.sequence if sequence is None else sequence
    return protocol.encode(Message(request.type + protocol.REPLY, number, body))


def error(sequence: int, reason: int) -> bytes:
    return protocol.encode(Message(protocol.ERROR, sequence, struct.pack("<I", reason)))


def text(sequence: int, content: bytes) -> bytes:
    return protocol.encode(Message(protocol.TEXT + protocol.REPLY, sequence, content))


def hello(version: int = protocol.VERSION) -> bytes:
    return Hello(protocol.MAGIC, version, protocol.LOADER, *(0,) * 10).pack()


def linked(answer: Callable[[Message], list[bytes]], **options) -> tuple[Link, Answering]:
    port = Answering(answer)
    return Link(port, "the board", **{"patience": 60, **options}), port


def test_a_reply_is_returned() -> None:
    link, port = linked(lambda request: [reply(request, b"1234")])
    assert link.request(READ, b"abcd").body == b"1234"
    assert [(request.type, request.body) for request in port.requests] == [(READ, b"abcd")]


def test_each_request_has_a_number_of_its_own_and_never_zero() -> None:
    """Zero is what a board says by itself."""
    link, port = linked(lambda request: [reply(request)])
    for _ in range(300):
        link.request(READ)
    numbers = [request.sequence for request in port.requests]
    assert set(numbers) == set(range(1, 256))
    assert all(a != b for a, b in itertools.pairwise(numbers))


def test_a_request_without_an_answer_is_repeated_as_it_was() -> None:
    answers = [[], [], [b"\0\x05\x55\0"]]
    link, port = linked(
        lambda request: answers.pop() if answers else [reply(request)], patience=0.05
    )
    link.request(READ, b"abcd")
    assert len(port.requests) >= 4 and len(set(port.requests)) == 1


def test_replies_to_others_do_not_count() -> None:
    def answer(request: Message) -> list[bytes]:
        earlier = request.sequence % 255 + 1
        return [reply(request, b"old", earlier), error(earlier, 1), reply(request, b"new")]

    assert linked(answer)[0].request(READ).body == b"new"


def test_a_refusal_is_not_repeated() -> None:
    link, port = linked(lambda request: [error(request.sequence, protocol.UNKNOWN_REQUEST)])
    with pytest.raises(Refused, match="the request is unknown") as caught:
        link.request(READ)
    assert caught.value.reason == protocol.UNKNOWN_REQUEST and len(port.requests) == 1


def test_a_reason_of_another_version_is_given_by_its_number() -> None:
    assert str(Refused(4711)) == "reason 4711"


def test_a_damaged_request_is_repeated() -> None:
    """The board complains without a number: it could not read it."""
    answers = [[error(0, protocol.DAMAGED)]]
    link, port = linked(lambda request: answers.pop() if answers else [reply(request)])
    link.request(READ)
    assert len(port.requests) == 2


def test_silence_is_no_answer() -> None:
    with pytest.raises(NoAnswer):
        linked(lambda request: [])[0].request(READ, patience=0.001)


def test_text_between_replies_is_acknowledged_and_handed_on() -> None:
    lines: list[str] = []

    def answer(request: Message) -> list[bytes]:
        if request.type == protocol.TEXT:
            return []
        return [text(1, b"one\ntw"), text(2, b"o\n"), reply(request)]

    link, port = linked(answer, on_text=lines.append)
    link.begin_text()
    link.request(READ)
    assert lines == ["one", "two"] == list(link.last_lines)
    acknowledged = [r.sequence for r in port.requests if r.type == protocol.TEXT]
    assert acknowledged == [1, 2]


def test_who_answers() -> None:
    link, _ = linked(lambda request: [reply(request, hello())])
    assert link.hello().role == protocol.LOADER


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (hello(version=9), "uses version 9 of the protocol"),
        (b"1234", "uses an unknown version of the"),
    ],
)
def test_another_protocol(body: bytes, message: str) -> None:
    with pytest.raises(HeepstorError, match=message):
        linked(lambda request: [reply(request, body)])[0].hello()


def test_who_begins_is_asked_again_where_its_greeting_is_damaged() -> None:
    def answer(request: Message) -> list[bytes]:
        return [reply(request, hello())] if request.type == protocol.HELLO else []

    link, port = linked(answer)
    begin = time.monotonic()
    port._bytes = b"\0\x05\x55\x55\x55\0"
    assert link.await_hello(patience=60).role == protocol.LOADER
    assert [request.type for request in port.requests] == [protocol.HELLO]
    assert time.monotonic() - begin < 30, "at once, not after silence"


def test_a_request_is_repeated_when_the_board_begins_anew() -> None:
    """Who begins has not seen it; what it says is kept for who waits for it."""
    answers = [[protocol.encode(Message(protocol.HELLO + protocol.REPLY, 0, hello()))]]
    link, port = linked(lambda request: answers.pop() if answers else [reply(request)])
    link.request(READ)
    assert len(port.requests) == 2
    assert link.greeting is not None and link.await_hello().role == protocol.LOADER
    assert link.greeting is None


@pytest.mark.parametrize("operation", ["read", "write"])
def test_a_cable_that_is_pulled(operation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Answering, argument: object) -> bytes:
        raise OSError("device disconnected")

    monkeypatch.setattr(Answering, operation, fail)
    link, _ = linked(lambda request: [])
    with pytest.raises(HeepstorError, match=r"the board was lost \(device disconnected\)"):
        link.request(READ)


@pytest.mark.parametrize("fault", [None, OSError("end of file")])
def test_a_simulator_that_has_ended_says_so_itself(
    fault: OSError | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing comes any more; or its line is gone, a moment before it is."""

    def read(self: Answering, size: int) -> bytes:
        if fault:
            raise fault
        return b""

    def check(seconds: float) -> None:
        if seconds > 0 or fault is None:
            raise HeepstorError("the simulator has ended")

    monkeypatch.setattr(Answering, "read", read)
    with pytest.raises(HeepstorError, match="the simulator has ended"):
        linked(lambda request: [], check=check)[0].request(READ)
