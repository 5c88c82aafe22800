"""The zoo's networks: as large as the published ones, with values that tell results apart."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import nn

from modelgen.quantize.weights import quantize_weight
from modelgen.threads import single_thread
from tests.zoo import BY_NAME, NETWORKS, Network, of_project
from tests.zoo.alexnet import AlexNet
from tests.zoo.audio import M5
from tests.zoo.autoencoder import DenseAutoencoder
from tests.zoo.densenet import DenseNet
from tests.zoo.efficientnet import EfficientNetB0
from tests.zoo.mixer import MLPMixer
from tests.zoo.mobilenet import MobileNetV1, MobileNetV2, MobileNetV3Small
from tests.zoo.regnet import RegNetX200MF
from tests.zoo.resnet import ResNet18, ResNeXt
from tests.zoo.shufflenet import ShuffleNetV2
from tests.zoo.squeezenet import SqueezeNet
from tests.zoo.unet import UNet, UpBilinear, UpNearest, UpTransposed
from tests.zoo.vgg import VGG11
from tests.zoo.vit import VisionTransformer

PUBLISHED: dict[str, tuple[Callable[[], nn.Module], int]] = {
    "squeezenet": (SqueezeNet, 1_235_496),
    "mobilenetv2": (MobileNetV2, 3_504_872),
    "mobilenetv2, width 0.35": (partial(MobileNetV2, width=0.35), 1_677_128),
    "mobilenetv3-small": (MobileNetV3Small, 2_542_856),
    "efficientnet-b0": (EfficientNetB0, 5_288_548),
    "shufflenetv2": (ShuffleNetV2, 1_366_792),
    "resnet18": (ResNet18, 11_173_962),
    "resnext-29, 8 x 64": (partial(ResNeXt, (3, 3, 3), 8, 64, 256), 34_426_698),
    "regnetx": (RegNetX200MF, 2_684_792),
    "densenet-bc, depth 100": (partial(DenseNet, 100), 769_162),
    "alexnet": (AlexNet, 61_100_840),
    "vgg11": (VGG11, 9_231_114),
    "unet-transposed": (partial(UNet, UpTransposed), 31_037_698),
    "unet-nearest": (partial(UNet, UpNearest), 17_263_042),
    "unet-bilinear": (partial(UNet, UpBilinear), 17_263_042),
    "m5": (M5, 26_915),
    "deit-tiny": (partial(VisionTransformer, 224, 16, 1000), 5_717_416),
    "mixer-s/16": (partial(MLPMixer, 224, 16, 1000, 512, 8), 18_528_264),
}
"""Networks in their published sizes, and their numbers of parameters."""

MLPERF: dict[str, tuple[Callable[[], nn.Module], int]] = {
    "mlperf-resnet8": (of_project("resnet8"), 78_666),
    "mlperf-dscnn": (of_project("dscnn"), 24_908),
    "mlperf-mobilenet": (MobileNetV1, 221_794),
    "mlperf-autoencoder": (DenseAutoencoder, 269_992),
}
"""MLPerf Tiny counts the statistics of batch-norms as well."""


def parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def statistics(model: nn.Module) -> int:
    return sum(value.numel() for name, value in model.named_buffers() if "running" in name)


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_are_as_many_as_published(name: str) -> None:
    make, published = PUBLISHED[name]
    with torch.device("meta"):
        assert parameters(make()) == published


@pytest.mark.parametrize("name", MLPERF)
def test_networks_of_mlperf_tiny_are_as_large_as_published(name: str) -> None:
    make, published = MLPERF[name]
    with torch.device("meta"):
        model = make()
        assert parameters(model) + statistics(model) == published


def test_names_are_unique() -> None:
    assert len({network.name for network in NETWORKS}) == len(NETWORKS)


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
def test_outputs_differ_from_each_other_and_from_input_to_input(network: Network) -> None:
    """Wrong results must not hide behind outputs that are all zero, equal or infinite."""
    with single_thread(), torch.no_grad():
        outputs = network.model()(network.draw(4))
    rows = outputs.reshape(4 * network.batch, -1)
    assert torch.isfinite(rows).all()
    assert 1e-3 < rows.std() < 1e3
    assert rows.std(dim=0).median() > 0.01 * rows.std()
    assert rows.std(dim=1).median() > 0.01 * rows.std()
    assert (rows[0] == 0).sum() <= rows.shape[1] // 2


@pytest.mark.parametrize("name", ["mobilenetv2", "unet-transposed", "lstm"])
def test_int8_represents_the_weights_exactly(name: str) -> None:
    for module in BY_NAME[name].model().modules():
        for own, value in module.named_parameters(recurse=False):
            if "weight" not in own or value.dim() < 2:
                continue
            if isinstance(module, nn.ConvTranspose2d):
                value = value.permute(1, 2, 3, 0)
                value = value.reshape(-1, value.shape[-1])
            rows = value.detach().reshape(len(value), -1).numpy()
            steps, scale = quantize_weight(rows, "per_channel")
            assert (steps * scale[:, None] == rows).all()


def test_values_are_always_the_same() -> None:
    network = BY_NAME["mlperf-dscnn"]
    first, second = (network.model().state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["1.running_mean"], torch.zeros(64))
    assert torch.equal(network.draw(2), network.draw(2))
