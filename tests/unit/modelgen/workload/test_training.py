"""Training happens once, repeats, and is done anew where something changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from flows.terminal.progress import Progress
from modelgen.errors import ModelError
from modelgen.workload.checkpoint import checksum_file, load_verified, save_checkpoint
from modelgen.workload.data import Data
from modelgen.workload.project import load_project
from modelgen.workload.settings import Training
from modelgen.workload.training import check_trainable, train, trained_model
from tests.support.sample_project import GOOD, network, project_with, same


def test_training_happens_once(tmp_path: Path) -> None:
    project = load_project(project_with(tmp_path))
    data = project.data(tmp_path)
    kept = tmp_path / "checkpoints"
    first, origin = trained_model(project, data, kept, Progress())
    assert origin == "trained on 64 inputs"
    second, origin = trained_model(project, data, kept, Progress())
    assert origin == "trained before"
    assert same(first, second)
    assert len(list(kept.glob("*.pt"))) == 1


SMALL = GOOD.replace("nn.ReLU()", "nn.Dropout(0.1), nn.ReLU()").replace(
    '"batch": 8', '"batch": 8, "learning_rate": 0.01, "seed": 1'
)


@pytest.mark.parametrize(
    ("old", "new", "origin"),
    [
        ("x, y, x, y)", "x, y, x * 2, y)", "trained on 64 inputs"),
        ("x, y, x, y)", "x, y, x, 1 - y)", "trained on 64 inputs"),
        ("x, y, x, y)", "x, y, x[:32], y[:32])", "trained on 32 inputs"),
        # An input that is not in the first batch.
        ("x, y, x, y)", "x, y, x * (np.arange(64) > 0)[:, None], y)", "trained on 64 inputs"),
        (
            "return nn.Sequential(",
            "torch.rand(1)\n    return nn.Sequential(",
            "trained on 64 inputs",
        ),
        ("Dropout(0.1)", "Dropout(0.2)", "trained on 64 inputs"),
        ("ReLU()", "LeakyReLU(0.1)", "trained on 64 inputs"),
        ("nn.Linear(4, 8)", "nn.Linear(4, 8, bias=False)", "trained on 64 inputs"),
        ('"steps": 20', '"steps": 21', "trained on 64 inputs"),
        ('"batch": 8', '"batch": 16', "trained on 64 inputs"),
        ('"learning_rate": 0.01', '"learning_rate": 0.02', "trained on 64 inputs"),
        ('"seed": 1', '"seed": 2', "trained on 64 inputs"),
        ("x, y, x, y)", "x[:9], y[:9], x, y)", "trained before"),
        ('"halves"', '"other"', "trained before"),
        ("settings = {", 'settings = {"inputs": 3, "softmax": True, ', "trained before"),
    ],
)
def test_kept_values_are_used_for_the_same_model_data_and_settings_alone(
    tmp_path: Path, old: str, new: str, origin: str
) -> None:
    text = SMALL.replace("from torch import nn", "import torch\nfrom torch import nn")
    assert old in text
    for source, expected in ((text, "trained on 64 inputs"), (text.replace(old, new), origin)):
        project = load_project(project_with(tmp_path, source))
        found = trained_model(project, project.data(tmp_path), tmp_path / "kept", Progress())[1]
        assert found == expected


def test_training_learns_and_repeats(tmp_path: Path) -> None:
    project = load_project(project_with(tmp_path))
    data = project.data(tmp_path)
    models = []
    for _ in range(2):
        torch.manual_seed(0)
        model = project.build_model()
        train(model, data, Training(steps=300, batch=16), "cpu", Progress())
        models.append(model)
    assert same(*models)
    with torch.no_grad():
        predicted = models[0](torch.from_numpy(data.test_inputs)).argmax(1).numpy()
    assert (predicted == data.test_labels).mean() > 0.85


def test_training_does_not_depend_on_the_number_of_threads() -> None:
    """Of a network that is large enough for PyTorch to share the work out."""
    inputs = np.random.default_rng(0).standard_normal((64, 300)).astype(np.float32)
    data = Data("mine", inputs, None, inputs, np.arange(64) % 8)
    before = torch.get_num_threads()
    models = []
    for threads in (1, 4):
        torch.manual_seed(0)
        models.append(nn.Sequential(nn.Linear(300, 500), nn.ReLU(), nn.Linear(500, 8)))
        torch.set_num_threads(threads)
        try:
            train(models[-1], data, Training(steps=10, batch=64), "cpu", Progress())
            assert torch.get_num_threads() == threads
        finally:
            torch.set_num_threads(before)
    assert same(*models)


def test_a_checkpoint_in_the_settings_is_used(tmp_path: Path) -> None:
    wanted = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    text = GOOD.replace("settings = {", 'settings = {"checkpoint": "mine.pt", ')
    folder = project_with(tmp_path, text)
    save_checkpoint(wanted, folder / "mine.pt")
    project = load_project(folder)
    model, origin = trained_model(project, project.data(tmp_path), tmp_path, Progress())
    assert origin == "checkpoint mine.pt"
    assert same(model, wanted)


class Notes(Progress):
    """Keeps the lines that would be printed."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, text: str) -> None:
        self.lines.append(text)


OWN = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 2)
        self.w = nn.Parameter(torch.randn(2, 2))
        self.norm = nn.BatchNorm1d(4, momentum=0.1)
        nn.init.constant_(self.a.bias[:1], -100.0)
        self.a.weight.requires_grad_(True)

    def forward(self, x):
        x = nn.functional.relu(self.a(self.norm(x)))
        x = nn.functional.dropout(x, RATE, self.training)
        return nn.functional.linear(self.b(x), self.w)


def model():
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return nn.functional.linear(self.b(x), self.w)", "return self.b(x)"),
        ("self.w", "self.v"),
        ("RATE = 0.1", "RATE = 0.2"),
        ("requires_grad_(True)", "requires_grad_(False)"),
        ("momentum=0.1", "momentum=0.2"),
        # Neither makes a difference to the gradients of the first batch.
        ("functional.relu(self.a(self.norm(x)))", "functional.relu6(self.a(self.norm(x)))"),
        ("-100.0", "-200.0"),
    ],
)
def test_another_text_of_the_model_is_trained_anew(tmp_path: Path, old: str, new: str) -> None:
    text = GOOD.replace("def model():\n", f"import torch\n\nRATE = 0.1\n{OWN}").replace(
        "nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))", "Net()"
    )
    assert old in text
    notes, origins = Notes(), []
    for source in (text, text.replace(old, new), text):
        project = load_project(project_with(tmp_path, source))
        origins.append(trained_model(project, project.data(tmp_path), tmp_path, notes)[1])
    assert origins == ["trained on 64 inputs", "trained on 64 inputs", "trained before"]
    assert notes.lines == [], "nothing is found that does not fit"


def flip_a_bit(kept: Path) -> None:
    """Of a weight: the file stays as readable as it was."""
    content = bytearray(kept.read_bytes())
    weights = torch.load(kept, weights_only=True)["0.weight"].numpy().tobytes()
    content[content.index(weights) + 2] ^= 1
    kept.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda kept: kept.write_bytes(kept.read_bytes()[:500]), "does not match its SHA-256"),
        (flip_a_bit, "does not match its SHA-256"),
        (lambda kept: checksum_file(kept).unlink(), "is missing or unreadable"),
        (lambda kept: checksum_file(kept).write_bytes(b"\xff"), "is missing or unreadable"),
        (lambda kept: checksum_file(kept).write_bytes(b""), "does not match its SHA-256"),
    ],
)
def test_damaged_trained_values_are_made_again(
    tmp_path: Path, damage: Callable[[Path], object], message: str
) -> None:
    project = load_project(project_with(tmp_path))
    data = project.data(tmp_path)
    first, _ = trained_model(project, data, tmp_path / "kept", Progress())
    (kept,) = (tmp_path / "kept").glob("*.pt")
    whole = kept.read_bytes()
    damage(kept)
    notes = Notes()
    second, origin = trained_model(project, data, tmp_path / "kept", notes)
    assert origin == "trained on 64 inputs" and same(first, second)
    (note,) = notes.lines
    assert str(kept) in note and message in note and note.endswith("Training again.")
    assert kept.read_bytes() == whole
    assert trained_model(project, data, tmp_path / "kept", notes)[1] == "trained before"


def test_weights_whose_checksum_alone_was_written_are_not_used(tmp_path: Path) -> None:
    """A crash between the two files: the checksum is that of the new weights."""
    kept = tmp_path / "a.pt"
    save_checkpoint(network(), kept)
    old = kept.read_bytes()
    other = network()
    with torch.no_grad():
        other[0].weight += 1
    save_checkpoint(other, kept)
    kept.write_bytes(old)
    with pytest.raises(ModelError, match="does not match its SHA-256"):
        load_verified(network(), kept)


def test_what_cannot_be_compiled_is_not_trained(tmp_path: Path) -> None:
    folder = project_with(tmp_path, GOOD.replace("nn.ReLU()", "nn.RReLU()"))
    project = load_project(folder)
    with pytest.raises(ModelError, match=r"RReLU.* is not supported"):
        trained_model(project, project.data(tmp_path), tmp_path / "kept", Progress())
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize(
    ("inputs", "labels", "message"),
    [
        (np.zeros((2, 4)), [0, 2], "training labels range from 0 to 2, but the model has 2"),
        (np.zeros((2, 4)), [0, -1], "training labels range from -1 to 0"),
        (np.zeros((2, 5)), [0, 1], "Layer '0' .* cannot take an input of shape 1x5"),
        (np.zeros((2, 3, 4)), [0, 1], "has the shape 1x3x2; training needs one value per class"),
    ],
)
def test_training_data_that_do_not_fit(inputs: np.ndarray, labels: list, message: str) -> None:
    data = Data("mine", inputs, None, inputs, labels)
    with pytest.raises(ModelError, match=message):
        check_trainable(network(), data)


def test_parameters_that_are_not_finite() -> None:
    model = network()
    with torch.no_grad():
        model[0].weight[0, 0] = torch.nan
    data = Data("mine", np.zeros((2, 4)), None, np.zeros((2, 4)), [0, 1])
    with pytest.raises(ModelError, match=r"model\(\) returns parameters that are NaN"):
        check_trainable(model, data)


def test_nothing_to_train_with() -> None:
    data = Data("tests only", np.zeros((2, 4), np.float32))
    with pytest.raises(ModelError, match="has no training data"):
        check_trainable(network(), data)


class Gated(nn.Module):
    """Chooses between two features by an id, and returns both results if wanted."""

    def __init__(self, *, two_outputs: bool = False) -> None:
        super().__init__()
        self.features, self.gates = nn.Linear(4, 6), nn.Embedding(2, 6)
        self.classes = nn.Linear(6, 2)
        self.two_outputs = two_outputs

    def forward(self, x: torch.Tensor, ids: torch.Tensor) -> object:
        hidden = self.features(x) * self.gates(ids)
        found = self.classes(hidden)
        return (found, hidden) if self.two_outputs else found


def gated_data() -> Data:
    draw = np.random.default_rng(0)
    x, ids = draw.standard_normal((256, 4)).astype(np.float32), draw.integers(0, 2, 256)
    labels = (x[np.arange(256), ids] > 0).astype(np.int64)
    return Data("gated", (x, ids), labels, (x, ids), labels)


def test_training_with_several_inputs() -> None:
    torch.manual_seed(0)
    model, data = Gated(), gated_data()
    check_trainable(model, data)
    train(model, data, Training(steps=300, batch=64, learning_rate=0.02), "cpu", Progress())
    with torch.no_grad():
        found = model(*map(torch.from_numpy, data.test_arrays)).argmax(1).numpy()
    assert (found == data.test_labels).mean() > 0.9


def test_training_needs_a_single_output() -> None:
    with pytest.raises(ModelError, match=r"returns 2 tensors; .* Define train\(\) in project.py"):
        check_trainable(Gated(two_outputs=True), gated_data())
