"""Finding a board, or the simulator in its place, and checking that it is the right one."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from flows.config import Config
from flows.errors import HeepstorError
from flows.repository import page
from flows.serial import loader, protocol, simulator
from flows.serial.image import Image
from flows.serial.link import Link, NoAnswer, Refused
from flows.serial.loader import Sent
from flows.serial.port import open_port
from flows.serial.protocol import Hello
from flows.terminal.progress import Progress

SIMULATOR = "sim"
"""The port name for a simulated board."""
RESET = (
    "The board's reset button stops a program that does not terminate; so does JTAG "
    f"({page('boards.md')})."
)


@dataclass(frozen=True)
class Patience:
    """Seconds that a board may take: to answer, to finish an inference, to print anything."""

    answer: float
    inference: float
    silence: float | None


BOARD = Patience(answer=1, inference=60, silence=120)
# The simulator is a few hundred times slower, and its end is noticed.
SIMULATED = Patience(answer=120, inference=24 * 3600, silence=None)


def is_simulated(port: str) -> bool:
    """Return whether a port is a simulator's: SIMULATOR itself or a pseudo-terminal."""
    return port == SIMULATOR or Path(port).resolve().is_relative_to("/dev/pts")


def patience(port: str) -> Patience:
    """Return how long to wait for whatever is connected to a port."""
    return SIMULATED if is_simulated(port) else BOARD


@contextlib.contextmanager
def opened(port: str, config: Config, program: Path | None) -> Iterator[Link]:
    """Open a port, or start the simulator `program` if the port is SIMULATOR."""
    answer = patience(port).answer
    if port == SIMULATOR:
        assert program is not None
        with simulator.started(program) as board:
            yield Link(board.port, "the simulator", answer, check=board.check)
    else:
        with open_port(port, config.uart.baud) as opened_port:
            yield Link(opened_port, port, answer)


def identify(link: Link, config: Config) -> Hello:
    """Ask who answers. Raises HeepstorError if nobody does, or for differing hardware."""
    try:
        board = link.hello()
    except NoAnswer:
        raise HeepstorError(
            f"no answer on {link.name} at {config.uart.baud:,} bits per second. Is it the right "
            "port, is the board on, was its bitstream built from this configuration, and does "
            f"it start its loader (boot select 1)? {RESET}"
        ) from None
    if board.config_hash != int(config.hash, 16):
        raise HeepstorError(_other_hardware(link.name, board, config))
    return board


def hurry(link: Link, port: str, config: Config) -> None:
    """Set a simulated serial line to its highest speed until the next program has ended.

    Every bit costs simulated cycles, and a pseudo-terminal works at any speed.
    """
    if is_simulated(port):
        divider = ceil(protocol.LEAST_DIVIDER * config.cpu_slowdown)
        link.request(protocol.SPEED, struct.pack("<I", divider))


def load(
    link: Link,
    port: str,
    config: Config,
    image: Image,
    progress: Progress,
    on_start: Callable[[], None] = lambda: None,
) -> tuple[Sent, int]:
    """Transfer a program to the memory of the board that answers, and start it.

    Ends a server that is running there. Calls `on_start` before the program can print anything.
    Returns what was sent, and the session number.
    """
    with answering(link):
        board = identify(link, config)
        if board.role == protocol.SERVER:
            # The loader refuses this if the server already ended and its reply was lost.
            with contextlib.suppress(Refused):
                link.request(protocol.LEAVE)
            board = identify(link, config)
        hurry(link, port, config)
        loader.check_room(image, board)
        sent = loader.send(link, image, progress)
        on_start()
        return sent, loader.start(link, image)


@contextlib.contextmanager
def answering(link: Link) -> Iterator[None]:
    """Turn a missing or negative answer into a HeepstorError."""
    try:
        yield
    except Refused as error:
        raise HeepstorError(
            f"the board on {link.name} refuses a request: {error}. Was its hardware built from "
            "this version of HEEPstor?"
        ) from error
    except NoAnswer:
        raise HeepstorError(
            f"the board on {link.name} no longer answers. Is the cable connected and the board on? "
            f"The same command resumes where it stopped. {RESET}"
        ) from None


def describe(config: Config) -> str:
    """Return a configuration's hardware in one line."""
    engine = config.engine
    sizes = (engine.array_size, engine.port_words, engine.buffer_words)
    return _describe(config.clock_hz, config.memory.bytes, *sizes)


def _other_hardware(name: str, board: Hello, config: Config) -> str:
    there = (
        *(board.clock_hz, board.memory_bytes),
        *(board.array_size, board.port_words, board.buffer_words),
    )
    return (
        f"the board on {name} was built from a different configuration than the firmware:\n"
        f"  board     {board.config_hash:08x}: {_describe(*there)}\n"
        f"  firmware  {config.hash}: {describe(config)}\n"
        "Select the board's configuration with --config or --set, or program the board with a "
        "bitstream of this one."
    )


def _describe(clock_hz: int, memory: int, array: int, port: int, buffer: int) -> str:
    return (
        f"array {array}, port {port} words, buffer {buffer} words, memory {memory // 1024} KiB, "
        f"{clock_hz / 1e6:g} MHz"
    )
