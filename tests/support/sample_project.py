"""A project that is in order, and small networks."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

GOOD = """
import numpy as np
from torch import nn

from modelgen.workload.data import Data

settings = {"training": {"steps": 20, "batch": 8}}


def model():
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))


def data(folder):
    x = np.random.default_rng(0).standard_normal((64, 4)).astype(np.float32)
    y = (x[:, 0] > 0).astype(np.int64)
    return Data("halves", x, y, x, y)
"""


def project_with(tmp_path: Path, text: str = GOOD, **changes: str) -> Path:
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    folder = tmp_path / "sample"
    folder.mkdir(exist_ok=True)
    (folder / "project.py").write_text(text)
    return folder


def network() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))


def same(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(left, right) for left, right in pairs)
