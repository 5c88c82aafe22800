"""Projects: what is wrong with them is said in one line."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from flows.terminal.progress import Progress
from modelgen.errors import ModelError
from modelgen.workload.project import load_project
from modelgen.workload.settings import Settings, Training
from modelgen.workload.training import trained_model
from tests.support.sample_project import GOOD, project_with


def message_of(folder: Path) -> str:
    with pytest.raises(ModelError) as caught:
        project = load_project(folder)
        project.build_model()
        project.data(folder)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_good_project(tmp_path: Path) -> None:
    project = load_project(project_with(tmp_path))
    assert project.name == "sample"
    assert project.settings == Settings(training=Training(steps=20, batch=8))
    assert project.data(tmp_path).name == "halves"


@pytest.mark.parametrize("name", ["a\\nb", "a\\r", "\\x1b[31m", "a\\\\", "\\u2028", "\\ud800"])
@pytest.mark.parametrize("kind", ["layer", "buffer", "data"])
def test_names_that_cannot_be_printed(tmp_path: Path, name: str, kind: str) -> None:
    """In a comment of the generated C++ they would end it, or make the next line part of it."""
    network = "return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))"
    odd = {
        "layer": f"m.add_module('{name}', nn.ReLU())",
        "buffer": f"m.register_buffer('{name}', None); m._buffers['{name}'] = nn.Linear(1, 1).bias",
    }
    changes = {'"halves"': f"'{name}'"}
    if kind in odd:
        changes = {network: f"m = {network[7:]}; {odd[kind]}; return m"}
    project = load_project(project_with(tmp_path, **changes))
    with pytest.raises(ModelError, match="expected printable characters without a backslash"):
        trained_model(project, project.data(tmp_path), tmp_path, Progress())


def test_missing_file(tmp_path: Path) -> None:
    assert "There is no" in message_of(tmp_path / "nothing")


def test_missing_function(tmp_path: Path) -> None:
    text = message_of(project_with(tmp_path, GOOD.replace("def model()", "def modell()")))
    assert "has no function model. Define model() -> torch.nn.Module" in text


def test_syntax_error_gives_the_line(tmp_path: Path) -> None:
    assert "project.py:1 is not valid Python" in message_of(project_with(tmp_path, "def model(:"))


def test_error_while_loading_gives_the_line(tmp_path: Path) -> None:
    text = message_of(project_with(tmp_path, "import numpy\n\nx = 1 / 0\n"))
    assert "project.py:3 failed: ZeroDivisionError" in text


def test_error_in_a_function_gives_the_line(tmp_path: Path) -> None:
    wrong = GOOD.replace("np.random.default_rng(0)", "np.load(folder / 'none.npy')")
    assert "data() of" in message_of(project_with(tmp_path, wrong))
    assert "project.py:15 failed: FileNotFoundError" in message_of(project_with(tmp_path, wrong))


def test_data_of_another_kind(tmp_path: Path) -> None:
    wrong = GOOD.replace('return Data("halves", x, y, x, y)', "return x, y")
    assert "returned a tuple; expected a modelgen.workload.data.Data" in message_of(
        project_with(tmp_path, wrong)
    )


def test_an_edit_of_the_same_size_in_the_same_second_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    folder = project_with(tmp_path)
    before = (folder / "project.py").stat()
    load_project(folder)
    project_with(tmp_path, GOOD.replace('"steps": 20', '"steps": 21'))
    os.utime(folder / "project.py", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert load_project(folder).settings.training.steps == 21


BESIDE = """\
from __future__ import annotations
from dataclasses import dataclass
from typing import ClassVar

@dataclass
class Size:
    kind: ClassVar[str] = "outputs"
    value: int = 2

def model():
    from beside import layer
    return layer(Size().value)

def data(folder):
    import beside
    return beside.made()
"""


def test_modules_beside_it_can_be_imported_at_any_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Data classes look for the module that they are defined in, too."""
    monkeypatch.delitem(sys.modules, "beside", raising=False)
    (tmp_path / "beside.py").write_text(
        "import numpy as np\nfrom torch import nn\nfrom modelgen.workload.data import Data\n"
        "def layer(outputs):\n    return nn.Linear(3, outputs)\n"
        "def made():\n    return Data('beside', np.zeros((2, 3), np.float32))\n"
    )
    (tmp_path / "project.py").write_text(BESIDE)
    path = list(sys.path)
    project = load_project(tmp_path)
    assert project.build_model().out_features == 2
    assert project.data(tmp_path).name == "beside"
    assert sys.path == path and not list(tmp_path.rglob("*.pyc"))
    del sys.modules["beside"]


def test_project_that_exits(tmp_path: Path) -> None:
    text = message_of(project_with(tmp_path, "import sys\n\nsys.exit(3)\n"))
    assert "project.py:3 failed: SystemExit: 3" in text
