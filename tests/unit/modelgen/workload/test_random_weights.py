"""Random weights, and scales of least squared error."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from modelgen.quantize.weights import LARGEST, SCALES, SCHEMES, quantize_weight
from modelgen.workload.data import Data
from modelgen.workload.project import Project
from modelgen.workload.random_weights import random_model
from modelgen.workload.settings import Settings


def test_random_models_are_the_same_again_and_their_batch_norms_do_something() -> None:
    def project() -> Project:
        layers = nn.Conv2d, nn.BatchNorm2d
        return Project(
            "p",
            Path(),
            Settings(),
            lambda: nn.Sequential(layers[0](1, 4, 3), layers[1](4)),
            lambda _: Data("d", np.zeros((1, 1, 4, 4))),
        )

    first, again = random_model(project()).state_dict(), random_model(project()).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert (first["1.running_var"] > 0).all() and first["1.running_var"].std() > 0
    assert first["1.running_mean"].abs().min() > 0 and first["1.bias"].abs().min() > 0


@pytest.mark.parametrize("scheme", SCHEMES)
def test_least_squares_is_no_worse_and_better_with_an_outlier(scheme: str) -> None:
    weight = np.random.default_rng(0).standard_normal((4, 400)).astype(np.float32)
    weight[:, 0] = 6.0
    errors = {}
    for choice in SCALES:
        values, scale = quantize_weight(weight, scheme, choice)
        assert scale.shape == (4,) and np.abs(values.astype(int)).max() <= LARGEST
        errors[choice] = float(((values * scale[:, None].astype(float) - weight) ** 2).sum())
    assert errors["mse"] <= errors["max"]
