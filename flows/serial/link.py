"""A conversation with a board: requests that are repeated until they are answered, and its text."""

from __future__ import annotations

import secrets
import struct
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol

import serial

from flows.errors import HeepstorError
from flows.serial import protocol
from flows.serial.protocol import Hello, Message
from flows.serial.splitter import Splitter

SILENCES = 4
"""How often a request is repeated that nobody answers."""
DAMAGES = 40
"""How often a request is repeated that arrives damaged: one zero too many gives two complaints."""

_END_SECONDS = 1
"""How long after its serial line a simulator may be there."""


class Port(Protocol):
    """What of pyserial's Serial is used; reads return at once, or after a few hundredths."""

    def read(self, size: int) -> bytes: ...
    def write(self, data: bytes) -> int | None: ...
    @property
    def in_waiting(self) -> int: ...


class Refused(Exception):
    """The board has understood a request and does not do it; `reason` is a key of REASONS."""

    def __init__(self, reason: int) -> None:
        super().__init__(protocol.REASONS.get(reason, f"reason {reason}"))
        self.reason = reason


class NoAnswer(Exception):
    """The board has not answered a request, however often it was repeated."""


class Link:
    """The host's end of the line. `patience` is how many seconds an answer may take."""

    def __init__(
        self,
        port: Port,
        name: str,
        patience: float,
        on_text: Callable[[str], None] = lambda line: None,
        check: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        """`check` is called while nothing comes, and raises if nothing can come any more.

        It may wait so many seconds to find out.
        """
        self.name = name
        self.patience = patience
        self.on_text = on_text
        self._port = port
        self._check = check
        self._splitter = Splitter()
        self._parts: deque[str | Message] = deque()
        self.greeting: Hello | None = None
        """What loader or server said as it began, if that came while a reply was awaited."""
        # Replies to whoever talked to the board before are still on their way, perhaps.
        self._sequence = secrets.randbelow(255)

    def request(self, kind: int, body: bytes = b"", patience: float | None = None) -> Message:
        """Sends a request and returns the reply; repeats it when it is lost or damaged.

        Raises Refused, NoAnswer, or HeepstorError when the connection is lost.
        """
        request = self._new_request(kind, body)
        silences = damages = 0
        while silences <= SILENCES and damages <= DAMAGES:
            reply = self._attempt(request, patience)
            if reply is None:
                silences += 1
            elif reply.type == protocol.ERROR:
                damages += 1
            else:
                return reply
        raise NoAnswer

    def request_once(self, kind: int, body: bytes = b"") -> bool:
        """Sends a request that must not be done twice; whether a reply has come.

        Raises Refused, or HeepstorError when the connection is lost.
        """
        reply = self._attempt(self._new_request(kind, body))
        return reply is not None and reply.type != protocol.ERROR

    def hello(self, patience: float | None = None) -> Hello:
        """Asks who is there. Raises NoAnswer, or HeepstorError for an unknown protocol."""
        return self._read_hello(self.request(protocol.HELLO, patience=patience))

    def await_hello(self, patience: float | None = None) -> Hello:
        """Waits until loader or server begins and says so; meanwhile text goes to `on_text`.

        `patience` counts from the last sign of life; None: for ever. Raises NoAnswer.
        """
        messages = self._incoming(patience)
        while self.greeting is None:
            message = next(messages, None)
            if message is None:
                raise NoAnswer
            self._note_greeting(message)
        greeting, self.greeting = self.greeting, None
        return greeting

    def rest(self) -> str:
        """Text that has come without an end of line."""
        return self._splitter.rest()

    def _new_request(self, kind: int, body: bytes) -> Message:
        self._sequence = self._sequence % 255 + 1
        return Message(kind, self._sequence, body)

    def _attempt(self, request: Message, patience: float | None = None) -> Message | None:
        self._write(protocol.encode(request))
        return self._await_reply(request, patience or self.patience)

    def _await_reply(self, request: Message, patience: float) -> Message | None:
        """The reply; or the complaint that the request was damaged; or None if nobody answers."""
        for message in self._incoming(patience, since_sign_of_life=False):
            self._note_greeting(message)
            if message.type == protocol.ERROR:
                (reason, *_) = message.words() or (protocol.DAMAGED,)
                if message.sequence == 0 and reason == protocol.DAMAGED:
                    return message
                if message.sequence == request.sequence:
                    raise Refused(reason)
            is_reply = message.type == request.type + protocol.REPLY
            if is_reply and message.sequence == request.sequence:
                return message
        return None

    def _incoming(
        self, patience: float | None, since_sign_of_life: bool = True
    ) -> Iterator[Message]:
        """Yields messages for so many seconds, which may begin anew when anything comes."""
        begin = time.monotonic()
        while patience is None or time.monotonic() - begin < patience:
            while self._parts:
                part = self._parts.popleft()
                if isinstance(part, str):
                    self.on_text(part)
                else:
                    yield part
            data = self._read()
            if data:
                begin = time.monotonic() if since_sign_of_life else begin
                self._parts.extend(self._splitter.take(data))
            else:
                self._check(0)

    def _note_greeting(self, message: Message) -> None:
        if message.type == protocol.HELLO + protocol.REPLY and message.sequence == 0:
            self.greeting = self._read_hello(message)

    def _read_hello(self, message: Message) -> Hello:
        try:
            hello = Hello.unpack(message.body)
        except struct.error:
            hello = None
        if hello is None or hello.magic != protocol.MAGIC or hello.version != protocol.VERSION:
            version = "another" if hello is None else f"version {hello.version}"
            raise HeepstorError(
                f"what answers on {self.name} speaks {version} of the protocol, this is version "
                f"{protocol.VERSION}: its hardware is of another HEEPstor. Build both from one."
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
            f"the connection on {self.name} was lost ({error}). Is the cable in and the board on? "
            "The same command goes on where it stopped."
        )
