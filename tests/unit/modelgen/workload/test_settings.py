"""Settings of a project that are wrong are named."""

from __future__ import annotations

import pytest

from modelgen.errors import ModelError
from modelgen.workload.settings import parse


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"inputz": 3}, "Unknown setting 'inputz'. Did you mean 'inputs'?"),
        ({"inputs": 0}, "'inputs' is 0; expected an integer >= 1 and <= 2,147,483,647."),
        ({"inputs": True}, "'inputs' is True"),
        ({"batch": 2.5}, "'batch' is 2.5"),
        (
            {"quantization": "int4"},
            "'quantization' is 'int4'. Valid choices: per_channel, per_tensor",
        ),
        ({"device": "tpu"}, "'device' is 'tpu'. Valid choices: auto, cpu, cuda"),
        ({"softmax": "yes"}, "'softmax' is 'yes'; expected True or False"),
        ({"checkpoint": 3}, "'checkpoint' is 3; expected the name of a file"),
        ({"training": {"epochs": 3}}, "Unknown training setting 'epochs'"),
        ({"training": {"learning_rate": 0}}, "is 0; expected a number above 0"),
        ({"training": 5}, "'training' is 5; expected a dictionary"),
        ([1], "settings is a list; expected a dictionary"),
    ],
)
def test_wrong_settings(settings: object, message: str) -> None:
    with pytest.raises(ModelError) as caught:
        parse(settings)
    assert message in str(caught.value)
