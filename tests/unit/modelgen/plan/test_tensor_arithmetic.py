"""Networks with arithmetic on several activations: the device gives what the module gives."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from modelgen.hardware import Hardware
from tests.unit.modelgen.plan.test_cpu_layers import SMALL, Function, check_device


class SqueezeAndExcite(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.before, self.after = nn.Conv2d(3, 8, 3), nn.Conv2d(8, 4, 1)
        self.squeeze, self.excite = nn.Conv2d(8, 2, 1), nn.Conv2d(2, 8, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.before(x)
        scale = functional.adaptive_avg_pool2d(x, 1)
        scale = torch.sigmoid(self.excite(functional.relu(self.squeeze(scale))))
        return self.after(x * scale).flatten(1)


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.last = (nn.Linear(8, 8) for _ in range(4))
        self.norm = nn.LayerNorm(8)
        self.positions = nn.Parameter(torch.linspace(-1, 1, 40).reshape(5, 8))

    def heads(self, x: torch.Tensor) -> torch.Tensor:
        return x.unflatten(-1, (2, 4)).transpose(1, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.positions
        y = self.norm(x)
        parts = (self.heads(layer(y)) for layer in (self.query, self.key, self.value))
        y = functional.scaled_dot_product_attention(*parts, is_causal=True)
        return x + self.last(y.transpose(1, 2).flatten(2))


def gated(x: torch.Tensor, one: nn.Module, two: nn.Module) -> torch.Tensor:
    y, z = one(x), two(x)
    y = torch.where(y > z.mean(1, keepdim=True), y, torch.minimum(y, z))
    return y / (1 + z * z) + z.amax((2, 3), keepdim=True)


NETWORKS: dict[str, tuple[nn.Module, tuple[int, ...]]] = {
    "squeeze-and-excite": (SqueezeAndExcite(), (3, 7, 6)),
    "attention": (Attention(), (5, 8)),
    "gated-maps": (Function(gated, nn.Conv2d(3, 6, 3), nn.Conv2d(3, 6, 3)), (3, 6, 7)),
    "group-norm": (
        nn.Sequential(nn.Conv2d(3, 6, 3), nn.GroupNorm(3, 6), nn.PReLU(6), nn.Conv2d(6, 2, 1)),
        (3, 6, 7),
    ),
    "variance": (
        Function(
            lambda x, one: (one(x) - one(x).mean(1, True)) / (1 + one(x).var(1, keepdim=True)),
            nn.Linear(9, 5),
        ),
        (9,),
    ),
}


@pytest.mark.parametrize("hardware", [Hardware(), SMALL], ids=["default", "small"])
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize(("model", "shape"), NETWORKS.values(), ids=NETWORKS)
def test_networks(model: nn.Module, shape: tuple[int, ...], batch: int, hardware: Hardware) -> None:
    check_device(model, shape, batch, hardware)
