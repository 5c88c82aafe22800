"""The boards that `heepstor program` supports, and how their bitstreams are built."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from flows.errors import HeepstorError


@dataclass(frozen=True)
class Board:
    """A board; its name is also that of the FuseSoC target that builds its bitstream."""

    name: str
    title: str
    configuration: str
    """The board's own hardware configuration, relative to the repository's root."""
    vivado_part: str
    """Vivado's name of the device; empty if other tools build the bitstream and Vivado's hardware
    manager does not support the board."""
    openfpgaloader: tuple[str, ...]
    """openFPGALoader's options for the cable and the device."""
    connection: str
    """What to check if the board does not answer."""


ZCU104 = Board(
    name="zcu104",
    title="ZCU104 evaluation board",
    configuration="heepstor_cfg.hjson",
    vivado_part="xczu7ev-ffvc1156-2-e",
    # openFPGALoader's board list (src/board.hpp, 2026-08) lacks it but has the ZCU106, with the
    # same device. Its USB bridge is an FT4232HL with JTAG on the first channel (UG1267).
    openfpgaloader=("--cable", "ft4232", "--fpga-part", "xczu7evffvc1156"),
    connection="Is the board on, its micro-USB port for JTAG and UART connected, and SW6 set to "
    "JTAG (all four ON)? May this user open the USB device (cable drivers, udev rules)?",
)

ULX3S = Board(
    name="ulx3s",
    title="ULX3S",
    configuration="boards/ulx3s/heepstor_cfg.hjson",
    vivado_part="",
    openfpgaloader=("--board", "ulx3s"),
    connection="Is the board connected by USB 1 (US1), and no other program using that port? May "
    "this user open the USB device (udev rules)?",
)

BOARDS = {board.name: board for board in (ZCU104, ULX3S)}


def find(name: str) -> Board:
    """Return the board of that name. Raises HeepstorError, listing the boards, for any other."""
    if name in BOARDS:
        return BOARDS[name]
    near = difflib.get_close_matches(name, BOARDS, 1)
    hint = f"Did you mean {near[0]}?" if near else f"Valid choices: {', '.join(BOARDS)}."
    if not name:
        raise HeepstorError(f"which board? Name it with --board. {hint}")
    raise HeepstorError(f"there is no board {name!r}. {hint}")
