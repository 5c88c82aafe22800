"""Parameters of an MMCME4 (UltraScale+) that derives the configured clock from the board's.

Its oscillator runs at ``input * multiply / divide``, and its output at the oscillator's frequency
divided by ``output_divide``. Multiplier and output divider are multiples of 1/8 (UG572, MMCM
attributes).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from flows.errors import HeepstorError

# Limits of the MMCM at speed grade -2 and 0.85 V, in Hz (DS925, MMCM switching characteristics).
# LiteX uses the same for the oscillator and the dividers (litex/soc/cores/clock/xilinx_usp.py).
OSCILLATOR_HZ = (800_000_000, 1_600_000_000)
PHASE_DETECTOR_HZ = (10_000_000, 500_000_000)
OUTPUT_HZ = (6_250_000, 775_000_000)

_EIGHTHS = 8
_MULTIPLY = (2 * _EIGHTHS, 128 * _EIGHTHS)
_OUTPUT_DIVIDE = (2 * _EIGHTHS, 128 * _EIGHTHS)
_MOST_DIVIDE = 106

TOLERANCE = Fraction(1, 10_000)
"""Allowed relative deviation from the configured clock: that of a typical oscillator."""


@dataclass(frozen=True)
class Mmcm:
    """Settings of the MMCM; `multiply` and `output_divide` are multiples of 1/8."""

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
        """Return the output's relative deviation from a frequency."""
        return abs(self.output_hz - wanted_hz) / wanted_hz


def choose(input_hz: int, wanted_hz: int) -> Mmcm:
    """Return the settings closest to a frequency.

    Among equals, prefer a small input divider, whole numbers and a fast oscillator, for the least
    jitter. If the closest frequency deviates by more than TOLERANCE, raises HeepstorError with it.
    """
    low, high = OUTPUT_HZ
    if not low <= wanted_hz <= high:
        raise HeepstorError(
            f"clock_hz is {wanted_hz}; this board's MMCM supports {low} to {high} Hz"
        )
    best = min(_candidates(input_hz, wanted_hz), key=lambda one: _badness(one, wanted_hz))
    if best.error(wanted_hz) > TOLERANCE:
        raise HeepstorError(
            f"clock_hz is {wanted_hz}, which the MMCM cannot derive from the board's {input_hz} Hz "
            f"within {float(TOLERANCE):.2%}; the nearest frequency it can is "
            f"{round(best.output_hz)}"
        )
    return best


def _candidates(input_hz: int, wanted_hz: int) -> Iterator[Mmcm]:
    """Yield all settings of divider and multiplier, each with the best output divider."""
    for divide in range(1, _MOST_DIVIDE + 1):
        if not PHASE_DETECTOR_HZ[0] * divide <= input_hz <= PHASE_DETECTOR_HZ[1] * divide:
            continue
        # The oscillator's range limits the multiplier.
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
    """Write a SystemVerilog package with the primitive's parameters."""
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
