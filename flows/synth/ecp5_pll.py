"""The ECP5 PLL for a clock; Project Trellis' ecppll chooses its dividers."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from flows.errors import HeepstorError

TOLERANCE = 1e-4
"""Allowed relative deviation from the configured clock."""
_FREQUENCY = re.compile(r"^clkout0 frequency: ([\d.]+) MHz", re.MULTILINE)


def write(input_hz: int, output_hz: int, module: str, path: str) -> None:
    """Write the Verilog module to a file in the current folder.

    Its ports are clkin, clkout0 and locked. Raises HeepstorError if no PLL can derive the clock.
    """
    command = [
        str(Path(sys.executable).with_name("yowasp-ecppll")),
        *(f"--clkin={input_hz / 1e6}", f"--clkout0={output_hz / 1e6}"),
        *("--clkin_name=clkin", "--clkout0_name=clkout0"),
        *(f"--module={module}", f"--file={path}"),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    printed = done.stdout + done.stderr
    found = _FREQUENCY.search(printed)
    if done.returncode or not found:
        raise HeepstorError(
            f"an ECP5 PLL cannot derive {output_hz} Hz from {input_hz} Hz: {printed.strip()}\n"
            "Change clock_hz in the hardware configuration."
        )
    made = float(found[1]) * 1e6
    if abs(made - output_hz) > TOLERANCE * output_hz:
        raise HeepstorError(
            f"from {input_hz} Hz, an ECP5 PLL derives {made:.0f} Hz, not {output_hz} Hz. Set "
            f"clock_hz in the hardware configuration to {made:.0f} or another frequency."
        )
