"""What of a linked program has to be sent."""

from __future__ import annotations

import struct
from pathlib import Path

from flows.serial import image
from flows.serial.image import Image, Segment

LOAD, NOTE = 1, 4


def write_elf(path: Path, *segments: tuple[int, int, bytes, int]) -> None:
    """A program of RISC-V that begins at 0x80; segments of type, address, content, zeros behind."""
    count = len(segments)
    ident = b"\x7fELF\x01\x01\x01" + bytes(9)
    header = struct.pack("<HHIIIIIHHHHHH", 2, 243, 1, 0x80, 52, 0, 0, 52, 32, count, 40, 0, 0)
    offset, table, body = 52 + 32 * count, b"", b""
    for kind, address, content, zeros in segments:
        sizes = len(content), len(content) + zeros
        table += struct.pack("<8I", kind, offset + len(body), address + 4096, address, *sizes, 7, 4)
        body += content
    path.write_bytes(ident + header + table + body)


def test_segments_are_sent_by_ascending_address(tmp_path: Path) -> None:
    path = tmp_path / "program.elf"
    write_elf(
        path,
        (LOAD, 0x200, b"data", 12),
        (LOAD, 0x100, b"code", 0),
        (LOAD, 0x300, b"", 64),
        (NOTE, 0x400, b"note", 0),
    )
    found = image.read(path)
    assert found == Image(0x80, (Segment(0x100, b"code"), Segment(0x200, b"data")))
    assert found.bytes == 8
    assert found.segments[0].end == 0x104
