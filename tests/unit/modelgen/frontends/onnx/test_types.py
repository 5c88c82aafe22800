"""Element types."""

from __future__ import annotations

from modelgen.frontends.onnx.types import RUN_TIME, type_name


def test_names() -> None:
    assert [type_name(number) for number in RUN_TIME] == ["FLOAT", "INT32", "INT64", "BOOL"]
    assert type_name(10) == "FLOAT16"
    assert type_name(999) == "999"
