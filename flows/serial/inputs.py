"""The user's inputs for inference: NumPy files and pictures.

A file holds samples: a picture one, an array (.npy) or an archive of arrays (.npz) any number. A
model with several inputs takes archives, with an array for each argument of forward().
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from flows.errors import HeepstorError
from modelgen.arithmetic.integer.quantization import OWN, Quantization
from modelgen.samples import DTYPES

if TYPE_CHECKING:
    from PIL import Image

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")


@dataclass(frozen=True)
class Inputs:
    """Named samples, and the rows of inferences that take them."""

    names: list[str]
    rows: np.ndarray
    """Of the model's type, shape (inferences, values of one), in the device's layout. There can be
    more samples in it than names: the last batch is filled up."""


def check_present(paths: list[Path]) -> None:
    """Raise HeepstorError if a file is missing; called before anything is built for it."""
    for path in paths:
        if not path.is_file():
            raise HeepstorError(f"{path} is not a file; check the path.")


class Form:
    """The form of one input, in PyTorch and on the device."""

    def __init__(
        self,
        shape: Sequence[int],
        order: Sequence[int],
        element: str = "fp32",
        quantization: Mapping[str, Any] | None = None,
    ) -> None:
        """Take the form of a batch.

        Args:
            shape: shape on the device.
            order: PyTorch's dimensions in the device's order; in PyTorch, the batch is first.
            element: type of the values, "fp32" or "int8".
            quantization: scale and zero point of integers, if they stand for numbers.
        """
        self.element = element
        """Type of the values."""
        self._quantization = Quantization(**quantization) if quantization else None
        self.order = tuple(order)
        """PyTorch's dimensions in the device's order."""
        self.batch, *features = (shape[self.order.index(axis)] for axis in range(len(shape)))
        self.shape = tuple(features)
        """Shape in PyTorch, without the batch."""

    def of_numbers(self, values: np.ndarray) -> np.ndarray:
        """Return numbers in the type of the values."""
        if self.element == "fp32" or self._quantization is None:
            return values
        return self._quantization.quantize(values, OWN)

    def rows(self, samples: np.ndarray) -> np.ndarray:
        """Return samples in PyTorch's shape as rows of inferences, in the device's order."""
        batches = samples.reshape(-1, self.batch, *self.shape)
        moved = batches.transpose(0, *(axis + 1 for axis in self.order))
        return np.ascontiguousarray(moved, DTYPES[self.element]).reshape(len(batches), -1)


def read(paths: list[Path], forms: Mapping[str, Form], pixels: dict | None) -> Inputs:
    """Read files. Raises HeepstorError if the content does not suit the model.

    Args:
        paths: of the files.
        forms: argument of forward() -> its form.
        pixels: the means and deviations that normalize pixels of 0 .. 1; None: pictures are
            rejected.
    """
    names: list[str] = []
    parts: dict[str, list[np.ndarray]] = {argument: [] for argument in forms}
    for path in paths:
        samples = _samples(path, forms, pixels)
        for argument, values in samples.items():
            parts[argument].append(values)
        count = len(next(iter(samples.values())))
        names += [path.name] if count == 1 else [f"{path.name}[{i}]" for i in range(count)]
    rows = [form.rows(_filled_up(parts[name], form.batch)) for name, form in forms.items()]
    return Inputs(names, np.concatenate(rows, axis=1))


def _filled_up(parts: list[np.ndarray], batch: int) -> np.ndarray:
    """Return whole batches of samples, repeating the last one if necessary."""
    samples = np.concatenate(parts)
    return np.concatenate([samples, samples[-1:].repeat(-len(samples) % batch, axis=0)])


def _samples(path: Path, forms: Mapping[str, Form], pixels: dict | None) -> dict[str, np.ndarray]:
    """Return the samples in a file: argument -> values in PyTorch's shape, as many for each."""
    if len(forms) > 1:
        return _archive(path, forms)
    ((argument, form),) = forms.items()
    if path.suffix.lower() in PICTURES:
        return {argument: form.of_numbers(_picture(path, form.shape, pixels))}
    found = _loaded(path, f"a NumPy file (.npy) nor a picture ({', '.join(PICTURES)})")
    if not isinstance(found, np.ndarray):
        raise HeepstorError(f"{path} has several arrays; save a single one with numpy.save().")
    return {argument: _array(str(path), found, form)}


def _archive(path: Path, forms: Mapping[str, Form]) -> dict[str, np.ndarray]:
    """Return the samples in a .npz file, for a model with several inputs."""
    arguments = ", ".join(forms)
    found = _loaded(path, f"an array nor an archive of arrays (.npz) for the inputs {arguments}")
    if isinstance(found, np.ndarray):
        raise HeepstorError(
            f"{path} has a single array, but the model has the inputs {arguments}. Save an archive "
            f"with numpy.savez({path.stem!r}, {', '.join(f'{name}=...' for name in forms)})."
        )
    if sorted(found) != sorted(forms):
        raise HeepstorError(f"{path} has the arrays {', '.join(found)}; expected {arguments}.")
    samples = {
        name: _array(f"'{name}' in {path}", found[name], form) for name, form in forms.items()
    }
    if len({len(values) for values in samples.values()}) > 1:
        counts = ", ".join(f"{len(values)} of '{name}'" for name, values in samples.items())
        raise HeepstorError(f"{path} has different numbers of samples: {counts}.")
    return samples


def _loaded(path: Path, expected: str) -> np.ndarray | dict[str, np.ndarray]:
    """Return what is in a NumPy file: an array, or several by their names."""
    try:
        with path.open("rb") as file:
            found = np.load(file, allow_pickle=False)
            return found if isinstance(found, np.ndarray) else dict(found)
    except Exception as error:  # A malformed file can fail in any part of NumPy's parsers.
        raise HeepstorError(f"{path} is neither {expected}: {error}") from error


def _array(what: str, values: np.ndarray, form: Form) -> np.ndarray:
    """Return samples with a count first; their dimensions are in PyTorch's order."""
    wanted = form.shape
    if values.dtype.kind not in "fiub":
        raise HeepstorError(f"{what} has type {values.dtype}, which cannot be converted to FP32.")
    single = {wanted, wanted[1:]} if len(wanted) == 3 and wanted[0] == 1 else {wanted}
    if values.shape in single:
        values = values[None]
    if values.shape[1:] not in single or len(values) == 0:
        sizes = " x ".join(map(str, wanted))
        raise HeepstorError(
            f"{what} has the shape {values.shape}; expected {sizes}, or N x {sizes} for several."
        )
    values = values.reshape(-1, *wanted)
    if form.element == "int8":
        return _integers(what, values)
    with np.errstate(over="ignore"):
        values = values.astype(np.float32)
    if not np.isfinite(values).all():
        raise HeepstorError(f"{what} has values that are NaN or infinite.")
    return values


def _integers(what: str, values: np.ndarray) -> np.ndarray:
    """Return values of any type that are integers of 8 bits."""
    limits = np.iinfo(np.int8)
    if not ((values >= limits.min) & (values <= limits.max) & (values == np.rint(values))).all():
        raise HeepstorError(
            f"{what} has values that are not integers from {limits.min} to {limits.max}, which the "
            "model takes. Quantize them: round(x / kInputScale) + kInputZeroPoint, with the "
            "constants in the generated model.hpp."
        )
    return values.astype(np.int8)


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
