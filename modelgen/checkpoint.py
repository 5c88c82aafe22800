"""Reads and writes the trained values of a model (a state_dict), whatever device they came from."""

from __future__ import annotations

import os
import pickle
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelgen.errors import ModelError

if TYPE_CHECKING:
    import torch

_WRAPPERS = ("state_dict", "model_state_dict", "model")
"""Keys under which training scripts keep the state_dict beside other things."""
_PARALLEL_PREFIX = "module."


def load_checkpoint(model: torch.nn.Module, path: Path) -> None:
    """Load a state_dict file into a model.

    Raises:
        ModelError: the file is missing, is something else, or does not fit the model.
    """
    state = _state_dict(path)
    expected = model.state_dict()
    missing = [name for name in expected if name not in state]
    unknown = [name for name in state if name not in expected]
    wrong = [
        f"{name} is {_shape(state[name])}, the model's {_shape(expected[name])}"
        for name in expected
        if name in state and state[name].shape != expected[name].shape
    ]
    problems = [
        f"{text}: {', '.join(names[:4])}{' ...' if len(names) > 4 else ''}"
        for text, names in (("missing", missing), ("unknown", unknown), ("of other size", wrong))
        if names
    ]
    if problems:
        raise ModelError(f"Checkpoint {path} does not fit the model: {'; '.join(problems)}.")
    model.load_state_dict(state)


def _state_dict(path: Path) -> dict[str, Any]:
    import torch

    if not path.is_file():
        raise ModelError(f"There is no checkpoint {path}.")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, OSError, EOFError, pickle.UnpicklingError) as error:
        raise ModelError(
            f"Checkpoint {path} is not a state_dict: it is damaged, or it holds a whole model. "
            "Save it with torch.save(model.state_dict(), path)."
        ) from error
    for wrapper in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    if not isinstance(content, Mapping) or not all(hasattr(v, "shape") for v in content.values()):
        raise ModelError(f"Checkpoint {path} is not a state_dict: names and tensors are expected.")
    return {name.removeprefix(_PARALLEL_PREFIX): value for name, value in content.items()}


def _shape(tensor: torch.Tensor) -> str:
    return "x".join(str(size) for size in tensor.shape) or "a scalar"


def save_checkpoint(model: torch.nn.Module, path: Path) -> None:
    """Write a model's state_dict; the file appears complete or not at all."""
    import torch

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        torch.save({n: v.cpu() for n, v in model.state_dict().items()}, temporary)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
