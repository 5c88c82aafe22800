"""Ports that are not there, and what keeps others from opening."""

from __future__ import annotations

import contextlib
import errno
import os
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from flows.errors import HeepstorError
from flows.serial import port


def test_ports_that_are_not_there(tmp_path: Path) -> None:
    for attempt in (port.check_present, lambda name: port.open_port(name, 115200)):
        with pytest.raises(
            HeepstorError, match=r"there is no port /dev/none\. (No serial|Available ports)"
        ):
            attempt("/dev/none")


def test_a_port_that_another_program_uses() -> None:
    with (
        terminal() as name,
        port.open_port(name, 115200),
        pytest.raises(HeepstorError, match="in use by another program"),
    ):
        port.open_port(name, 115200)


def test_what_is_no_port(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(HeepstorError, match="is not a serial port"):
        port.open_port(str(path), 115200)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (serial.SerialException(errno.EACCES, "x"), "to open /dev/x.*usermod -a -G dialout"),
        (serial.SerialException(errno.EINVAL, "x"), "does not support 12 bits per second"),
        (ValueError("Invalid baud rate"), "Invalid baud rate.*uart.baud"),
        (OSError(errno.EIO, "Input/output error"), "cannot be opened: .*Input/output error"),
    ],
)
def test_what_keeps_a_port_from_opening(monkeypatch, error, message) -> None:
    def refuse(*arguments, **options):
        raise error

    monkeypatch.setattr(serial, "Serial", refuse)
    monkeypatch.setattr(port, "check_present", lambda name: None)
    with pytest.raises(HeepstorError, match=message):
        port.open_port("/dev/x", 12)


@contextlib.contextmanager
def terminal() -> Iterator[str]:
    """A pseudo-terminal's name."""
    master, slave = os.openpty()
    tty.setraw(slave)
    yield os.ttyname(slave)
    os.close(slave)
    os.close(master)
