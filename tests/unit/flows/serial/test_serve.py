"""Inferences over the serial line: the server compiled for the host."""

from __future__ import annotations

import json
import struct
import types
from pathlib import Path

import numpy as np
import pytest

from flows import config
from flows.errors import HeepstorError
from flows.serial import protocol, serve, session
from flows.serial.inputs import Inputs
from flows.serial.link import Link
from flows.serial.protocol import Buffers
from tests.support.serial_board import PROGRAM_ID, FaultyPort, running

CONFIG = config.load(config.DEFAULT_PATH)


# Of the START that has begun the stand-in's server (server_main.cpp).
SESSION = 7


VALUES = np.array([[1, 2, 3, 4], [0.5, 0, 0, -1]], np.float32)


@pytest.fixture
def board():
    with running("server", CONFIG.hash) as port:
        yield port


def infer(port, values: np.ndarray) -> list[serve.Answer]:
    link = Link(port, "the board", 0.3)
    buffers = Buffers.unpack(link.request(protocol.BUFFERS).body)
    return [serve.infer(link, 1, buffers, row, serve.Form([2], 1)) for row in values]


def test_it_says_what_it_takes(board) -> None:
    link = Link(board, "the board", 1)
    assert session.identify(link, CONFIG).role == protocol.SERVER
    buffers = Buffers.unpack(link.request(protocol.BUFFERS).body)
    assert (buffers.program, buffers.input_bytes, buffers.output_bytes) == (PROGRAM_ID, 16, 8)


def test_inferences(board) -> None:
    answers = infer(board, VALUES)
    assert [answer.outputs.tolist() for answer in answers] == [[[10, 1]], [[-0.5, 0.5]]]


def test_outputs_of_a_batch_become_those_of_each_sample() -> None:
    """The board sends one output for the whole batch after another."""

    class Board:
        name, last_lines = "board", ()

        def request(self, kind: int, body: bytes = b"", patience: float = 0) -> object:
            return types.SimpleNamespace(body=struct.pack("<4I", 0, 0, 0, 77))

    with pytest.MonkeyPatch.context() as patch:
        sent = np.arange(6, dtype="<f4").tobytes()
        patch.setattr(serve.loader, "write", lambda *_: None)
        patch.setattr(serve.loader, "read", lambda *_: sent)
        buffers = Buffers(0, 0, 8, 0, 24)
        answer = serve.infer(Board(), 1, buffers, np.zeros(2, np.float32), serve.Form([2, 1], 2))
    assert answer.outputs.tolist() == [[0, 1, 4], [2, 3, 5]]


def test_inferences_on_a_line_that_changes_bytes(board) -> None:
    port = FaultyPort(board, lambda byte: bytes([byte ^ 8]), every=100, seed=5)
    answers = infer(port, np.tile(VALUES, (10, 1)))
    assert port.faults > 10
    assert [answer.outputs[0, 0] for answer in answers] == 10 * [10, -0.5]


def test_a_start_that_is_repeated_is_answered(board) -> None:
    """The server is what it has started; it starts nothing else."""
    link = Link(board, "the board", 0.3)
    link.request(protocol.START, struct.pack("<II", CONFIG.address.memory, SESSION))
    for body in (struct.pack("<II", CONFIG.address.memory, SESSION + 1), b""):
        with pytest.raises(serve.Refused):
            link.request(protocol.START, body)


def test_an_error_of_the_engine_is_told(board) -> None:
    with pytest.raises(HeepstorError, match="error 2 in descriptor 3 at 0x80000040"):
        infer(board, -VALUES[:1])


def test_memory_outside_the_buffers_is_out_of_reach(board) -> None:
    link = Link(board, "the board", 0.3)
    buffers = Buffers.unpack(link.request(protocol.BUFFERS).body)
    with pytest.raises(HeepstorError, match="refuses 4 bytes"):
        serve.loader.write(link, buffers.input + 13, b"data")
    with pytest.raises(serve.Refused):
        serve.loader.read(link, buffers.output + 4, 8)


def test_a_refusal_gets_a_message(board) -> None:
    link = Link(board, "the board", 0.3)
    message = "refuses a request: the request is unknown"
    with pytest.raises(HeepstorError, match=message), session.answering(link):
        link.request(protocol.CHECK)


def test_inputs_of_another_size_are_refused() -> None:
    buffers = Buffers(0, 0, 16, 0, 8)
    with pytest.raises(HeepstorError, match="expects 16 bytes per inference; the inputs have 12"):
        serve.check_size(buffers, Inputs(["x"], np.zeros((1, 3), np.float32)))


def test_outputs_that_differ_are_told() -> None:
    answers = [serve.Answer(np.array([[1, 2]], np.float32), 9)]
    serve.check_golden(answers, np.array([[1, 2]], np.float32))
    with pytest.raises(HeepstorError, match=r"1 of 2 outputs differ .* output 1 of test input 0"):
        serve.check_golden(answers, np.array([[1, 3]], np.float32))


def test_the_projects_own_inputs(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "golden").mkdir()
    (tmp_path / "model.json").write_text(
        json.dumps({"inputs": 2, "inferences": 1, "elements": {"input": "fp32", "output": "fp32"}})
    )
    VALUES.tofile(tmp_path / "src" / "inputs.bin")
    np.save(tmp_path / "golden" / "outputs.npy", np.ones((2, 3), np.float32))
    found, expected = serve.golden_inputs(tmp_path)
    assert np.array_equal(found.rows, VALUES.reshape(1, -1)) and expected.shape == (2, 3)
    assert found.names == ["test input 0", "test input 1"]


class EndingPort:
    """A server that ends when it is to infer, and then is the loader, which knows no INFER."""

    in_waiting = 4096

    def __init__(self) -> None:
        self._bytes = b""
        self._has_ended = False

    def read(self, size: int) -> bytes:
        data, self._bytes = self._bytes, b""
        return data

    def write(self, data: bytes) -> None:
        request = protocol.decode(data.strip(b"\0"))
        if request.type == protocol.WRITE:
            self._send(protocol.WRITE + protocol.REPLY, request.sequence)
        elif request.type == protocol.INFER and self._has_ended:
            reason = struct.pack("<I", protocol.UNKNOWN_REQUEST)
            self._send(protocol.ERROR, request.sequence, reason)
        elif request.type == protocol.INFER:
            self._has_ended = True
            self._send(protocol.TEXT + protocol.REPLY, 1, b"trap: stack overflow\n")
            words = (protocol.MAGIC, protocol.VERSION, protocol.LOADER, *(0,) * 7, 1, 1, 7)
            self._send(protocol.HELLO + protocol.REPLY, 0, struct.pack("<13I", *words))

    def _send(self, kind: int, sequence: int, body: bytes = b"") -> None:
        self._bytes += protocol.encode(protocol.Message(kind, sequence, body))


def test_an_application_that_ends_during_an_inference_says_why() -> None:
    link = Link(EndingPort(), "x", 5)
    buffers = Buffers(0, 0x8000_0000, 8, 0x8000_0010, 8)
    message = r"on x ended during the inference \(exit code 1\)(.|\n)*\| trap: stack overflow"
    with pytest.raises(HeepstorError, match=message):
        serve.infer(link, 5, buffers, np.zeros(2, np.float32), serve.Form([2], 1))
