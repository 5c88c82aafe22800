"""Options of the stages: what is accepted, what is refused, and what they become."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows import config
from flows.cli import __main__ as cli
from flows.errors import HeepstorError
from flows.stages.options import Options


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository's root with the default configuration."""
    (tmp_path / "heepstor_cfg.hjson").write_bytes(config.DEFAULT_PATH.read_bytes())
    return tmp_path


def options(root: Path, **typed: object) -> Options:
    return Options.from_command_line(root, "mnist", **typed)


def test_defaults_are_the_projects_and_the_configurations(root: Path):
    found = options(root)
    assert found.config_path == root / "heepstor_cfg.hjson"
    assert (found.inputs, found.batch, found.quantization, found.clock_hz) == (None, None, "", None)
    assert found.command("build") == "./heepstor build --project mnist"


def test_the_command_has_everything_that_differs(root: Path):
    found = options(
        root,
        set="engine.array_size=16",
        operators="software",
        assertions=False,
        batch="4",
        scale="mse",
        random_weights=True,
        unit="ms",
        clock_hz="250000000",
    )
    assert found.command("report") == (
        "./heepstor report --project mnist --set engine.array_size=16 --operators software "
        "--no-assertions --batch 4 --scale mse --random-weights --unit ms --clock-hz 250000000"
    )
    assert (found.batch, found.clock_hz, found.random_weights) == (4, 250_000_000, True)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"operators": "gpu"}, "--operators is 'gpu'. Valid choices: engine, software"),
        ({"quantization": "int4"}, "Valid choices: per_channel, per_tensor"),
        ({"activations": "int4"}, "Valid choices: fp32, int8"),
        ({"interface": "int4"}, "Valid choices: fp32, int8"),
        ({"weights": "fp32"}, "Valid choices: int8, int4"),
        ({"scale": "median"}, "Valid choices: max, mse"),
        ({"unit": "s"}, "Valid choices: cycles, us, ms"),
        ({"inputs": "0"}, "--inputs is '0': expected an integer >= 1"),
        ({"batch": "two"}, "--batch is 'two'"),
        ({"clock_hz": "-1"}, "--clock-hz is '-1'"),
        ({"inputs": "9" * 5000}, "--inputs is '9999"),
        ({"inputs": "\u0663"}, "--inputs is"),
        ({"set": "engine.array_sze=8"}, r"is not a knob .*did you mean engine\.array_size\?"),
        ({"set": "array_size=8"}, r"is not a knob .*did you mean engine\.array_size\?"),
        ({"set": "engine=8"}, r"is not a knob .*did you mean engine\.array_size or engine\.port"),
        ({"set": "engine.depth=8"}, r"is not a knob .*did you mean engine\.accumulator_depth\?"),
        ({"set": "colour=red"}, r"'colour' is not a knob .*valid choices: clock_hz, memory\.banks"),
        ({"set": "memory.banks"}, "--set has 'memory.banks': expected hardware knobs"),
        ({"set": "memory.banks="}, "--set has 'memory.banks=': expected hardware knobs"),
        ({"set": "=8"}, "--set has '=8': expected hardware knobs"),
        ({"set": "memory.banks=" + "9" * 5000}, "must be a whole number"),
        ({"set": "engine.array_size=7"}, "engine.array_size is 7"),
    ],
)
def test_mistakes_are_explained(root: Path, typed: dict, message: str):
    with pytest.raises(HeepstorError, match=message):
        options(root, **typed)


def test_knobs_can_be_set(root: Path):
    found = options(root, set="engine.array_size=16, memory.bank_kib=64,arena_kib=32")
    loaded = config.load(found.config_path)
    assert (loaded.engine.array_size, loaded.memory.bank_kib, loaded.arena_kib) == (16, 64, 32)
    assert loaded.memory.banks == config.load().memory.banks, "the others stay"
    assert options(root, set="arena_kib=auto").config_path != found.config_path
    again = options(root, set="engine.array_size=16,memory.bank_kib=64,arena_kib=32")
    assert again.config_path == found.config_path


def test_knobs_are_set_in_the_chosen_file(root: Path):
    other = root / "other.hjson"
    text = (root / "heepstor_cfg.hjson").read_text()
    other.write_text(text.replace("stack_kib: 8", "stack_kib: 16"))
    found = options(root, config=str(other), set="engine.array_size=4")
    loaded = config.load(found.config_path)
    assert (loaded.engine.array_size, loaded.stack_kib) == (4, 16)


def test_a_comparison_takes_two_values(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        cli.main(["report", "--compare", "no-project", "neither"])
    assert ended.value.code != 0
    assert "no-project" in capsys.readouterr().err


def test_a_comparison_of_one_is_refused(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        cli.main(["report", "--compare", "mnist"])
    assert ended.value.code != 0
    assert "--compare needs" in capsys.readouterr().err


def test_a_models_file_stands_for_a_project(root: Path, tmp_path: Path):
    file, data = tmp_path / "net.tflite", tmp_path / "x.npy"
    file.touch()
    found = Options.from_command_line(root, "", model=str(file), data=str(data))
    assert (found.project, found.place, found.data) == ("", str(file), str(data))
    assert found.command("build") == f"./heepstor build --model {file} --data {data}"


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"project": "mnist", "model": "net.tflite"}, "--project and --model exclude each other"),
        ({"project": "", "model": "net.h5"}, r"expected a file whose name ends with \.tflite"),
        ({"project": "", "model": "absent.tflite"}, r"--model: .*absent\.tflite does not exist"),
        ({"project": "mnist", "data": "x.npy"}, "--data has the inputs of a model in a file"),
    ],
)
def test_models_that_cannot_be(root: Path, typed: dict, message: str):
    with pytest.raises(HeepstorError, match=message):
        Options.from_command_line(root, **typed)
