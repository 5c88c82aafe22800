"""Stand-in for the program `vivado`: runs Tcl with commands that check what they are given.

It takes Vivado's command line, runs the scripts in a real Tcl interpreter (tclsh, or the one inside
Python's tkinter), and writes a file in place of a bitstream. `stand_in.tcl` has the commands, and
says which environment variables make it fail.
"""

import os
import shutil
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("stand_in.tcl")


def main(arguments: list[str]) -> None:
    """Replaces this process by tclsh; or runs the Tcl in it."""
    if tclsh := shutil.which("tclsh"):
        os.execv(tclsh, [tclsh, str(SCRIPT), *arguments])
    import tkinter

    interpreter = tkinter.Tcl()
    interpreter.setvar("argv", tuple(arguments))
    interpreter.eval(f"source {{{SCRIPT}}}")


if __name__ == "__main__":
    main(sys.argv[1:])
