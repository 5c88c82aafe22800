"""Features of keywords: a NumPy archive, good and bad; the replacement."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from modelgen.errors import ModelError
from modelgen.workload.data import keywords


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEEPSTOR_DATA", raising=False)


def arrays() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    found = {}
    for part, count in (("train", 30), ("test", 6)):
        found[f"{part}_features"] = 5 + 3 * generator.standard_normal((count, 49, 10))
        found[f"{part}_labels"] = generator.integers(0, 12, count)
    return found


def write(folder: Path, content: dict[str, np.ndarray]) -> Path:
    path = folder / "keywords" / "features.npz"
    path.parent.mkdir(parents=True)
    np.savez(path, **content)
    return path


def test_features_are_read_and_standardized(tmp_path: Path) -> None:
    write(tmp_path, arrays())
    data = keywords.load(tmp_path)
    assert data.name == "keywords" and not data.note
    assert data.train_inputs.shape == (30, 1, 49, 10)
    np.testing.assert_allclose(data.train_inputs.mean(axis=(0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(data.train_inputs.std(axis=(0, 1, 2)), 1, atol=1e-4)
    assert data.test_labels.tolist() == arrays()["test_labels"].tolist()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("test_labels", None, "is missing test_labels"),
        ("train_features", np.zeros((30, 49, 13)), "train_features is 30 x 49 x 13"),
        ("train_labels", np.full(30, 12), "train_labels range from 12 to 12; expected 0 to 11"),
        ("test_features", np.array([{}]), "not a NumPy archive of numbers"),
    ],
)
def test_wrong_content_is_refused(
    tmp_path: Path, name: str, value: np.ndarray | None, message: str
) -> None:
    content = {**arrays(), name: value}
    write(tmp_path, {key: array for key, array in content.items() if array is not None})
    with pytest.raises(ModelError, match=rf"features\.npz.*{message}"):
        keywords.load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"something else", b"PK\3\4 cut off"])
def test_damaged_archives_are_named(tmp_path: Path, content: bytes) -> None:
    write(tmp_path, arrays()).write_bytes(content)
    with pytest.raises(ModelError, match=r"features\.npz is not a NumPy archive"):
        keywords.load(tmp_path)


def test_patterns_replace_it_and_say_so(tmp_path: Path) -> None:
    data = keywords.load(tmp_path)
    assert data.name == "synthetic patterns for keywords"
    assert "There is no" in data.note and "says nothing about real speech" in data.note
    assert data.train_inputs.shape[1:] == (1, 49, 10)
    assert set(data.train_labels) == set(range(12))
