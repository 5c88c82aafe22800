"""How far the device's sums may be from PyTorch's.

Both compute the same sums, but in a different order and with different rounding. The difference is
bounded relative to the sum of the absolute products, plus what is lost when activations are aligned
to the largest one of a slice.
"""

from __future__ import annotations

RELATIVE = 2.0**-20
"""Allowed difference of a matrix product, relative to the sum of its absolute products."""
ALIGNMENT = 2.0**-26
"""Half a unit of an aligned activation, relative to the largest activation of its sum."""
ROUNDING = 2.0**-24
"""Half a unit in the last place of FP32."""
LARGEST = (2.0 - 2.0**-23) * 2.0**127
"""The largest FP32 number."""
SUBNORMAL = 2.0**-149
"""Distance of subnormal FP32 numbers, the most by which a result that underflows is rounded."""
