"""Small float .tflite models: writing them, and comparing what is made of them with LiteRT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import torch

from modelgen.frontends.nodes.builder import Network
from modelgen.frontends.tflite.float_model import build
from modelgen.frontends.tflite.reader import read_model
from modelgen.frontends.tflite.runtime import Reference
from modelgen.frontends.torch_export.import_check import check_import
from modelgen.frontends.torch_export.importer import UnsupportedError, import_with_origins
from modelgen.frontends.torch_export.module_run import run_module
from modelgen.progress import Silent
from tests.support.tflite_models import ModelWriter


def random(*shape: int, seed: int = 1) -> np.ndarray:
    """Return FP32 numbers of both signs."""
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


class FloatWriter(ModelWriter):
    """Collects tensors and operators of a float model, whose inputs have example values."""

    def __init__(self) -> None:
        super().__init__()
        self.examples: dict[int, np.ndarray] = {}
        """Input -> values."""

    def given(self, values: np.ndarray, name: str = "", **details: Any) -> int:
        """Add an input of the model; return its index."""
        kind = {"float32": "FLOAT32", "int32": "INT32", "bool": "BOOL"}[values.dtype.name]
        index = self.tensor(values.shape, kind=kind, name=name, **details)
        self.examples[index] = values
        return index

    def made(
        self, kind: str, inputs: Sequence[int], *, result: str = "FLOAT32", **options: Any
    ) -> int:
        """Add an operator with one output, whose shape LiteRT finds; return the output."""
        return self.operator(kind, inputs, self.tensor((), kind=result), **options)

    def bytes(self, *outputs: int) -> bytes:
        """Return the file."""
        with TemporaryDirectory() as folder:
            return self.write(Path(folder) / "m.tflite", [*self.examples], outputs).read_bytes()


def read(data: bytes) -> Any:
    """Return the record of a file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "m.tflite"
        path.write_bytes(data)
        return read_model(path)


def truth(
    data: bytes, inputs: Sequence[np.ndarray], kernels: str = "BUILTIN_REF"
) -> list[np.ndarray]:
    """Return the outputs of LiteRT; its reference kernels lack some operators."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "m.tflite"
        path.write_bytes(data)
        return Reference(path, kernels).run(inputs)


def compare(
    data: bytes,
    inputs: Sequence[np.ndarray],
    *,
    exact: bool = False,
    tolerance: float = 2e-6,
    kernels: str = "BUILTIN_REF",
) -> Network:
    """Build the module of a file, check that it returns what LiteRT does; return it.

    Args:
        data: the file.
        inputs: values, in the file's order.
        exact: whether all bits have to be equal; otherwise, how far results may be apart is
            `tolerance` times the largest one.
        tolerance: relative to the largest result.
        kernels: those of LiteRT.
    """
    wanted = truth(data, inputs, kernels)
    network = build(read(data))
    with torch.no_grad():
        got = network.module(*(torch.from_numpy(each.copy()) for each in inputs))
    results = got if isinstance(got, tuple) else (got,)
    assert len(results) == len(wanted)
    for result, expected in zip(results, wanted, strict=True):
        value = result.numpy()
        assert value.shape == expected.shape
        if exact:
            np.testing.assert_array_equal(value, expected)
        else:
            limit = tolerance * max(float(np.abs(expected).max(initial=0)), 1e-30)
            np.testing.assert_allclose(value, expected, rtol=0, atol=limit)
    return network


def imported(network: Network, inputs: Sequence[np.ndarray]) -> Any:
    """Import a network as a graph, compare the graph with the module; return the graph."""
    inputs = [
        values.astype(argument.type)
        for values, argument in zip(inputs, network.arguments, strict=True)
    ]
    found = import_with_origins(network.module, network.arguments, network.batch)
    outputs = run_module(network.module, inputs, network.batch, Silent())
    flat = [output.reshape(len(inputs[0]), -1) for output in outputs]
    check_import(found, inputs, np.concatenate(flat, axis=1))
    return found.graph


def one(
    kind: str,
    inputs: Sequence[np.ndarray],
    constants: Mapping[int, np.ndarray] | None = None,
    *,
    result: str = "FLOAT32",
    outputs: int = 1,
    **options: Any,
) -> bytes:
    """Return a file of one operator.

    Args:
        kind: the operator.
        inputs: values that the model gets.
        constants: position -> value of the operator's other inputs.
        result: type of the outputs.
        outputs: their number.
        options: by the names of the schema.
    """
    writer = FloatWriter()
    given = iter([writer.given(each) for each in inputs])
    fixed = {at: writer.constant(values) for at, values in (constants or {}).items()}
    read = [fixed[at] if at in fixed else next(given) for at in range(len(inputs) + len(fixed))]
    written = [writer.tensor((), kind=result) for _ in range(outputs)]
    writer.operator(kind, read, written, **options)
    return writer.bytes(*written)


def agree(kind: str, inputs: Sequence[np.ndarray], *args: Any, **details: Any) -> None:
    """Compare a file of one operator with LiteRT; arguments of `one` and `compare`."""
    how = {name: details.pop(name) for name in ("exact", "tolerance", "kernels") if name in details}
    compare(one(kind, inputs, *args, **details), inputs, **how)


def graph_of(data: bytes, inputs: Sequence[np.ndarray]) -> Any:
    """Compare a file with LiteRT, and its graph with its module; return the graph."""
    return imported(compare(data, inputs), inputs)


def refusals(data: bytes) -> list[str]:
    """Return why a file is refused."""
    with pytest.raises(UnsupportedError) as caught:
        build(read(data))
    return [str(each) for each in caught.value.complaints]


def refused(kind: str, inputs: Sequence[np.ndarray], *args: Any, **details: Any) -> str:
    """Return why the operator of a file is refused; arguments of `one`."""
    (found,) = refusals(one(kind, inputs, *args, **details))
    return found
