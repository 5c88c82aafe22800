"""Opening a serial port, with a helpful message for everything that can go wrong."""

from __future__ import annotations

import errno
import sys
import termios
from pathlib import Path

import serial
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from flows.errors import HeepstorError

POLL_SECONDS = 0.02
"""How long one read waits for bytes, in seconds."""


def check_present(name: str) -> None:
    """Raise HeepstorError if there is no such port; called before anything is built for it."""
    path = Path(name)
    if not path.exists():
        raise HeepstorError(_absent(name))
    if path.is_file() or path.is_dir() or path.is_block_device():
        raise HeepstorError(f"{name} is not a serial port. {known_ports()}")


def open_port(name: str, baud: int) -> serial.Serial:
    """Open a port exclusively, 8N1. Raises HeepstorError with what to do."""
    check_present(name)
    try:
        return serial.Serial(name, baud, timeout=POLL_SECONDS, write_timeout=5, exclusive=True)
    except ValueError as error:
        raise HeepstorError(
            f"the port {name} does not support {baud} bits per second ({error}). Choose another "
            "uart.baud in the hardware configuration, and rebuild hardware and firmware."
        ) from error
    except (OSError, termios.error) as error:
        raise HeepstorError(_reason(name, baud, error)) from error


def _reason(name: str, baud: int, error: Exception) -> str:
    code = getattr(error, "errno", None)
    if code in (errno.ENODEV, errno.ENXIO):
        return _absent(name)
    if code in (errno.EACCES, errno.EPERM):
        return (
            f"this user is not allowed to open {name}. On most systems, the group dialout is: "
            "sudo usermod -a -G dialout $USER, then log in again."
        )
    if code in (errno.EBUSY, errno.EAGAIN):
        return f"the port {name} is in use by another program (a terminal, a task). End that first."
    if code == errno.EINVAL:
        return f"the port {name} does not support {baud} bits per second."
    return f"the port {name} cannot be opened: {error}."


def _absent(name: str) -> str:
    return f"there is no port {name}. {known_ports()}"


def known_ports() -> str:
    """Return the serial ports of this machine, in words."""
    if found := [_described(port) for port in list_ports.comports()]:
        return "Available ports: " + ", ".join(found) + "."
    driver = " and its driver loaded (ftdi_sio, cp210x)" if sys.platform == "linux" else ""
    return f"No serial port found. Is the board connected and on{driver}? --port sim simulates it."


def _described(port: ListPortInfo) -> str:
    # Ports on the main board have no other description.
    has_none = port.description in ("n/a", None)
    return port.device if has_none else f"{port.device} ({port.description})"
