"""Settings of a project that are wrong are named."""

from __future__ import annotations

import pytest

from modelgen.errors import ModelError
from modelgen.workload.settings import AwareTraining, LayerSettings, parse, with_precision


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
        ({"activations": "int16"}, "'activations' is 'int16'. Valid choices: fp32, int8"),
        ({"interface": "int4"}, "'interface' is 'int4'. Valid choices: fp32, int8"),
        ({"interface": "int8"}, "are to be integers, but 'activations' is 'fp32'. Set 'activ"),
        ({"weights": 4}, "'weights' is 4. Valid choices: int8, int4"),
        (
            {"calibration": "best"},
            "'calibration' is 'best'. Valid choices: mse, minmax, percentile",
        ),
        ({"calibration_inputs": 0}, "'calibration_inputs' is 0; expected an integer >= 1"),
        ({"bias_correction": 1}, "'bias_correction' is 1; expected True or False"),
        ({"equalization": None}, "'equalization' is None; expected True or False"),
        ({"layers": ["0"]}, "'layers' is ['0']; expected a dictionary from names of layers"),
        ({"layers": {"0": "fp32"}}, "layers['0'] is 'fp32'; expected a dictionary of settings"),
        ({"layers": {"0": {"weight": "int4"}}}, "setting of layers['0']: 'weight'. Did you mean"),
        ({"layers": {"0": {"weights": "int2"}}}, "layers['0']: weights' is 'int2'. Valid choices"),
        ({"layers": {"0": {"activations": 8}}}, "layers['0']: activations' is 8. Valid choices"),
        ({"qat": {"steps": 5}}, "'qat' trains a network for INT8 activations, but 'activations'"),
        ({"qat": {"epochs": 3}}, "Unknown qat setting 'epochs'"),
        ({"qat": {"steps": 0}}, "'qat.steps' is 0; expected an integer >= 1"),
        ([1], "settings is a list; expected a dictionary"),
    ],
)
def test_wrong_settings(settings: object, message: str) -> None:
    with pytest.raises(ModelError) as caught:
        parse(settings)
    assert message in str(caught.value)


def test_layers_differ() -> None:
    settings = parse({"layers": {"0": {"weights": "int4"}, "1": {"activations": "fp32"}}})
    assert settings.layers == {
        "0": LayerSettings(weights="int4"),
        "1": LayerSettings(activations="fp32"),
    }


def test_quantization_aware_training() -> None:
    assert parse({"activations": "int8", "qat": {"steps": 7}}).qat == AwareTraining(steps=7)
    assert parse({"activations": "int8"}).qat is None


def test_options_override_the_precision() -> None:
    given = parse({"weights": "int4", "scale": "mse"})
    found = with_precision(given, {"activations": "int8", "weights": "", "scale": "max"})
    assert (found.activations, found.weights, found.scale) == ("int8", "int4", "mse")
    assert with_precision(found, {"weights": "int8"}).weights == "int8"
