"""What model.json says of a program."""

from __future__ import annotations

import pytest

from modelgen.plan.analysis import label


@pytest.mark.parametrize(
    ("name", "fused", "expected"),
    [
        ("fc1", (), "fc1"),
        ("0", ("1", "2"), "0 (+ 1, 2)"),
        ("features.0", ("features.1", "features.2"), "features.0 (+ 1, 2)"),
        ("blocks.0.conv1", ("blocks.0.bn1", "blocks.0.relu_1"), "blocks.0.conv1 (+ bn1, relu_1)"),
        ("stem.conv", ("norm", "stemless.relu"), "stem.conv (+ norm, stemless.relu)"),
    ],
)
def test_the_label_names_what_is_fused_behind(name: str, fused: tuple, expected: str) -> None:
    assert label(name, fused) == expected
