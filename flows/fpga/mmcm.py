"""Parameters of an MMCME4 (UltraScale+) that makes the configured clock from the board's.

Its oscillator runs at ``input * multiply / divide``, its output at the oscillator's frequency
divided by ``output_divide``. Multiplier and output divider go in eighths (UG572, MMCM attributes).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from flows.errors import HeepstorError

# Limits of the MMCM at speed grade -2 and 0.85 V, in Hz (DS925, MMCM switching characteristics).
# LiteX has the same for the oscillator and the dividers (litex/soc/cores/clock/xilinx_usp.py).
OSCILLATOR_HZ = (800_000_000, 1_600_000_000)
PHASE_DETECTOR_HZ = (10_000_000, 500_000_000)
OUTPUT_HZ = (6_250_000, 775_000_000)

_EIGHTHS = 8
_MULTIPLY = (2 * _EIGHTHS, 128 * _EIGHTHS)
_OUTPUT_DIVIDE = (2 * _EIGHTHS, 128 * _EIGHTHS)
_MOST_DIVIDE = 106

TOLERANCE = Fraction(1, 10_000)
"""How far the clock may be from the configured one, as a part of it: as a usual oscillator."""


@dataclass(frozen=True)
class Mmcm:
    """Settings of the MMCM: `multiply` and `output_divide` are multiples of 1/8."""

    input_hz: int
    divide: int
    multiply: Fraction
    output_divide: Fraction

    @property
    def oscillator_hz(self) -> Fraction:
        """Frequency of the voltage-controlled oscillator."""
        return self.input_hz * self.multiply / self.divide

    @property
    def output_hz(self) -> Fraction:
        """Frequency of the output CLKOUT0."""
        return self.oscillator_hz / self.output_divide

    def error(self, wanted_hz: int) -> Fraction:
        """How far the output is from a frequency, as a part of that frequency."""
        return abs(self.output_hz - wanted_hz) / wanted_hz


def choose(input_hz: int, wanted_hz: int) -> Mmcm:
    """The settings that come closest to a frequency.

    Among equals, those with a small input divider, whole numbers and a fast oscillator: these have
    the least jitter. Raises HeepstorError for a frequency that is more than TOLERANCE off, with the
    nearest one that can be made.
    """
    low, high = OUTPUT_HZ
    if not low <= wanted_hz <= high:
        raise HeepstorError(
            f"clock_hz is {wanted_hz}; the MMCM of this board makes {low} to {high} Hz"
        )
    best = min(_candidates(input_hz, wanted_hz), key=lambda one: _badness(one, wanted_hz))
    if best.error(wanted_hz) > TOLERANCE:
        raise HeepstorError(
            f"clock_hz is {wanted_hz}, which the MMCM cannot make of the board's {input_hz} Hz "
            f"within {float(TOLERANCE):.2%}; the nearest that it can is {round(best.output_hz)}"
        )
    return best


def _candidates(input_hz: int, wanted_hz: int) -> Iterator[Mmcm]:
    """All settings of divider and multiplier, each with the best output divider."""
    for divide in range(1, _MOST_DIVIDE + 1):
        if not PHASE_DETECTOR_HZ[0] * divide <= input_hz <= PHASE_DETECTOR_HZ[1] * divide:
            continue
        # The range of the oscillator bounds the multiplier.
        step = Fraction(input_hz, divide * _EIGHTHS)
        first = max(_MULTIPLY[0], -(-OSCILLATOR_HZ[0] // step))
        last = min(_MULTIPLY[1], OSCILLATOR_HZ[1] // step)
        for multiply in range(int(first), int(last) + 1):
            divisor = round(multiply * step * _EIGHTHS / wanted_hz)
            if _OUTPUT_DIVIDE[0] <= divisor <= _OUTPUT_DIVIDE[1]:
                yield Mmcm(
                    input_hz, divide, Fraction(multiply, _EIGHTHS), Fraction(divisor, _EIGHTHS)
                )


def _badness(one: Mmcm, wanted_hz: int) -> tuple:
    fractions = (one.multiply.denominator > 1) + (one.output_divide.denominator > 1)
    return one.error(wanted_hz), one.divide, fractions, -one.oscillator_hz


def write_package(settings: Mmcm, name: str, path: Path) -> None:
    """Writes a SystemVerilog package with the parameters of the primitive."""
    text = f"""\
// Generated from heepstor_cfg.hjson: do not edit.

/// MMCM: {settings.input_hz} Hz to {float(settings.output_hz):.3f} Hz, oscillator at \
{float(settings.oscillator_hz) / 1e6:.3f} MHz.
package {name};
  localparam real InputPeriodNs = {1e9 / settings.input_hz:.3f};
  localparam int unsigned Divide = {settings.divide};
  localparam real Multiply = {float(settings.multiply):.3f};
  localparam real OutputDivide = {float(settings.output_divide):.3f};
endpackage
"""
    path.write_text(text, encoding="utf-8")
