"""U-Net: finds disks, squares and triangles in 64 x 64 color images, pixel by pixel."""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from modelgen.threads import single_thread
from modelgen.workload.data import shapes

settings = {"inputs": 2, "metric": "mean IoU"}

CLASSES = 4
"""Background and three shapes."""
STEPS, BATCH, LEARNING_RATE = 300, 16, 1e-2


def convolutions(inputs: int, outputs: int) -> nn.Sequential:
    """Return two 3x3 convolutions with batch-norm and ReLU."""
    layers = []
    for channels in (inputs, outputs):
        convolution = nn.Conv2d(channels, outputs, 3, padding=1, bias=False)
        layers += [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    """Halves the maps three times, enlarges them again, joined with those of each level."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        widths = [width, 2 * width, 4 * width, 8 * width]
        self.down = nn.ModuleList(map(convolutions, [3, *widths], widths))
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(2 * channels, channels, 2, stride=2) for channels in widths[:-1]
        )
        self.join = nn.ModuleList(convolutions(2 * size, size) for size in widths[:-1])
        self.last = nn.Conv2d(width, CLASSES, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.down[0](x)
        skips = []
        for down in self.down[1:]:
            skips.append(x)
            x = down(nn.functional.max_pool2d(x, 2))
        for up, join in zip(reversed(self.up), reversed(self.join), strict=True):
            x = join(torch.cat([skips.pop(), up(x)], dim=1))
        return self.last(x)


def model() -> nn.Module:
    return UNet()


def data(folder: Path) -> shapes.Segmented:
    return shapes.segmented(64, CLASSES - 1, train=1200, test=200)


@single_thread()
def train(model: nn.Module, data: shapes.Segmented) -> None:
    inputs, masks = torch.from_numpy(data.train_inputs), torch.from_numpy(data.train_masks)
    optimizer = torch.optim.Adam(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=STEPS)
    for _ in range(STEPS):
        chosen = torch.randint(len(inputs), (BATCH,))
        loss = nn.functional.cross_entropy(model(inputs[chosen]), masks[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()


def metric(outputs: np.ndarray, data: shapes.Segmented) -> float:
    return shapes.mean_intersection_over_union(outputs.argmax(axis=1), data.test_masks, CLASSES)
