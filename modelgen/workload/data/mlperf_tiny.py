"""The INT8 models of MLPerf Tiny, as published, and samples for them.

The models are Apache-2.0, from https://github.com/mlcommons/tiny. Samples are the user's own: they
are read from the same folder, where they are in the form in which the models take them.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from modelgen.errors import ModelError
from modelgen.workload.data import Data
from modelgen.workload.data.checksums import sha256
from modelgen.workload.data.download import DownloadError, download
from modelgen.workload.data.folders import data_set_folder
from modelgen.workload.model_file import FileSource

_COMMIT = "1afd2c9820f795965a6134facd0b4dfae41ef23f"
MIRROR = f"https://raw.githubusercontent.com/mlcommons/tiny/{_COMMIT}/benchmark/training"
_FOLDER = "mlperf_tiny"
_SEED = 5
_RANDOM = 20
"""Random inputs of a model that no samples are known for."""


@dataclass(frozen=True)
class Published(FileSource):
    """A model of the benchmark."""

    name: str
    """Of the file, in the folder of the models."""
    path: str
    """In the published repository, below `MIRROR`."""
    sha256: str

    def find(self, folder: Path) -> Path:
        """Return the file, downloaded on first use; see `FileSource.find`."""
        file = data_set_folder(folder, _FOLDER) / self.name
        if file.is_file():
            if sha256(file.read_bytes()) != self.sha256:
                raise ModelError(
                    f"{file} is not the published model: its checksum is another. Remove it, or "
                    "build it with --model if it is a model of your own."
                )
            return file
        own = folder / _FOLDER / self.name
        if not own.is_file():
            try:
                _download(self, own)
            except DownloadError as error:
                raise ModelError(
                    f"There is no {file}, and it cannot be downloaded: {error}. Copy the file "
                    f"{MIRROR}/{self.path} there."
                ) from error
        return own


def _download(model: Published, target: Path) -> None:
    place, _, name = f"{MIRROR}/{model.path}".rpartition("/")
    download(name, model.sha256, [place], target)


KEYWORDS = Published(
    "kws_int8.tflite",
    "keyword_spotting/trained_models/kws_ref_model.tflite",
    "aeea436800704fce17b17292e4412630ad856e9d777c044c64ef748a880bd0ae",
)
"""DS-CNN: keywords in features of 49 x 10 integers, 12 classes."""
IMAGES = Published(
    "ic_int8.tflite",
    "image_classification/trained_models/pretrainedResnet_quant.tflite",
    "3c002613d1b2475eb51dd78dfb85a546c8ae658dee71cf6ade43b022fe205415",
)
"""ResNet-8: images of CIFAR-10, 10 classes."""
PERSONS = Published(
    "vww_int8.tflite",
    "visual_wake_words/trained_models/vww_96_int8.tflite",
    "597a384c8c2c8a1276f04702f25013b7838f2f814f1ca7c174d295b73e3d6b7b",
)
"""MobileNetV1 0.25: whether there is a person in an image of 96 x 96 pixels."""
ANOMALIES = Published(
    "ad_int8.tflite",
    "anomaly_detection/trained_models/ad01_int8.tflite",
    "87cf24194ef93d1d9b11a591d805526b98008e351655d29883c825c9c106ba24",
)
"""Autoencoder of 640 features of a machine's sound."""


def keywords(folder: Path) -> Data:
    """Return keywords as features and their classes, of kws_first200.npz; else random inputs.

    Args:
        folder: where data sets are kept.
    """
    found = _samples(folder, "kws_first200.npz", "features")
    if found is None:
        return random_inputs((49, 10, 1), "keywords", "kws_first200.npz")
    return Data("MLPerf Tiny keywords", found[0], found[1])


def images(folder: Path) -> Data:
    """Return images of CIFAR-10's test set, of cifar10_test_first200.npz; else random inputs.

    Args:
        folder: where data sets are kept.
    """
    found = _samples(folder, "cifar10_test_first200.npz", "images")
    if found is None:
        return random_inputs((32, 32, 3), "images", "cifar10_test_first200.npz")
    # Pixels from 0 to 255 are integers with the zero point -128.
    return Data("CIFAR-10, first test images", found[0].astype(np.int16) - 128, found[1])


def random_inputs(shape: Sequence[int], what: str = "", file: str = "") -> Data:
    """Return seeded inputs for a model: random integers, and smooth and constant ones.

    Args:
        shape: of an input.
        what: the samples that they replace; "" if there are none.
        file: that would have them, in the folder of the models.
    """
    random = np.random.default_rng(_SEED)
    drawn = random.integers(-128, 128, (_RANDOM, *shape))
    size = int(np.prod(shape))
    steps = np.arange(size).reshape(shape)
    smooth = [np.rint(127 * np.sin(steps * period / size)) for period in (3.0, 40.0, 400.0)]
    constant = [np.full(shape, value) for value in (-128, 0, 127)]
    inputs = np.concatenate([drawn, np.stack([*smooth, *constant])]).astype(np.int8)
    note = (
        f"There is no {file} beside the models: random inputs replace {what}, without accuracy."
        if what
        else ""
    )
    return Data("random inputs", inputs, note=note)


def _samples(folder: Path, file: str, name: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Return inputs and labels of an archive; None if there is no such file."""
    path = data_set_folder(folder, _FOLDER) / file
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as archive:
            return archive[name], archive["labels"]
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ModelError(f"{path} is not an archive with '{name}' and 'labels': {error}") from error
