"""The IDX format of the MNIST files: a magic number, sizes, then bytes; plain or gzipped."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from modelgen.errors import ModelError

_UNSIGNED_BYTES = 0x08
_ADVICE = "Remove it to have it downloaded, or replace it."


def parse_idx(content: bytes, dimensions: int, path: Path) -> np.ndarray:
    """Return the unsigned bytes of an IDX file's content, in the shape that its header gives.

    Args:
        content: the file's content, decompressed.
        dimensions: expected number of dimensions: 1 for labels, 3 for images.
        path: the file's path, for messages.

    Raises:
        ModelError: the content is truncated, or not in this format.
    """
    header = 4 + 4 * dimensions
    if len(content) < header or content[:4] != bytes((0, 0, _UNSIGNED_BYTES, dimensions)):
        kind = f"an IDX file of bytes with {dimensions} dimensions"
        raise ModelError(f"{path} is not {kind}. {_ADVICE}")
    shape = struct.unpack(f">{dimensions}I", content[4:header])
    expected = math.prod(shape)
    found = len(content) - header
    if found != expected:
        problem = "is truncated" if found < expected else "has trailing bytes"
        raise ModelError(
            f"{path} {problem}: its header announces {expected} bytes, but it has {found}. "
            f"{_ADVICE}"
        )
    return np.frombuffer(content, np.uint8, expected, header).reshape(shape)


def read_content(path: Path) -> bytes:
    """Return a file's content, decompressed if its name ends in .gz.

    Raises:
        ModelError: the file is damaged or cannot be read.
    """
    try:
        raw = path.read_bytes()
        return gzip.decompress(raw) if path.suffix == ".gz" else raw
    except EOFError as error:
        raise ModelError(f"{path} is truncated: the gzip data is incomplete. {_ADVICE}") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise ModelError(f"{path} is damaged: {error}. {_ADVICE}") from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}.") from error
