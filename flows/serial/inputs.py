"""Inputs that a user gives for an inference: NumPy files and pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from flows.errors import HeepstorError
from modelgen.ir.channels_last import values_to_layout

if TYPE_CHECKING:
    from PIL import Image

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")


@dataclass(frozen=True)
class Inputs:
    """Named inputs: FP32 of shape (count, values of one), laid out as the device takes them."""

    names: list[str]
    values: np.ndarray


def check_present(paths: list[Path]) -> None:
    """Raises HeepstorError if a file is missing; says so before anything is built for it."""
    for path in paths:
        if not path.is_file():
            raise HeepstorError(f"there is no file {path}.")


def read(paths: list[Path], shape: tuple[int, ...], pixels: dict | None) -> Inputs:
    """Reads files. Raises HeepstorError that says what a file must hold.

    `shape` is one input's shape on the device (rows, columns, channels; or values). `pixels` are
    means and deviations by which pixels of 0 .. 1 become inputs; None: pictures are refused.
    """
    names, parts = [], []
    for path in paths:
        is_picture = path.suffix.lower() in PICTURES
        values = _picture(path, shape, pixels) if is_picture else _array(path, shape)
        parts.append(values)
        count = len(values)
        names += [path.name] if count == 1 else [f"{path.name}[{i}]" for i in range(count)]
    return Inputs(names, np.concatenate(parts))


def _array(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """Inputs of a .npy file, with PyTorch's order of dimensions."""
    try:
        with path.open("rb") as file:
            values = np.load(file, allow_pickle=False)
    except Exception as error:  # What is no NumPy file can fail in any part of NumPy's parsers.
        raise HeepstorError(
            f"{path} is neither a NumPy file (.npy) nor a picture ({', '.join(PICTURES)}): {error}"
        ) from error
    if not isinstance(values, np.ndarray):
        raise HeepstorError(f"{path} holds several arrays; save one, with numpy.save().")
    if values.dtype.kind not in "fiub":
        raise HeepstorError(f"{path} holds {values.dtype}, no numbers that can be made FP32.")
    wanted = _torch_shape(shape)
    single = {wanted, wanted[1:]} if len(wanted) == 3 and wanted[0] == 1 else {wanted}
    if values.shape in single:
        values = values[None]
    if values.shape[1:] not in single or len(values) == 0:
        sizes = " x ".join(map(str, wanted))
        raise HeepstorError(
            f"{path} has the shape {values.shape}; it must be {sizes}, or N x {sizes} for several."
        )
    with np.errstate(over="ignore"):
        values = values.reshape(-1, *wanted).astype(np.float32)
    if not np.isfinite(values).all():
        raise HeepstorError(f"{path} holds values that are NaN or infinite.")
    return values_to_layout(values).reshape(len(values), -1)


def _picture(path: Path, shape: tuple[int, ...], pixels: dict | None) -> np.ndarray:
    """A picture, made as large as the model takes it, with the pixels' mean taken out."""
    from PIL import Image

    if len(shape) != 3 or shape[2] not in (1, 3):
        raise HeepstorError(f"{path} is a picture, but the model takes no pictures. Give a .npy.")
    if pixels is None:
        raise HeepstorError(
            f"{path} is a picture, and the project does not say how pixels become inputs. Give a "
            ".npy, or have data() return Data(..., pixels=Pixels(means, deviations))."
        )
    rows, columns, channels = shape
    picture = _opened(path).convert("L" if channels == 1 else "RGB")
    if picture.size != (columns, rows):
        picture = picture.resize((columns, rows), Image.Resampling.BOX)
    values = np.asarray(picture, np.float32).reshape(shape) / np.float32(255)
    mean, deviation = np.float32(pixels["means"]), np.float32(pixels["deviations"])
    return ((values - mean) / deviation).astype(np.float32).reshape(1, -1)


def _opened(path: Path) -> Image.Image:
    """A picture of 8 bits a channel, nothing of which is transparent."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            image.load()
            if image.mode.startswith("I"):
                # Grey of 16 bits, which Pillow would not scale but cut off at 255.
                return Image.fromarray((np.asarray(image) // 257).astype(np.uint8))
            is_transparent = image.has_transparency_data and _least_alpha(image) < 255
    except Exception as error:  # What is no picture can fail in any part of Pillow's decoders.
        raise HeepstorError(f"{path} cannot be read as a picture: {error}") from error
    if is_transparent:
        raise HeepstorError(
            f"parts of {path} are transparent, and nothing says what is to be seen behind them. "
            "Save it without transparency."
        )
    return image


def _least_alpha(image: Image.Image) -> int:
    return int(np.asarray(image.convert("RGBA").getchannel("A")).min())


def _torch_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of an input in PyTorch: channels first."""
    return (shape[2], *shape[:2]) if len(shape) == 3 else shape
