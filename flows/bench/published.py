"""Figures of the published HEEPstor, to compare with.

Cycles of one inference, whole batch, measured on its own RTL (complete X-HEEP with cv32e40p and
FPU, unmodified accelerator and drivers, -O2, assertions off) under Verilator 5.48, by its own
report.
"""

from __future__ import annotations

ENGINE_CYCLES = {
    "mnist-single-layer": {4: 152_318, 8: 143_075, 12: 102_729, 16: 122_475},
    "mnist-multi-layer": {4: 280_664, 8: 243_161, 12: 217_732, 16: 267_676},
    "bench-fmnist-small": {4: 368_268, 8: 296_466, 12: 256_259, 16: 305_236},
}
"""Network -> size of the array -> cycles."""

CPU_CYCLES = {
    "mnist-single-layer": 143_009,
    "mnist-multi-layer": 302_369,
    "bench-fmnist-small": 483_097,
}
"""The same networks on its CPU with FPU alone."""

PE = {"lut": 634, "ff": 212, "dsp": 1}
"""One processing element, by Yosys 0.70 for the XCZU7EV."""
