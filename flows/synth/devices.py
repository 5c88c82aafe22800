"""The devices that hardware is synthesized for, and their resources."""

from __future__ import annotations

from dataclasses import dataclass

from flows.errors import HeepstorError
from flows.synth.delays import XILINX, Delays
from flows.synth.resources import Resources


@dataclass(frozen=True)
class Device:
    """A Xilinx device: its name, Yosys's name of its family, its resources, and its delays.

    `options` are for synth_xilinx.
    """

    name: str
    family: str
    holds: Resources
    delays: Delays
    options: str = ""


# UltraScale+ data sheet overview (DS891): Zynq UltraScale+ EV devices.
XCZU7EV = Device(
    name="XCZU7EV",
    family="xcup",
    holds=Resources(lut=230_400, lut_ram=101_760, ff=460_800, dsp=1_728, bram=312.0, uram=96),
    delays=XILINX,
    options="-uram",
)

DEVICES = {device.name.lower(): device for device in (XCZU7EV,)}


def find(name: str) -> Device:
    """Return the device of that name. Raises HeepstorError, listing the devices, for any other."""
    try:
        return DEVICES[name.lower()]
    except KeyError:
        known = ", ".join(DEVICES)
        raise HeepstorError(f"there is no device {name!r}. Valid choices: {known}.") from None
