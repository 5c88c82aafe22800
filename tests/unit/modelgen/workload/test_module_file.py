"""What FP32 models in files have in common: random inputs, and inferences of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from modelgen.errors import ModelError
from modelgen.frontends.nodes.builder import ModuleBuilder, Network
from modelgen.progress import Silent
from modelgen.workload.module_file import ModuleFile


@dataclass(frozen=True)
class Sums(ModuleFile):
    """A file whose runtime adds up each sample, with inputs of some types."""

    types: tuple[str, ...] = ("float32",)

    def batch(self, wanted: int | None = None) -> int:
        return wanted or 4

    def inputs(self) -> list[str]:
        return [f"x{index}" for index in range(len(self.types))]

    def network(self, batch: int) -> Network:
        module = ModuleBuilder()
        for name, kind in zip(self.inputs(), self.types, strict=True):
            module.add_input(name, (batch, 3, 2), kind)
        return module.network(self.inputs(), batch, lambda steps, *_: steps)

    def runtime(self) -> str:
        return "Sums 1"

    def outputs_of(self, inputs: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
        assert all(len(values) == 4 for values in inputs)
        return [values.sum(axis=(1, 2), dtype=values.dtype) for values in inputs]


def test_inferences_of_a_batch_cover_all_samples() -> None:
    """Behind the last sample is the first, whose result is not asked for again."""
    values = np.arange(36, dtype=np.float32).reshape(6, 3, 2)
    rows, name = Sums(Path("x")).run([values], 4, Silent())
    assert name == "Sums 1"
    np.testing.assert_array_equal(rows, values.sum(axis=(1, 2))[:, None])


def test_unsigned_bytes_are_128_less() -> None:
    values = np.full((4, 3, 2), 30, np.uint8)
    rows, _ = Sums(Path("x"), ("uint8",)).run([values], 4, Silent())
    np.testing.assert_array_equal(rows, np.full((4, 1), 180 - 128))


def test_random_inputs_have_the_types_of_the_model() -> None:
    found = Sums(Path("x"), ("float32", "int8", "uint8")).random_data().test_arrays
    assert [array.dtype.name for array in found] == ["float32", "int8", "uint8"]
    assert {array.shape for array in found} == {(10, 3, 2)}
    assert found[0].min() < 0 < found[0].max() and found[1].min() < 0


def test_other_integers_are_not_drawn() -> None:
    with pytest.raises(ModelError, match=r"The input 'x1' of m\.onnx .* int64.*--data"):
        Sums(Path("m.onnx"), ("float32", "int64")).random_data()
