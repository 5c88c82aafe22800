"""Values that standard JSON can hold."""

from __future__ import annotations

import json
import math

from modelgen.strict_json import finite


def test_what_is_not_finite_becomes_null_at_any_depth() -> None:
    values = {"a": [1.5, math.nan, (math.inf, {"b": -math.inf})], "c": math.inf}
    assert finite(values) == {"a": [1.5, None, [None, {"b": None}]], "c": None}
    json.dumps(finite(values), allow_nan=False)


def test_everything_else_stays() -> None:
    values = {"whole": 3, "yes": True, "text": "nan", "none": None, "zero": -0.0, "empty": []}
    assert finite(values) == values
    assert math.copysign(1.0, finite(values)["zero"]) == -1.0
