"""Published figures to compare with.

HEEPstor: cycles of one inference of a whole batch, measured on its own RTL (complete X-HEEP with
cv32e40p and FPU, unmodified accelerator and drivers, -O2, assertions off) under Verilator 5.48, as
its own report prints them. The two largest networks at S = 8 and 16, and cifar10-conv2d at S = 4
and 12, are from a layer-by-layer fit within 2 % of such measurements on average, 6 % at worst.
"""

from __future__ import annotations

from dataclasses import dataclass

ENGINE_CYCLES = {
    "mnist-single-layer": {4: 152_318, 8: 143_075, 12: 102_729, 16: 122_475},
    "mnist-multi-layer": {4: 280_664, 8: 243_161, 12: 217_732, 16: 267_676},
    "bench-fmnist-small": {4: 368_268, 8: 296_466, 12: 256_259, 16: 305_236},
    "bench-fmnist-medium": {4: 2_224_932, 8: 1_473_097, 12: 1_458_520, 16: 1_335_772},
    "fmnist-conv2d": {4: 2_174_201, 8: 1_456_591, 12: 1_443_536, 16: 1_359_267},
    "bench-fmnist-large": {4: 21_607_352, 8: 12_544_426, 12: 10_125_541, 16: 9_125_742},
    "cifar10-conv2d": {4: 21_416_353, 8: 12_365_603, 12: 10_227_439, 16: 8_824_558},
}
"""Network -> array size -> cycles."""

CPU_CYCLES = {
    "mnist-single-layer": 143_009,
    "mnist-multi-layer": 302_369,
    "bench-fmnist-small": 483_097,
    "bench-fmnist-medium": 3_143_224,
    "fmnist-conv2d": 3_472_411,
    "bench-fmnist-large": 41_243_193,
    "cifar10-conv2d": 41_745_439,
}
"""The same networks on its CPU and FPU alone."""

PE = {"lut": 634, "ff": 212, "dsp": 1}
"""One processing element, synthesized by Yosys 0.70 for the XCZU7EV."""


@dataclass(frozen=True)
class System:
    """Another system's cycles for one inference of a network that is measured here, too.

    `network` is its project, or its structure if the project is named otherwise.
    """

    network: str
    name: str
    cycles: int


_GAP9 = "GAP9: 8 x RV32 and NE16"
_NDP9120 = "Syntiant NDP9120"
MLPERF_TINY = {
    "mlperf-ic": System("resnet8", _GAP9, 228_000),
    "mlperf-kws": System("dscnn", _NDP9120, 146_000),
    "mlperf-vww": System("mobilenet", _NDP9120, 405_000),
    "mlperf-ad": System("autoencoder", _GAP9, 65_000),
}
"""Network of MLPerf Tiny -> the fewest cycles that the benchmark's results have for it."""
TOGETHER = System("all four", _GAP9, 885_000)
"""All four networks, one inference each."""

DEEPSOCFLOW = System("vgg6", "DeepSoCFlow, 768 multipliers", 119_986)
SYSTEMS = (
    MLPERF_TINY["mlperf-ic"],
    System("resnet8", _NDP9120, 506_000),
    System("resnet8", "Cortex-M85 Helium, TFLM", 4_070_000),
    System("resnet8", "RV32 Andes D25F, TFLM", 18_300_000),
    System("resnet8", "Cortex-M4, X-CUBE-AI 9", 19_800_000),
    MLPERF_TINY["mlperf-kws"],
    System("dscnn", _GAP9, 176_000),
    System("dscnn", "Cortex-M85 Helium, TFLM", 1_660_000),
    System("dscnn", "RV32 Andes D25F, TFLM", 4_790_000),
    System("dscnn", "Cortex-M4, X-CUBE-AI 9", 5_180_000),
    DEEPSOCFLOW,
    System("vgg6", "DeepSoCFlow, 192 multipliers", 247_405),
)
"""MLPerf Tiny: the benchmark's published results for whole inferences. DeepSoCFlow: measured on its
RTL under Verilator without stalls, not counting its CPU's part (scale, bias, activation, pooling,
re-tiling)."""
