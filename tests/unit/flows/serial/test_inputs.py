"""Inputs that users give: arrays and pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from flows.errors import HeepstorError
from flows.serial import inputs

PIXELS = {"means": [0.5], "deviations": [0.25]}


def form(*shape: int) -> dict[str, inputs.Form]:
    """Return the form of an input that has this shape on the device: feature maps, or values."""
    order = (0, 2, 3, 1) if len(shape) == 3 else range(1 + len(shape))
    return {"x": inputs.Form((1, *shape), order)}


def saved(tmp_path: Path, array: np.ndarray) -> Path:
    path = tmp_path / "input.npy"
    np.save(path, array)
    return path


@pytest.mark.parametrize("shape", [(2, 3), (1, 2, 3), (1, 1, 2, 3), (5, 1, 2, 3), (5, 2, 3)])
def test_arrays_with_and_without_a_count(tmp_path: Path, shape: tuple) -> None:
    array = np.arange(np.prod(shape)).reshape(shape)
    found = inputs.read([saved(tmp_path, array)], form(2, 3, 1), None)
    count = 5 if shape[0] == 5 else 1
    assert found.rows.dtype == np.float32
    assert np.array_equal(found.rows, array.reshape(count, -1))
    assert found.names == (["input.npy"] if count == 1 else [f"input.npy[{i}]" for i in range(5)])


def test_channels_go_to_the_end_as_the_device_takes_them(tmp_path: Path) -> None:
    array = np.arange(24, dtype=np.float32).reshape(1, 3, 2, 4)
    found = inputs.read([saved(tmp_path, array)], form(2, 4, 3), None)
    assert np.array_equal(found.rows.reshape(2, 4, 3), array[0].transpose(1, 2, 0))


def test_plain_values(tmp_path: Path) -> None:
    assert inputs.read([saved(tmp_path, np.ones(7))], form(7), None).rows.shape == (1, 7)
    assert inputs.read([saved(tmp_path, np.ones((3, 7)))], form(7), None).rows.shape == (3, 7)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.ones((2, 4)), r"has the shape \(2, 4\); expected 1 x 2 x 3"),
        (np.ones((0, 2, 3)), "has the shape"),
        (np.ones((1, 1, 1, 2, 3)), "has the shape"),
        (np.array([["a"] * 3] * 2), "cannot be converted"),
        (np.full((2, 3), np.nan), "NaN or infinite"),
        (np.full((2, 3), 1e300), "NaN or infinite"),
        (np.ones((2, 3), complex), "cannot be converted"),
    ],
)
def test_arrays_that_are_refused(tmp_path: Path, array: np.ndarray, message: str) -> None:
    with pytest.raises(HeepstorError, match=message):
        inputs.read([saved(tmp_path, array)], form(2, 3, 1), PIXELS)


def test_a_picture_becomes_as_large_as_the_model_takes_it(tmp_path: Path) -> None:
    path = tmp_path / "bar.png"
    pixels = np.zeros((8, 12), np.uint8)
    pixels[:, 8:] = 255
    Image.fromarray(pixels).save(path)
    found = inputs.read([path], form(2, 3, 1), PIXELS)
    assert found.rows.reshape(2, 3).tolist() == [[-2, -2, 2], [-2, -2, 2]]
    assert found.names == ["bar.png"]


def test_colours_stay_where_they_are(tmp_path: Path) -> None:
    path = tmp_path / "red.png"
    Image.new("RGB", (2, 1), (255, 0, 51)).save(path)
    pixels = {"means": [0, 0, 0], "deviations": [1, 1, 0.5]}
    found = inputs.read([path], form(1, 2, 3), pixels)
    np.testing.assert_allclose(found.rows, [[1, 0, 0.4, 1, 0, 0.4]], rtol=1e-6)


def test_grey_of_16_bits_keeps_its_shades(tmp_path: Path) -> None:
    path = tmp_path / "grey.png"
    Image.fromarray(np.array([[0, 0x8000, 0xFFFF]], np.uint16)).save(path)
    found = inputs.read([path], form(1, 3, 1), {"means": [0], "deviations": [1]})
    np.testing.assert_allclose(found.rows, [[0, 0.5, 1]], atol=0.5 / 255)


def test_only_what_is_transparent_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    picture = Image.new("RGBA", (3, 2), (255, 255, 255, 255))
    picture.save(path)
    assert inputs.read([path], form(2, 3, 1), PIXELS).rows.tolist() == [[2] * 6]
    picture.putpixel((1, 1), (255, 255, 255, 200))
    picture.save(path)
    with pytest.raises(HeepstorError, match="are transparent"):
        inputs.read([path], form(2, 3, 1), PIXELS)


@pytest.mark.parametrize(
    ("content", "shape", "pixels", "message"),
    [
        (b"no picture", (2, 3, 1), PIXELS, "cannot be read as a picture"),
        (b"\x89PNG\r\n\x1a\n" + bytes(4) + b"IHDR", (2, 3, 1), PIXELS, "cannot be read as"),
        (b"", (7,), PIXELS, "the model's input is not"),
        (b"", (2, 3, 1), None, r"does not say how pixels become inputs.*pixels=Pixels"),
    ],
)
def test_pictures_that_are_refused(tmp_path: Path, content, shape, pixels, message) -> None:
    path = tmp_path / "input.png"
    path.write_bytes(content)
    with pytest.raises(HeepstorError, match=message):
        inputs.read([path], form(*shape), pixels)


def test_files_that_are_not_there_or_nothing(tmp_path: Path) -> None:
    with pytest.raises(HeepstorError, match=r"none\.npy is not a file"):
        inputs.check_present([tmp_path / "none.npy"])
    path = tmp_path / "text.npy"
    # Text; an archive that is none; a header that ends too early.
    for content in (b"text", b"PK\x03\x04text", b"\x93NUMPY\x01\0\x08\0{'descr'"):
        path.write_bytes(content)
        with pytest.raises(HeepstorError, match="neither a NumPy file"):
            inputs.read([path], form(7), None)


def test_the_last_batch_is_filled_up_with_the_last_sample(tmp_path: Path) -> None:
    two = {"x": inputs.Form((2, 3), (0, 1))}
    found = inputs.read([saved(tmp_path, np.arange(9).reshape(3, 3))], two, None)
    assert found.rows.tolist() == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 6, 7, 8]]
    assert len(found.names) == 3


def test_the_batch_need_not_be_first_on_the_device(tmp_path: Path) -> None:
    """A model that begins with a transposition takes its sequences step by step."""
    steps_first = {"x": inputs.Form((3, 2, 1), (1, 0, 2))}
    found = inputs.read([saved(tmp_path, np.arange(6).reshape(2, 3, 1))], steps_first, None)
    assert found.rows.tolist() == [[0, 3, 1, 4, 2, 5]]


SEVERAL = {"tokens": inputs.Form((2, 3), (0, 1)), "image": inputs.Form((2, 2, 2, 1), (0, 2, 3, 1))}


def archive(tmp_path: Path, **arrays: np.ndarray) -> Path:
    np.savez(tmp_path / "samples.npz", **arrays)
    return tmp_path / "samples.npz"


def test_archives_for_several_inputs(tmp_path: Path) -> None:
    tokens = np.arange(12).reshape(4, 3)
    image = 100 + np.arange(16).reshape(4, 1, 2, 2)
    found = inputs.read([archive(tmp_path, image=image, tokens=tokens)], SEVERAL, None)
    first = [0, 1, 2, 3, 4, 5, *range(100, 108)]
    assert found.rows.tolist() == [first, [6, 7, 8, 9, 10, 11, *range(108, 116)]]
    assert found.names == [f"samples.npz[{i}]" for i in range(4)]
    alone = inputs.read([archive(tmp_path, image=image[0, 0], tokens=tokens[0])], SEVERAL, None)
    assert alone.names == ["samples.npz"]
    assert alone.rows.tolist() == [[0, 1, 2, 0, 1, 2, *[100, 101, 102, 103] * 2]]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"tokens": np.ones(3)}, "has the arrays tokens; expected tokens, image"),
        ({"tokens": np.ones(4), "image": np.ones((2, 2))}, r"'tokens' in .*npz has the shape \(4,"),
        (
            {"tokens": np.ones((2, 3)), "image": np.ones((3, 1, 2, 2))},
            "different numbers of samples: 2 of 'tokens', 3 of 'image'",
        ),
    ],
)
def test_archives_that_are_refused(tmp_path: Path, arrays: dict, message: str) -> None:
    with pytest.raises(HeepstorError, match=message):
        inputs.read([archive(tmp_path, **arrays)], SEVERAL, None)


def test_one_array_for_several_inputs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HeepstorError, match=r"the inputs tokens, image. Save an archive with"):
        inputs.read([saved(tmp_path, np.ones(3))], SEVERAL, None)
    with pytest.raises(HeepstorError, match="has several arrays; save a single one"):
        inputs.read([archive(tmp_path, x=np.ones(3))], form(3), None)


BYTES = {"x": inputs.Form((1, 2, 3), (0, 1, 2), "int8")}


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.float32])
def test_integers_of_any_type_stay_what_they_are(tmp_path: Path, dtype: type) -> None:
    array = np.array([[-128, -1, 0], [1, 5, 127]], dtype)
    rows = inputs.read([saved(tmp_path, array)], BYTES, None).rows
    assert rows.dtype == np.int8 and rows.tolist() == [array.reshape(-1).tolist()]


def test_pictures_are_quantized(tmp_path: Path) -> None:
    path = tmp_path / "bar.png"
    Image.fromarray(np.array([[0, 51, 255]], np.uint8)).save(path)
    meaning = {"scale": 0.5, "zero_point": 10}
    taken = {"x": inputs.Form((1, 1, 3, 1), (0, 2, 3, 1), "int8", meaning)}
    rows = inputs.read([path], taken, PIXELS).rows
    # Of -2, -1.2 and 2.
    assert rows.dtype == np.int8 and rows.tolist() == [[6, 8, 14]]


@pytest.mark.parametrize("value", [128, -129, 0.5, np.nan])
def test_other_numbers_are_no_integers_of_8_bits(tmp_path: Path, value: float) -> None:
    array = np.full((2, 3), value)
    with pytest.raises(HeepstorError, match=r"not integers from -128 to 127.*kInputScale"):
        inputs.read([saved(tmp_path, array)], BYTES, None)
