"""The targets that the SoC has."""

from __future__ import annotations

from modelgen.hardware import Hardware
from modelgen.targets.base import Target
from modelgen.targets.cpu import Cpu
from modelgen.targets.systolic import Systolic


def standard(hardware: Hardware) -> tuple[Target, ...]:
    """Return the targets of the SoC, most preferred first."""
    return Systolic(hardware), Cpu()
