"""How far sums of the device may lie from PyTorch's.

Both compute the same sums in another order and with other roundings. The difference of one sum is
bounded relative to the sum of its absolute products, plus what aligning activations to the largest
of a slice can lose.
"""

from __future__ import annotations

RELATIVE = 2.0**-20
"""Allowed difference of a matrix product, relative to the sum of its absolute products."""
ALIGNMENT = 2.0**-26
"""Half a unit of an aligned activation, relative to the largest activation of its sum."""
ROUNDING = 2.0**-24
"""Half a unit in the last place of FP32."""
