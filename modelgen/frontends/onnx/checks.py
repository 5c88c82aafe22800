"""What is wrong with a model before any of its nodes is looked at: versions, inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from modelgen.frontends.nodes.refusals import of_model
from modelgen.frontends.onnx.package import import_onnx
from modelgen.frontends.onnx.types import RUN_TIME, type_name
from modelgen.frontends.torch_export.complaints import Complaint

OLDEST = 13
"""The first version of ONNX's operators that is supported."""

_HIGHEST = 2**31 - 1


def inputs_of(model: Any) -> list[Any]:
    """Return the inputs of a model, without those that are only names of initializers."""
    fixed = {tensor.name for tensor in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in fixed]


def opset_of(model: Any) -> int:
    """Return the version of the operators of ONNX in a model; 0 if it names none."""
    versions = (each.version for each in model.opset_import if not each.domain)
    return int(next(versions, 0))


def batch_of(model: Any, wanted: int | None = None) -> int:
    """Return the samples that one inference takes.

    Args:
        model: an onnx.ModelProto.
        wanted: by the user; None: those of its first input, or 1 if that leaves them open.
    """
    return wanted or next(iter(_batches(model).values()), 1)


def _batches(model: Any) -> dict[str, int]:
    """Return the first dimension of each input in which it is fixed."""
    shapes = {value.name: value.type.tensor_type.shape.dim for value in inputs_of(model)}
    sizes = {name: int(shape[0].dim_value) for name, shape in shapes.items() if shape}
    return {name: size for name, size in sizes.items() if size > 0}


def complaints_about(model: Any, batch: int) -> Iterator[Complaint]:
    """Yield what is wrong with an onnx.ModelProto as a whole; see `about_input`."""
    if model.graph.sparse_initializer:
        names = ", ".join(f"'{each.values.name}'" for each in model.graph.sparse_initializer)
        yield of_model(f"The model has sparse tensors: {names}", "Save them as dense tensors.")
    if not inputs_of(model):
        yield of_model("The model has no inputs, so its outputs are always the same")
    for name, size in _batches(model).items():
        if size != batch:
            yield of_model(
                f"The input '{name}' takes a batch of {size}, not of {batch}",
                "The first dimension of all inputs must be the batch.",
            )


def about_versions(model: Any) -> Iterator[Complaint]:
    """Yield what is wrong with the versions of operators that an onnx.ModelProto has."""
    for each in model.opset_import:
        if not 0 <= each.version <= _HIGHEST:
            yield of_model(
                f"The model has the version {each.version} of the operators of '{each.domain}'; "
                f"expected 0 to {_HIGHEST}"
            )
            return
    version, newest = opset_of(model), import_onnx().defs.onnx_opset_version()
    if version < OLDEST:
        yield of_model(
            f"The model has the operators of opset {version}; supported: {OLDEST} to {newest}",
            f"Convert it with onnx.version_converter.convert_version(model, {OLDEST}).",
        )
    if version > newest:
        yield of_model(
            f"The model has the operators of opset {version}; the installed package 'onnx' knows "
            f"those up to {newest}",
            "Install a newer one, or export the model with an older opset.",
        )


def about_input(value: Any, kinds: Mapping[int, str] = RUN_TIME) -> Iterator[Complaint]:
    """Yield what is wrong with an input; only its first dimension, the batch, may be open.

    Args:
        value: the input.
        kinds: types that its elements may have.
    """
    about = f"The input '{value.name}'"
    if not value.type.HasField("tensor_type"):
        yield of_model(f"{about} is a sequence, map or optional value; expected a tensor")
        return
    tensor = value.type.tensor_type
    if tensor.elem_type not in kinds:
        supported = ", ".join(map(type_name, kinds))
        yield of_model(
            f"{about} has elements of the type {type_name(tensor.elem_type)}; supported: "
            f"{supported}"
        )
    if not tensor.HasField("shape") or not tensor.shape.dim:
        yield of_model(f"{about} has no dimensions; the first must be the batch", _FIX)
        return
    for axis, dimension in enumerate(tensor.shape.dim[1:], 1):
        if not dimension.HasField("dim_value") or dimension.dim_value < 1:
            name = dimension.dim_param or "?"
            yield of_model(f"{about} has an open dimension {axis}, '{name}'; {_ONLY}", _FIX)


_ONLY = "only the first, the batch, may be open"
_FIX = (
    "Fix it: python -m onnxruntime.tools.make_dynamic_shape_fixed --input_name NAME --input_shape "
    "1,3,224,224 in.onnx out.onnx."
)
