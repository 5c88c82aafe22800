"""Settings of a project that are wrong are named."""

from __future__ import annotations

import pytest

from modelgen.errors import ModelError
from modelgen.workload.settings import parse


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"inputz": 3}, "Unknown setting 'inputz'. Did you mean 'inputs'?"),
        ({"inputs": 0}, "'inputs' is 0; it must be a whole number >= 1"),
        ({"inputs": True}, "'inputs' is True"),
        ({"batch": 2.5}, "'batch' is 2.5"),
        ({"quantization": "int4"}, "must be one of per_channel, per_tensor"),
        ({"device": "tpu"}, "must be one of auto, cpu, cuda"),
        ({"softmax": "yes"}, "must be True or False"),
        ({"checkpoint": 3}, "must be the name of a file"),
        ({"training": {"epochs": 3}}, "Unknown training setting 'epochs'"),
        ({"training": {"learning_rate": 0}}, "must be above 0"),
        ({"training": 5}, "must be a dictionary"),
        ([1], "must be a dictionary, not a list"),
    ],
)
def test_wrong_settings(settings: object, message: str) -> None:
    with pytest.raises(ModelError) as caught:
        parse(settings)
    assert message in str(caught.value)
