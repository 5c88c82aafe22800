"""Checkpoints of all habits load, and those that do not fit say why."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from modelgen.errors import ModelError
from modelgen.workload.checkpoint import load_checkpoint, save_checkpoint
from tests.support.sample_project import network, same


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: state,
        lambda state: {"state_dict": state, "epoch": 3},
        lambda state: {"model": {f"module.{name}": value for name, value in state.items()}},
    ],
)
def test_checkpoints_of_all_habits_load(tmp_path: Path, wrap: type) -> None:
    torch.save(wrap(network().state_dict()), tmp_path / "a.pt")
    model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    load_checkpoint(model, tmp_path / "a.pt")
    assert same(model, network())


def check_refused(model: nn.Module, path: Path, *parts: str) -> None:
    with pytest.raises(ModelError) as caught:
        load_checkpoint(model, path)
    for part in parts:
        assert part in str(caught.value)


def test_checkpoints_that_do_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    save_checkpoint(network(), path)
    wider = nn.Sequential(nn.Linear(4, 5), nn.Linear(5, 2))
    check_refused(wider, path, "wrong shape: 0.weight is 3x4, but 5x4 in the model")
    check_refused(nn.Sequential(nn.Linear(4, 3)), path, "unknown: 1.weight, 1.bias")
    check_refused(nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)), path, "missing: 2.")
    check_refused(network(), tmp_path / "none.pt", "There is no checkpoint")
    path.write_bytes(b"not a checkpoint")
    check_refused(network(), path, "is not a state_dict", "torch.save(model.state_dict(), path)")
    torch.save(network(), path)
    check_refused(network(), path, "contains a whole model")
    torch.save([1, 2], path)
    check_refused(network(), path, "expected a mapping from names to tensors")
