"""Messages about .tflite files."""

from __future__ import annotations

from pathlib import Path

from modelgen.frontends.tflite.complaints import Complaint, refuse


def test_complaints_name_operator_and_tensor() -> None:
    assert str(Complaint("ADD (operator 3)", "x", "it is wrong")) == (
        "ADD (operator 3), tensor 'x': it is wrong"
    )
    assert str(Complaint("ADD (operator 3)", "", "it is wrong")) == "ADD (operator 3): it is wrong"
    assert str(Complaint("", "", "it is wrong")) == "it is wrong"


def test_equal_complaints_are_made_once_and_not_too_many() -> None:
    complaints = [Complaint("", "", f"reason {index}") for index in range(23)]
    lines = str(refuse(Path("m.tflite"), [complaints[0], *complaints])).splitlines()
    assert lines[0] == "m.tflite cannot be compiled:"
    assert lines[1:3] == ["  reason 0", "  reason 1"]
    assert lines[-2:] == ["  reason 19", "  and 3 more"]
