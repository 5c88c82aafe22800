"""Structures of networks that users bring, with random values; each is compared with itself.

The published sizes are what the classes' arguments default to; `tests/unit/test_zoo.py` checks
their numbers of parameters. Networks for images have ten classes here, as those of the data sets
that HEEPstor has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import nn

from flows.repository import ROOT
from modelgen.workload.data import Data
from modelgen.workload.project import Project, load_project
from modelgen.workload.settings import Settings
from tests.zoo import values
from tests.zoo.alexnet import AlexNet
from tests.zoo.audio import M5, WaveNet
from tests.zoo.autoencoder import ConvAutoencoder, DenseAutoencoder
from tests.zoo.densenet import DenseNet
from tests.zoo.efficientnet import EfficientNetB0
from tests.zoo.mixer import MLPMixer
from tests.zoo.mobilenet import MobileNetV1, MobileNetV2, MobileNetV3Small
from tests.zoo.pointnet import PointNet
from tests.zoo.recurrent import GRUKeywords, LSTMKeywords
from tests.zoo.regnet import RegNetX200MF
from tests.zoo.resnet import ResNet18, ResNeXt
from tests.zoo.shufflenet import ShuffleNetV2
from tests.zoo.squeezenet import SqueezeNet
from tests.zoo.transformer import TransformerKeywords
from tests.zoo.unet import UNet, UpBilinear, UpNearest, UpTransposed
from tests.zoo.vgg import VGG11
from tests.zoo.vit import VisionTransformer

_STATISTICS = 8
"""Inputs of which normalization statistics are taken."""
_SEED = 11


@dataclass(frozen=True)
class Network:
    """A structure, and the inputs that it takes."""

    name: str
    make: Callable[[], nn.Module]
    """Returns the module without its random values."""
    shape: tuple[int, ...]
    """Shape of one input."""
    batch: int = 1
    """Inputs that an inference takes."""
    small: bool = False
    """Whether it runs on every change; the others only in the nightly run."""

    def model(self) -> nn.Module:
        """Return the module with its random values, in evaluation mode; always the same."""
        model = self.make()
        values.fill(model, _SEED, (_STATISTICS, *self.shape))
        return model

    def draw(self, inferences: int) -> torch.Tensor:
        """Return seeded inputs, FP32 of shape (inferences * batch, ...)."""
        return values.draw_inputs((inferences * self.batch, *self.shape), _SEED)

    def project(self, inferences: int) -> Project:
        """Return the network as a project whose test set is `inferences` batches."""
        inputs = self.draw(inferences)
        settings = Settings(inputs=len(inputs), batch=self.batch)
        folder = Path(__file__).parent
        return Project(self.name, folder, settings, self.model, lambda _: Data("random", inputs))


def of_project(name: str) -> Callable[[], nn.Module]:
    """Return the model of a project, which is the published network already."""
    return lambda: load_project(ROOT / "projects" / name).build_model()


def unet(up: type[nn.Module]) -> Callable[[], nn.Module]:
    """Return a U-Net of a quarter of the depth and an eighth of the width of the published one."""
    return partial(UNet, up, width=8, depth=3)


IMAGE, SMALL_IMAGE = (3, 96, 96), (3, 32, 32)
"""RGB: as for networks that are made for ImageNet, and of CIFAR-10."""
FRAMES = (49, 10)
"""One second of speech as frames of features."""

NETWORKS = (
    Network("squeezenet", partial(SqueezeNet, 10), IMAGE),
    Network("mobilenetv2", partial(MobileNetV2, 10, 0.35), IMAGE),
    Network("mobilenetv3-small", partial(MobileNetV3Small, 10), IMAGE),
    Network("efficientnet-b0", partial(EfficientNetB0, 10), IMAGE),
    Network("shufflenetv2", partial(ShuffleNetV2, 10), IMAGE),
    Network("resnet18", ResNet18, SMALL_IMAGE),
    Network("resnext", partial(ResNeXt, (1, 1, 1), 8, 4, 64), SMALL_IMAGE, small=True),
    Network("regnetx", partial(RegNetX200MF, 10), IMAGE),
    Network("densenet", partial(DenseNet, 22), SMALL_IMAGE),
    Network("alexnet", partial(AlexNet, 10, side=1), (3, 64, 64)),
    Network("vgg11", VGG11, SMALL_IMAGE),
    Network("unet-transposed", unet(UpTransposed), (3, 48, 48), small=True),
    Network("unet-nearest", unet(UpNearest), (3, 48, 48), small=True),
    Network("unet-bilinear", unet(UpBilinear), (3, 48, 48), small=True),
    Network("mlperf-resnet8", of_project("resnet8"), SMALL_IMAGE, small=True),
    Network("mlperf-dscnn", of_project("dscnn"), (1, 49, 10), small=True),
    Network("mlperf-mobilenet", MobileNetV1, IMAGE),
    Network("mlperf-autoencoder", DenseAutoencoder, (640,), batch=4, small=True),
    Network("m5", M5, (1, 8000), small=True),
    Network("wavenet", partial(WaveNet, 1, 16, 32, 16, 6), (1, 128), small=True),
    Network("lstm", LSTMKeywords, FRAMES, small=True),
    Network("gru", GRUKeywords, FRAMES, batch=2, small=True),
    Network("transformer", TransformerKeywords, FRAMES, small=True),
    Network("vit-tiny", partial(VisionTransformer, 32, 4, 10), SMALL_IMAGE),
    Network("mlp-mixer", partial(MLPMixer, 32, 4, 10, 64, 2), SMALL_IMAGE, small=True),
    Network("conv-autoencoder", ConvAutoencoder, (1, 28, 28), small=True),
    Network("pointnet", partial(PointNet, 10, 256), (128, 3), batch=2, small=True),
)
BY_NAME = {network.name: network for network in NETWORKS}
