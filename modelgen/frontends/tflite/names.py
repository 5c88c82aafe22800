"""Names of tensors."""

from __future__ import annotations

from modelgen.frontends.tflite.records import ModelRecord


def tensor_names(model: ModelRecord) -> list[str]:
    """Return a name of its own for each tensor: the first of the names that a converter joined.

    Weights can have the name of the layer that they are of; the activation keeps it.
    """
    indices: dict[str, int] = {}
    order = sorted(enumerate(model.tensors), key=lambda pair: pair[1].values is not None)
    for index, tensor in order:
        name = tensor.name.split(";")[0] or f"tensor {index}"
        while name in indices:
            name += f" ({index})"
        indices[name] = index
    return sorted(indices, key=indices.__getitem__)
