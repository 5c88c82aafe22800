"""The developer guide's recipe for an operator, followed with one that squares its input."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import nn

from flows import config
from flows.repository import ROOT
from flows.toolchain import firmware
from modelgen import operators
from modelgen.arithmetic.fp32 import fp32_mul
from modelgen.emit import emit_model
from modelgen.frontends.torch_export import importer
from modelgen.frontends.torch_export.translation import Translation
from modelgen.hardware import Hardware
from modelgen.ir import files
from modelgen.operators.base import Arrays, Bounded, Cut, Kernel, Operator, Shape
from modelgen.operators.bounds import RELATIVE
from modelgen.passes.simplify import simplify
from modelgen.plan.compiler import compile_graph
from modelgen.quantize.weights import quantize
from tests.support.operator_checks import check_operator, random_values
from tests.unit.modelgen.plan.test_cpu_layers import Function, check_device

HEADER = """#pragma once
#include <cstddef>
namespace heepstor {
inline void square(const float* values, float* out, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) out[i] = values[i] * values[i];
}
}  // namespace heepstor
"""


@dataclass(frozen=True)
class Square(Operator):
    name: ClassVar[str] = "square"

    def infer_shape(self, inputs: Sequence[Shape], constants: Arrays) -> Shape:
        return inputs[0]

    def evaluate_float(
        self, inputs: Sequence[torch.Tensor], constants: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        return inputs[0] * inputs[0]

    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        return fp32_mul(inputs[0], inputs[0])

    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        value, error = inputs[0]
        spread = 2 * np.abs(value) * error + error**2
        return value**2, spread + RELATIVE * value**2

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel:
        size = int(np.prod(inputs[0]))
        return Kernel("square.hpp", "square", (str(size),), cycles=20.0 + 5.0 * size)


def add_square(to: Translation, call: Any) -> None:
    to.elementwise(call, Square())


MODEL = Function(lambda x, one, two: two(torch.square(one(x))), nn.Conv2d(2, 3, 3), nn.ReLU())


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines that the first two steps add to lists."""
    monkeypatch.setattr(operators, "ALL", (*operators.ALL, Square))
    monkeypatch.setitem(files._BY_NAME, Square.name, Square)
    monkeypatch.setitem(importer.OPERATORS, "aten.square.default", add_square)


def test_the_record_is_checked_like_all_others() -> None:
    check_operator(Square(), [random_values(2, 5)], torch.square)


@pytest.mark.usefixtures("recipe")
@pytest.mark.parametrize("batch", [1, 3])
def test_a_network_with_it_is_imported_compiled_and_right(batch: int, tmp_path: Path) -> None:
    graph = check_device(MODEL, (2, 5, 6), batch, Hardware())
    files.save(graph, tmp_path)
    assert files.load(tmp_path).nodes == graph.nodes


@pytest.mark.usefixtures("recipe")
def test_its_kernel_is_called_with_all_values(tmp_path: Path) -> None:
    graph = quantize(simplify(importer.import_model(MODEL, (2, 5, 6), 1)))
    emit_model(compile_graph(graph, Hardware()), tmp_path, "A square.")
    text = (tmp_path / "model.cpp").read_text()
    assert '#include "heepstor/square.hpp"' in text
    assert re.search(r"heepstor::square\(arena[ +\d]*, arena[ +\d]*, 36\);", text)
    (tmp_path / "heepstor").mkdir()
    (tmp_path / "heepstor" / "square.hpp").write_text(HEADER)
    firmware.write_headers(config.load(), tmp_path)
    includes = [f"-I{tmp_path}", f"-I{ROOT / 'sw' / 'include'}"]
    command = [os.environ.get("CXX", "g++"), "-std=c++17", "-Wall", "-Werror", "-fsyntax-only"]
    subprocess.run([*command, *includes, str(tmp_path / "model.cpp")], check=True)


SHARED_HEADERS = {
    "dequantize": "int8/quantize",
    "fp32_add": "int8/binary",
    "fp32_avg_pool2d": "int8/pool",
    "fp32_mean": "int8/mean",
    "fp32_multiply": "int8/binary",
    "fp32_softmax": "int8/softmax",
    "integer_add": "int8/binary",
    "integer_avg_pool2d": "int8/pool",
    "integer_max_pool2d": "int8/pool",
    "integer_multiply": "int8/binary",
}
"""Operators whose kernels share a header."""


@pytest.mark.parametrize("operator", operators.ALL, ids=lambda operator: operator.name)
def test_every_file_that_the_recipe_names_is_there(operator: type[Operator]) -> None:
    module = ROOT.joinpath(*operator.__module__.split("."))
    folder, name = module.parent.relative_to(ROOT), module.name
    assert operator.name in (name, f"{folder.name}_{name}")
    assert (ROOT / folder / f"{name}.py").is_file()
    assert (ROOT / "tests" / "unit" / folder / f"test_{name}.py").is_file()
    # Operators that share a base class share its kernel.
    if "kernel" in vars(operator):
        own = f"int8/{name}" if folder.name == "integer" else name
        header = f"{SHARED_HEADERS.get(operator.name, own)}.hpp"
        assert (ROOT / "sw" / "include" / "heepstor" / header).is_file()
        assert f"`{header}`" in (ROOT / "sw" / "README.md").read_text()
