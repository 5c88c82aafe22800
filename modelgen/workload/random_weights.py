"""Seeded random values for a project's model, for when only its speed matters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modelgen.workload.project import Project
from modelgen.workload.training import seeded_model

if TYPE_CHECKING:
    import torch


def random_model(project: Project) -> torch.nn.Module:
    """Return the project's model with random values, the same on every call.

    Weights keep the initial values from model(). Batch-norms, which do nothing in an untrained
    model, get random statistics and factors: means around 0, variances and factors around 1.
    """
    import torch

    model = seeded_model(project)
    for module in model.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            _randomize(module)
    return model


def _randomize(norm: torch.nn.modules.batchnorm._BatchNorm) -> None:
    import torch

    with torch.no_grad():
        if norm.running_mean is not None and norm.running_var is not None:
            norm.running_mean.normal_(0.0, 0.2)
            norm.running_var.uniform_(0.5, 1.5)
        if norm.weight is not None:
            norm.weight.uniform_(0.5, 1.5)
            norm.bias.normal_(0.0, 0.2)
