"""The devices that hardware is synthesized for, and their resources."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flows.errors import HeepstorError
from flows.synth.delays import XILINX, Delays
from flows.synth.recipe import RESULT, SOURCE, Recipe
from flows.synth.resources import Resources

# Yosys's `check` is left out as there is no top here; clock buffers belong to the top level. ABC's
# verification of its result is off: for some modules (a 40-bit normalization) it fails with an
# assertion of its own (yosys 0.70: Gia_ManDupCollapse_rec), and no netlist from here is built into
# anything. Look-up tables all cost the same, because that is how they are counted: synth_xilinx's
# own costs, which favour the small ones, give 6 % more. So its step `map_luts` is written out.
_SCRIPT = f"""\
scratchpad -set abc9.verify 0
read_rtlil {SOURCE}
read_verilog -lib -specify +/xilinx/cells_sim.v
read_verilog -lib +/xilinx/cells_xtra.v
synth_xilinx -family {{family}} -noiopad -noclkbuf {{options}} -run prepare:map_luts
opt_expr -mux_undef -noclkinv
abc9 -luts 1:1,1,1,1,1,1
clean
xilinx_srl -fixed -minlen 3
techmap -map +/xilinx/lut_map.v -map +/xilinx/cells_map.v -D LUT_WIDTH=6
xilinx_dffopt
opt_lut_ins -tech xilinx
select m_*
write_json -selected -noscopeinfo {RESULT}
"""


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

    def recipe(self) -> Recipe:
        """Return how modules are mapped to its primitives."""
        return Recipe(_SCRIPT.format(family=self.family, options=self.options))


# UltraScale+ data sheet overview (DS891): Zynq UltraScale+ EV devices.
XCZU7EV = Device(
    name="XCZU7EV",
    family="xcup",
    holds=Resources(lut=230_400, lut_ram=101_760, ff=460_800, dsp=1_728, bram=312.0, uram=96),
    delays=XILINX,
    options="-uram",
)

DEVICES = {device.name.lower(): device for device in (XCZU7EV,)}


def find(name: str, others: Iterable[str] = ()) -> Device:
    """Return the device of that name.

    Raises HeepstorError for any other name, listing the devices and `others`.
    """
    try:
        return DEVICES[name.lower()]
    except KeyError:
        known = ", ".join([*DEVICES, *others])
        raise HeepstorError(f"there is no device {name!r}. Valid choices: {known}.") from None
