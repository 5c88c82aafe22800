"""The user's inputs for inference: NumPy files and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from flows.errors import HeepstorError

if TYPE_CHECKING:
    from PIL import Image

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")


@dataclass(frozen=True)
class Inputs:
    """Named inputs: FP32 of shape (count, values of one), in the device's layout."""

    names: list[str]
    values: np.ndarray


def check_present(paths: list[Path]) -> None:
    """Raise HeepstorError if a file is missing; called before anything is built for it."""
    for path in paths:
        if not path.is_file():
            raise HeepstorError(f"{path} is not a file; check the path.")


class Form:
    """The form of one input, in PyTorch and on the device."""

    def __init__(self, shape: Sequence[int], order: Sequence[int]) -> None:
        """Take the form of a batch.

        Args:
            shape: shape on the device, the batch first.
            order: PyTorch's dimensions in the device's order, the batch first.
        """
        self.order = tuple(axis - 1 for axis in order[1:])
        """PyTorch's dimensions, without the batch, in the device's order."""
        self.shape = tuple(shape[1 + self.order.index(axis)] for axis in range(len(self.order)))
        """Shape in PyTorch, without the batch."""

    def rows(self, values: np.ndarray) -> np.ndarray:
        """Return inputs of PyTorch's shape as rows, in the device's order."""
        moved = values.transpose(0, *(axis + 1 for axis in self.order))
        return np.ascontiguousarray(moved, np.float32).reshape(len(values), -1)


def read(paths: list[Path], form: Form, pixels: dict | None) -> Inputs:
    """Read files. Raises HeepstorError if the content does not suit the model.

    `pixels` are the means and deviations that normalize pixels of 0 .. 1; None: pictures are
    rejected.
    """
    names, parts = [], []
    for path in paths:
        is_picture = path.suffix.lower() in PICTURES
        values = _picture(path, form.shape, pixels) if is_picture else _array(path, form.shape)
        parts.append(form.rows(values))
        count = len(values)
        names += [path.name] if count == 1 else [f"{path.name}[{i}]" for i in range(count)]
    return Inputs(names, np.concatenate(parts))


def _array(path: Path, wanted: tuple[int, ...]) -> np.ndarray:
    """Return the inputs in a .npy file, whose dimensions are in PyTorch's order."""
    try:
        with path.open("rb") as file:
            values = np.load(file, allow_pickle=False)
    except Exception as error:  # A malformed file can fail in any part of NumPy's parsers.
        raise HeepstorError(
            f"{path} is neither a NumPy file (.npy) nor a picture ({', '.join(PICTURES)}): {error}"
        ) from error
    if not isinstance(values, np.ndarray):
        raise HeepstorError(f"{path} has several arrays; save a single one with numpy.save().")
    if values.dtype.kind not in "fiub":
        raise HeepstorError(f"{path} has type {values.dtype}, which cannot be converted to FP32.")
    single = {wanted, wanted[1:]} if len(wanted) == 3 and wanted[0] == 1 else {wanted}
    if values.shape in single:
        values = values[None]
    if values.shape[1:] not in single or len(values) == 0:
        sizes = " x ".join(map(str, wanted))
        raise HeepstorError(
            f"{path} has the shape {values.shape}; expected {sizes}, or N x {sizes} for several."
        )
    with np.errstate(over="ignore"):
        values = values.reshape(-1, *wanted).astype(np.float32)
    if not np.isfinite(values).all():
        raise HeepstorError(f"{path} has values that are NaN or infinite.")
    return values


def _picture(path: Path, shape: tuple[int, ...], pixels: dict | None) -> np.ndarray:
    """Return a picture, resized to the model's input, with normalized pixels."""
    from PIL import Image

    if len(shape) != 3 or shape[0] not in (1, 3):
        raise HeepstorError(f"{path} is a picture, but the model's input is not. Use a .npy file.")
    if pixels is None:
        raise HeepstorError(
            f"{path} is a picture, but the project does not say how pixels become inputs. Use a "
            ".npy file, or let data() return Data(..., pixels=Pixels(means, deviations))."
        )
    channels, rows, columns = shape
    picture = _opened(path).convert("L" if channels == 1 else "RGB")
    if picture.size != (columns, rows):
        picture = picture.resize((columns, rows), Image.Resampling.BOX)
    values = np.asarray(picture, np.float32).reshape(rows, columns, channels) / np.float32(255)
    mean, deviation = np.float32(pixels["means"]), np.float32(pixels["deviations"])
    return ((values - mean) / deviation).astype(np.float32).transpose(2, 0, 1)[None]


def _opened(path: Path) -> Image.Image:
    """Return a picture with 8 bits per channel and no transparency."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            image.load()
            if image.mode.startswith("I"):
                # 16-bit grey, which Pillow would not scale but clip at 255.
                return Image.fromarray((np.asarray(image) // 257).astype(np.uint8))
            is_transparent = image.has_transparency_data and _least_alpha(image) < 255
    except Exception as error:  # A malformed file can fail in any part of Pillow's decoders.
        raise HeepstorError(f"{path} cannot be read as a picture: {error}") from error
    if is_transparent:
        raise HeepstorError(
            f"parts of {path} are transparent, and their background is unknown. "
            "Save it without transparency."
        )
    return image


def _least_alpha(image: Image.Image) -> int:
    return int(np.asarray(image.convert("RGBA").getchannel("A")).min())
