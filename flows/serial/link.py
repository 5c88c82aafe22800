"""A connection to a board: requests, repeated until they are answered, and printed text."""

from __future__ import annotations

import secrets
import struct
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol, TypeGuard

import serial

from flows.errors import HeepstorError
from flows.serial import protocol
from flows.serial.pace import NoAnswer, Pace, Tries
from flows.serial.protocol import Hello, Message
from flows.serial.splitter import DAMAGE, Splitter
from flows.serial.text import Text

__all__ = ["Link", "NoAnswer", "Port", "Refused"]

_LINES = 15
"""Number of last printed lines that are kept."""
_END_SECONDS = 1
"""How long a simulator may outlive its serial line, in seconds."""


class Port(Protocol):
    """The part of pyserial's Serial that is used; reads block for a few hundredths of a second."""

    def read(self, size: int) -> bytes: ...
    def write(self, data: bytes) -> int | None: ...
    @property
    def in_waiting(self) -> int: ...


class Refused(Exception):
    """The board understood a request but refused it; `reason` is a key of REASONS."""

    def __init__(self, reason: int) -> None:
        super().__init__(protocol.REASONS.get(reason, f"reason {reason}"))
        self.reason = reason


class Link:
    """The host's end of the line. `patience` is the most seconds that an answer may take."""

    def __init__(
        self,
        port: Port,
        name: str,
        patience: float,
        on_text: Callable[[str], None] = lambda line: None,
        check: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        """Open a connection on a port.

        `on_text` is called with each printed line. `check` is called while nothing arrives; it
        raises if nothing can arrive any more, and may wait for its argument's seconds to find out.
        """
        self.name = name
        self.patience = patience
        self.on_text = on_text
        self._port = port
        self._check = check
        self._splitter = Splitter()
        self._messages: deque[Message] = deque()
        self._heard = time.monotonic()
        self.pace = Pace()
        self.text = Text()
        self.last_lines: deque[str] = deque(maxlen=_LINES)
        self.greeting: Hello | None = None
        """The greeting of a loader or server that started while a reply was awaited."""
        # Replies to an earlier user of the board may still be in transit.
        self._sequence = secrets.randbelow(255)

    def request(self, kind: int, body: bytes = b"", patience: float | None = None) -> Message:
        """Send a request and return the reply; repeat it if it is lost or damaged.

        Raises Refused, NoAnswer, or HeepstorError when the connection is lost.
        """
        request = self._new_request(kind, body)
        tries = Tries()
        while not is_answer(reply := self._attempt(request, patience)):
            tries.failed(reply)
        return reply

    def attempt(self, kind: int, body: bytes = b"") -> Message | None:
        """Send a request once; return the reply, or a complaint about damage, or None.

        Raises Refused, or HeepstorError when the connection is lost.
        """
        return self._attempt(self._new_request(kind, body))

    def hello(self, patience: float | None = None) -> Hello:
        """Ask who answers. Raises NoAnswer, or HeepstorError for an unknown protocol."""
        return self._read_hello(self.request(protocol.HELLO, patience=patience))

    def await_hello(self, patience: float | None = None) -> Hello:
        """Wait for the greeting of loader or server; meanwhile, pass text to `on_text`.

        They send it when they start. As it may be lost, this also asks after damage and after
        silence, upon which a printing program repeats what was damaged. `patience` counts from the
        last sign of life; None means forever. Raises NoAnswer.
        """
        self._heard = time.monotonic()
        asked: set[int] = {0}
        while self.greeting is None:
            if patience is not None and time.monotonic() - self._heard > patience:
                raise NoAnswer
            seconds = self.patience if patience is None else min(self.patience, patience)
            message = next(self._incoming(seconds), None)
            if message is None and time.monotonic() - self._heard < seconds:
                continue
            if message is None or message == DAMAGE:
                question = self._new_request(protocol.HELLO, b"")
                asked.add(question.sequence)
                self._write(protocol.encode(question))
            elif _is_hello(message) and message.sequence in asked:
                self.greeting = self._read_hello(message)
        greeting, self.greeting = self.greeting, None
        return greeting

    def begin_text(self) -> None:
        """Prepare for a program that is about to start: its text begins afresh."""
        self.greeting = None
        self.text.begin()
        self.last_lines.clear()

    def _new_request(self, kind: int, body: bytes) -> Message:
        self._sequence = self._sequence % 255 + 1
        return Message(kind, self._sequence, body)

    def _attempt(self, request: Message, patience: float | None = None) -> Message | None:
        self._write(protocol.encode(request))
        return self._await_reply(request, patience or self.patience)

    def _await_reply(self, request: Message, patience: float) -> Message | None:
        """Return the reply, a complaint that the request was damaged, or None without an answer."""
        begin = time.monotonic()
        while (left := begin + patience - time.monotonic()) > 0:
            message = next(self._incoming(left), None)
            if message is None:
                break
            if message.type == protocol.ERROR:
                (reason, *_) = message.words() or (protocol.DAMAGED,)
                if message.sequence == 0 and reason == protocol.DAMAGED:
                    return message
                if message.sequence == request.sequence:
                    raise Refused(reason)
            is_reply = message.type == request.type + protocol.REPLY
            if is_reply and message.sequence == request.sequence:
                return message
            if _is_hello(message) and message.sequence == 0:
                # A program that has only just started did not see the request.
                self.greeting = self._read_hello(message)
                break
        return None

    def _incoming(self, patience: float) -> Iterator[Message]:
        """Yield messages until none arrives for `patience` seconds; handle printed text."""
        begin = time.monotonic()
        while time.monotonic() - begin < patience:
            while self._messages:
                message = self._messages.popleft()
                if message.type == protocol.TEXT + protocol.REPLY:
                    self._take_text(message)
                else:
                    yield message
            data = self._read()
            if data:
                self._heard = time.monotonic()
                self._messages.extend(self._splitter.take(data))
            else:
                self._check(0)

    def _take_text(self, message: Message) -> None:
        self._write(protocol.encode(Message(protocol.TEXT, message.sequence)))
        for line in self.text.take(message):
            self.last_lines.append(line)
            self.on_text(line)

    def _read_hello(self, message: Message) -> Hello:
        try:
            hello = Hello.unpack(message.body)
        except struct.error:
            hello = None
        if hello is None or hello.magic != protocol.MAGIC or hello.version != protocol.VERSION:
            version = "an unknown version" if hello is None else f"version {hello.version}"
            raise HeepstorError(
                f"the board on {self.name} uses {version} of the protocol, this host version "
                f"{protocol.VERSION}. Build hardware and software from the same HEEPstor."
            )
        return hello

    def _read(self) -> bytes:
        try:
            return self._port.read(max(1, self._port.in_waiting))
        except (OSError, serial.SerialException) as error:
            raise self._lost(error) from error

    def _write(self, data: bytes) -> None:
        try:
            self._port.write(data)
        except (OSError, serial.SerialException) as error:
            raise self._lost(error) from error

    def _lost(self, error: Exception) -> HeepstorError:
        self._check(_END_SECONDS)
        return HeepstorError(
            f"the connection on {self.name} was lost ({error}). Is the cable connected and the "
            "board on? The same command resumes where it stopped."
        )


def is_answer(reply: Message | None) -> TypeGuard[Message]:
    """Return whether an attempt succeeded."""
    return reply is not None and reply.type != protocol.ERROR


def _is_hello(message: Message) -> bool:
    return message.type == protocol.HELLO + protocol.REPLY
