"""Loading and saving of a model's trained values (its state_dict), from any device."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelgen.errors import ModelError

if TYPE_CHECKING:
    import torch

_WRAPPERS = ("state_dict", "model_state_dict", "model")
"""Keys under which training scripts store the state_dict among other things."""
_PARALLEL_PREFIX = "module."


def load_checkpoint(model: torch.nn.Module, path: Path) -> None:
    """Load a state_dict file into a model.

    Raises:
        ModelError: the file is missing, is not a state_dict, or does not fit the model.
    """
    expected = model.state_dict()
    state = {
        name if name in expected else name.removeprefix(_PARALLEL_PREFIX): value
        for name, value in _state_dict(path).items()
    }
    missing = [name for name in expected if name not in state]
    unknown = [name for name in state if name not in expected]
    wrong = [
        f"{name} is {_shape(state[name])}, but {_shape(expected[name])} in the model"
        for name in expected
        if name in state and state[name].shape != expected[name].shape
    ]
    problems = [
        f"{text}: {', '.join(names[:4])}{' ...' if len(names) > 4 else ''}"
        for text, names in (("missing", missing), ("unknown", unknown), ("wrong shape", wrong))
        if names
    ]
    if problems:
        raise ModelError(f"Checkpoint {path} does not fit the model: {'; '.join(problems)}.")
    model.load_state_dict(state)


def _state_dict(path: Path) -> Mapping[str, Any]:
    import torch

    if not path.is_file():
        raise ModelError(f"There is no checkpoint {path}. Correct the setting 'checkpoint'.")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, OSError, EOFError, pickle.UnpicklingError) as error:
        raise ModelError(
            f"Checkpoint {path} is not a state_dict: it is damaged, or it contains a whole model. "
            "Save it with torch.save(model.state_dict(), path)."
        ) from error
    for wrapper in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    if not isinstance(content, Mapping) or not all(hasattr(v, "shape") for v in content.values()):
        raise ModelError(
            f"Checkpoint {path} is not a state_dict; expected a mapping from names to tensors. "
            "Save it with torch.save(model.state_dict(), path)."
        )
    return content


def _shape(tensor: torch.Tensor) -> str:
    return "x".join(str(size) for size in tensor.shape) or "a scalar"


def save_checkpoint(
    model: torch.nn.Module, path: Path, check: Callable[[Path], None] | None = None
) -> None:
    """Write a model's state_dict, and next to it a file with its SHA-256.

    Each file appears complete or not at all. A crash between the two leaves a checksum that does
    not match, which `load_verified` rejects.

    Args:
        model: the model, which is not modified.
        path: the file to write.
        check: called with the complete file under a temporary name; if it raises, nothing is kept.
    """
    import torch

    path.parent.mkdir(parents=True, exist_ok=True)
    with _complete_file(path) as temporary:
        torch.save({n: v.cpu() for n, v in model.state_dict().items()}, temporary)
        if check is not None:
            check(temporary)
        digest = _digest(temporary)
        with _complete_file(checksum_file(path)) as checksum:
            checksum.write_text(f"{digest}  {path.name}\n", encoding="utf-8")


def checksum_file(path: Path) -> Path:
    """Return the checksum file of a saved checkpoint, in the format of `sha256sum --check`."""
    return path.with_name(f"{path.name}.sha256")


def load_verified(model: torch.nn.Module, path: Path) -> None:
    """Load a file written by `save_checkpoint` into a model, if its checksum matches.

    Raises:
        ModelError: the file or its checksum is missing or damaged, or does not fit the model.
    """
    try:
        recorded = checksum_file(path).read_text(encoding="utf-8").split()[:1]
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{checksum_file(path)} is missing or unreadable.") from error
    if [_digest(path)] != recorded:
        raise ModelError(f"{path} does not match its SHA-256 in {checksum_file(path).name}.")
    load_checkpoint(model, path)


@contextlib.contextmanager
def _complete_file(path: Path) -> Iterator[Path]:
    """Yield a temporary file in the folder of `path`, and rename it to `path` if nothing fails."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
