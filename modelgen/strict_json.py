"""Values that standard JSON can represent: it has neither infinity nor NaN."""

from __future__ import annotations

import math
from typing import Any


def finite(value: Any) -> Any:
    """Return plain values with each float that is not finite replaced by None.

    Lists, tuples and the values of dictionaries are processed recursively.
    """
    if isinstance(value, dict):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [finite(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
