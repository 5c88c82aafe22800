"""MNIST: handwritten digits, 28 x 28 pixels; or scikit-learn's digits if it is unavailable."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from modelgen.workload.data import Data
from modelgen.workload.data.idx_set import SIDE, IdxSet
from modelgen.workload.data.images import bilinear_matrix

MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist",
    "https://ossci-datasets.s3.amazonaws.com/mnist",
)
SET = IdxSet(
    name="MNIST",
    folder="mnist",
    packed={
        "train-images-idx3-ubyte": (
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"
        ),
        "train-labels-idx1-ubyte": (
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"
        ),
        "t10k-images-idx3-ubyte": (
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"
        ),
        "t10k-labels-idx1-ubyte": (
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"
        ),
    },
    unpacked={
        "train-images-idx3-ubyte": (
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
        ),
        "train-labels-idx1-ubyte": (
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
        ),
        "t10k-images-idx3-ubyte": (
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
        ),
        "t10k-labels-idx1-ubyte": (
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
        ),
    },
    mean=0.1307,
    deviation=0.3081,
)

_DIGITS_TEST_SHARE = 0.2


def load(folder: Path, mirrors: Sequence[str] = MIRRORS) -> Data:
    """Return the digits, normalized, as FP32 of shape (count, 1, 28, 28).

    They are read from $HEEPSTOR_DATA/mnist or `folder`/mnist, or downloaded to it; see
    `IdxSet.load`. Without a network, the 1,797 digits of scikit-learn are used, scaled to 28 x 28,
    and the result's note says so.

    Raises:
        ModelError: a file is truncated, damaged or wrong, or only some of the files exist.
    """
    return SET.load(folder, mirrors, _digits)


def _digits(reason: str) -> Data:
    from sklearn.datasets import load_digits

    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.target))
    enlarge = bilinear_matrix(digits.images.shape[1], SIDE)
    images = enlarge @ (digits.images[order].astype(np.float32) / 16.0) @ enlarge.T
    pixels, labels = SET.normalize(images), digits.target[order].astype(np.int64)
    split = int(len(labels) * _DIGITS_TEST_SHARE)
    return Data(
        "scikit-learn digits",
        pixels[:split],
        labels[:split],
        pixels[split:],
        labels[split:],
        f"{reason} Using the 1,797 handwritten digits of scikit-learn instead, scaled to 28 x 28.",
        SET.pixels,
    )
