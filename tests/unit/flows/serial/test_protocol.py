"""Messages: the host's side agrees with the device's header, and with itself."""

from __future__ import annotations

import dataclasses
import re
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.serial import protocol
from flows.serial.link import Link
from flows.serial.protocol import Buffers, Hello, Inference, Message
from flows.toolchain.firmware import INCLUDE
from tests.support.serial_board import running

HEADER = (INCLUDE / "heepstor" / "serial" / "protocol.hpp").read_text()


CONSTANT = re.compile(r"inline constexpr \S+ k(\w+) = (\w+);")


STRUCT = re.compile(r"struct (\w+) \{(.*?)\};", re.DOTALL)


def test_the_constants_are_those_of_the_device() -> None:
    constants = {name: int(value, 0) for name, value in CONSTANT.findall(HEADER)}
    assert len(constants) == 24
    for name, value in constants.items():
        python = re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper()
        assert getattr(protocol, python) == value, name


@pytest.mark.parametrize("body", [Hello, Buffers, Inference])
def test_the_bodies_are_those_of_the_device(body: type) -> None:
    fields = dict(STRUCT.findall(HEADER))[body.__name__]
    words = re.findall(r"std::uint32_t (\w+);", fields)
    assert words == [field.name for field in dataclasses.fields(body)]
    assert len(words) == body.COUNT
    values = body(*range(len(words)))
    assert body.unpack(values.pack()) == values
    with pytest.raises(struct.error):
        body.unpack(values.pack()[:-1])


# What block lengths and zeros can do: runs of other bytes round 254, zeros alone and in rows.
DATA = st.lists(
    st.one_of(
        st.binary(max_size=5),
        st.integers(0, 4).map(bytes),
        st.sampled_from([253, 254, 255, 508, 509]).map(lambda count: b"\x11" * count),
    ),
    max_size=6,
).map(b"".join)


@given(DATA)
def test_stuffed_data_have_no_zeros_and_come_back(data: bytes) -> None:
    stuffed = protocol.stuff(data)
    assert 0 not in stuffed
    assert len(stuffed) <= len(data) + 1 + len(data) // 254
    assert protocol.unstuff(stuffed) == data


@pytest.mark.parametrize(
    ("data", "stuffed"),
    [
        (b"", b"\x01"),
        (b"\0", b"\x01\x01"),
        (b"\x11\x22\0\x33", b"\x03\x11\x22\x02\x33"),
        (b"\x01" * 254, b"\xff" + b"\x01" * 254),
        (b"\x01" * 254 + b"\0", b"\xff" + b"\x01" * 254 + b"\x01\x01"),
        (b"\x01" * 255, b"\xff" + b"\x01" * 254 + b"\x02\x01"),
    ],
)
def test_known_frames(data: bytes, stuffed: bytes) -> None:
    """As in the paper by Cheshire and Baker, and on Wikipedia."""
    assert protocol.stuff(data) == stuffed


@given(st.binary(min_size=1, max_size=40), st.data())
def test_a_message_with_a_byte_changed_is_no_message(body: bytes, data) -> None:
    frame = protocol.encode(Message(protocol.WRITE, 7, body))[1:-2]
    assert protocol.decode(frame) == Message(protocol.WRITE, 7, body)
    at = data.draw(st.integers(0, len(frame) - 1))
    other = data.draw(st.integers(1, 255).filter(lambda byte: byte != frame[at]))
    assert protocol.decode(frame[:at] + bytes([other]) + frame[at + 1 :]) is None


@given(st.lists(DATA.map(lambda data: data[:1000]), min_size=1, max_size=5))
def test_the_device_reads_every_frame_and_writes_it_again(parts: list[bytes]) -> None:
    """Through the device's own decoder, its memory and its checksum."""
    link = device()
    for data in parts:
        address = struct.pack("<I", 0x8000_0000)
        link.request(protocol.WRITE, address + data)
        reply = link.request(protocol.CHECK, address + struct.pack("<I", len(data)))
        assert reply.words() == (protocol.crc32(data),)


@pytest.fixture(scope="module", autouse=True)
def board():
    with running("loader", "00000000") as port:
        _DEVICE.append(Link(port, "the board", 1))
        yield
        _DEVICE.clear()


_DEVICE: list[Link] = []


def device() -> Link:
    """One device for all examples: they do not depend on what came before."""
    return _DEVICE[0]
