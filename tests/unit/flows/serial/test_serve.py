"""Inferences over the serial line: the server compiled for the host, and inputs that users give."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from flows import config
from flows.errors import HeepstorError
from flows.serial import inputs, protocol, serve, session
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
    return [serve.infer(link, 1, buffers, row, 1) for row in values]


def test_it_says_what_it_takes(board) -> None:
    link = Link(board, "the board", 1)
    assert session.identify(link, CONFIG).role == protocol.SERVER
    buffers = Buffers.unpack(link.request(protocol.BUFFERS).body)
    assert (buffers.program, buffers.input_bytes, buffers.output_bytes) == (PROGRAM_ID, 16, 8)


def test_inferences(board) -> None:
    answers = infer(board, VALUES)
    assert [answer.outputs.tolist() for answer in answers] == [[[10, 1]], [[-0.5, 0.5]]]


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
    with pytest.raises(HeepstorError, match="does not take 4 bytes"):
        serve.loader.write(link, buffers.input + 13, b"data")
    with pytest.raises(serve.Refused):
        serve.loader.read(link, buffers.output + 4, 8)


def test_a_refusal_gets_a_message(board) -> None:
    link = Link(board, "the board", 0.3)
    message = "refuses a request: it does not know the request"
    with pytest.raises(HeepstorError, match=message), session.answering(link):
        link.request(protocol.CHECK)


def test_inputs_of_another_size_are_refused() -> None:
    buffers = Buffers(0, 0, 16, 0, 8)
    with pytest.raises(HeepstorError, match="takes 16 bytes an inference, and the inputs have 12"):
        serve.check_size(buffers, Inputs(["x"], np.zeros((1, 3), np.float32)), 1)


def test_outputs_that_differ_are_told() -> None:
    answers = [serve.Answer(np.array([[1, 2]], np.float32), 9)]
    serve.check_golden(answers, np.array([[1, 2]], np.float32))
    with pytest.raises(HeepstorError, match=r"1 of 2 outputs differ .* output 1 of test input 0"):
        serve.check_golden(answers, np.array([[1, 3]], np.float32))


PIXELS = {"means": [0.5], "deviations": [0.25]}


def saved(tmp_path: Path, array: np.ndarray) -> Path:
    path = tmp_path / "input.npy"
    np.save(path, array)
    return path


@pytest.mark.parametrize("shape", [(2, 3), (1, 2, 3), (1, 1, 2, 3), (5, 1, 2, 3), (5, 2, 3)])
def test_arrays_with_and_without_a_count(tmp_path: Path, shape: tuple) -> None:
    array = np.arange(np.prod(shape)).reshape(shape)
    found = inputs.read([saved(tmp_path, array)], (2, 3, 1), None)
    count = 5 if shape[0] == 5 else 1
    assert found.values.dtype == np.float32
    assert np.array_equal(found.values, array.reshape(count, -1))
    assert found.names == (["input.npy"] if count == 1 else [f"input.npy[{i}]" for i in range(5)])


def test_channels_go_to_the_end_as_the_device_takes_them(tmp_path: Path) -> None:
    array = np.arange(24, dtype=np.float32).reshape(1, 3, 2, 4)
    found = inputs.read([saved(tmp_path, array)], (2, 4, 3), None)
    assert np.array_equal(found.values.reshape(2, 4, 3), array[0].transpose(1, 2, 0))


def test_plain_values(tmp_path: Path) -> None:
    assert inputs.read([saved(tmp_path, np.ones(7))], (7,), None).values.shape == (1, 7)
    assert inputs.read([saved(tmp_path, np.ones((3, 7)))], (7,), None).values.shape == (3, 7)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.ones((2, 4)), r"has the shape \(2, 4\); it must be 1 x 2 x 3"),
        (np.ones((0, 2, 3)), "has the shape"),
        (np.ones((1, 1, 1, 2, 3)), "has the shape"),
        (np.array([["a"] * 3] * 2), "no numbers"),
        (np.full((2, 3), np.nan), "NaN or infinite"),
        (np.full((2, 3), 1e300), "NaN or infinite"),
        (np.ones((2, 3), complex), "no numbers"),
    ],
)
def test_arrays_that_are_refused(tmp_path: Path, array: np.ndarray, message: str) -> None:
    with pytest.raises(HeepstorError, match=message):
        inputs.read([saved(tmp_path, array)], (2, 3, 1), PIXELS)


def test_a_picture_becomes_as_large_as_the_model_takes_it(tmp_path: Path) -> None:
    path = tmp_path / "bar.png"
    pixels = np.zeros((8, 12), np.uint8)
    pixels[:, 8:] = 255
    Image.fromarray(pixels).save(path)
    found = inputs.read([path], (2, 3, 1), PIXELS)
    assert found.values.reshape(2, 3).tolist() == [[-2, -2, 2], [-2, -2, 2]]
    assert found.names == ["bar.png"]


def test_colours_stay_where_they_are(tmp_path: Path) -> None:
    path = tmp_path / "red.png"
    Image.new("RGB", (2, 1), (255, 0, 51)).save(path)
    pixels = {"means": [0, 0, 0], "deviations": [1, 1, 0.5]}
    found = inputs.read([path], (1, 2, 3), pixels)
    np.testing.assert_allclose(found.values, [[1, 0, 0.4, 1, 0, 0.4]], rtol=1e-6)


def test_grey_of_16_bits_keeps_its_shades(tmp_path: Path) -> None:
    path = tmp_path / "grey.png"
    Image.fromarray(np.array([[0, 0x8000, 0xFFFF]], np.uint16)).save(path)
    found = inputs.read([path], (1, 3, 1), {"means": [0], "deviations": [1]})
    np.testing.assert_allclose(found.values, [[0, 0.5, 1]], atol=0.5 / 255)


def test_only_what_is_transparent_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    picture = Image.new("RGBA", (3, 2), (255, 255, 255, 255))
    picture.save(path)
    assert inputs.read([path], (2, 3, 1), PIXELS).values.tolist() == [[2] * 6]
    picture.putpixel((1, 1), (255, 255, 255, 200))
    picture.save(path)
    with pytest.raises(HeepstorError, match="are transparent"):
        inputs.read([path], (2, 3, 1), PIXELS)


@pytest.mark.parametrize(
    ("content", "shape", "pixels", "message"),
    [
        (b"no picture", (2, 3, 1), PIXELS, "cannot be read as a picture"),
        (b"\x89PNG\r\n\x1a\n" + bytes(4) + b"IHDR", (2, 3, 1), PIXELS, "cannot be read as"),
        (b"", (7,), PIXELS, "the model takes no pictures"),
        (b"", (2, 3, 1), None, r"does not say how pixels become inputs.*pixels=Pixels"),
    ],
)
def test_pictures_that_are_refused(tmp_path: Path, content, shape, pixels, message) -> None:
    path = tmp_path / "input.png"
    path.write_bytes(content)
    with pytest.raises(HeepstorError, match=message):
        inputs.read([path], shape, pixels)


def test_files_that_are_not_there_or_nothing(tmp_path: Path) -> None:
    with pytest.raises(HeepstorError, match=r"there is no file .*none\.npy"):
        inputs.check_present([tmp_path / "none.npy"])
    path = tmp_path / "text.npy"
    # Text; an archive that is none; a header that ends too early.
    for content in (b"text", b"PK\x03\x04text", b"\x93NUMPY\x01\0\x08\0{'descr'"):
        path.write_bytes(content)
        with pytest.raises(HeepstorError, match="neither a NumPy file"):
            inputs.read([path], (7,), None)


def test_the_projects_own_inputs(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "golden").mkdir()
    (tmp_path / "model.json").write_text(json.dumps({"inputs": 2}))
    VALUES.tofile(tmp_path / "src" / "inputs.bin")
    np.save(tmp_path / "golden" / "outputs.npy", np.ones((2, 3), np.float32))
    found, expected = serve.golden_inputs(tmp_path)
    assert np.array_equal(found.values, VALUES) and expected.shape == (2, 3)
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
        serve.infer(link, 5, buffers, np.zeros(2, np.float32), 1)
