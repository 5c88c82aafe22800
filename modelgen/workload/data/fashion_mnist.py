"""Fashion-MNIST: images of clothes, 28 x 28 pixels, ten classes; or synthetic patterns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from modelgen.workload.data import Data
from modelgen.workload.data.idx_set import CLASSES, SIDE, IdxSet
from modelgen.workload.data.synthetic import patterns

MIRRORS = (
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
)
SET = IdxSet(
    name="Fashion-MNIST",
    folder="fashion_mnist",
    packed={
        "train-images-idx3-ubyte": (
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"
        ),
        "train-labels-idx1-ubyte": (
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"
        ),
        "t10k-images-idx3-ubyte": (
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"
        ),
        "t10k-labels-idx1-ubyte": (
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"
        ),
    },
    mean=0.2860,
    deviation=0.3530,
)

_SEED = 1


def load(folder: Path, mirrors: Sequence[str] = MIRRORS) -> Data:
    """Return the images, normalized, as FP32 of shape (count, 1, 28, 28).

    They are read from $HEEPSTOR_DATA/fashion_mnist or `folder`/fashion_mnist, or downloaded to it;
    see `IdxSet.load`. Without a network, synthetic patterns are used, and the result's note says
    so.

    Raises:
        ModelError: a file is truncated, damaged or wrong, or only some of the files exist.
    """
    return SET.load(folder, mirrors, _synthetic)


def _synthetic(reason: str) -> Data:
    note = f"{reason} Using synthetic patterns instead: accuracy says nothing about real images."
    return patterns("Fashion-MNIST", (1, SIDE, SIDE), CLASSES, _SEED, note)
