"""Kernels of operators compiled for the host, with sanitizers, and called as the compiler calls."""

from __future__ import annotations

import hashlib
import math
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from flows.repository import ROOT
from modelgen.operators import Operator
from modelgen.operators.base import Cut
from tests.support.runtime_host import FLAGS

Case = tuple[Operator, Sequence[np.ndarray]]
"""An operator and its inputs, FP32."""
CACHE = ROOT / "build" / "cache" / "host"
JUNK = 0x7FA5A5A5
"""What outputs hold before: bits that no kernel writes."""

PROGRAM = """
#include <cstdio>
#include <cstdlib>
#include <vector>
#include "heepstor/bits.hpp"
%s
namespace {
// Of the exact size, so that the sanitizer sees any access beyond it.
std::vector<float> read(std::size_t count) {
  std::vector<float> values(count);
  if (std::fread(values.data(), sizeof(float), count, stdin) != count) std::exit(2);
  return values;
}
void write(const std::vector<float>& values) {
  std::fwrite(values.data(), sizeof(float), values.size(), stdout);
}
%s
}  // namespace
int main() {
%s
}
"""


def check_kernels(cases: Sequence[Case]) -> None:
    """Assert that kernels give the same bits as their operators in NumPy."""
    for (operator, inputs), got in zip(cases, run_kernels(cases), strict=True):
        wanted = operator.evaluate_exact(inputs, {}, Cut(8)).astype(np.float32)
        np.testing.assert_array_equal(
            got.view(np.uint32), wanted.reshape(-1).view(np.uint32), err_msg=str(operator)
        )


def run_kernels(cases: Sequence[Case]) -> list[np.ndarray]:
    """Return what kernels write, one flat array for each case."""
    program = _built(_source(cases))
    values = b"".join(_values(array) for _, inputs in cases for array in inputs)
    done = subprocess.run([program], input=values, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    sizes = [_size(operator, inputs) for operator, inputs in cases]
    return np.split(np.frombuffer(done.stdout, np.float32), np.cumsum(sizes)[:-1])


def _values(array: np.ndarray) -> bytes:
    return np.ascontiguousarray(array, np.float32).tobytes()


def _size(operator: Operator, inputs: Sequence[np.ndarray]) -> int:
    return math.prod(operator.infer_shape([array.shape for array in inputs], {}))


def _source(cases: Sequence[Case]) -> str:
    kernels = [op.kernel([array.shape for array in inputs]) for op, inputs in cases]
    headers = sorted({kernel.header for kernel in kernels})
    functions = ""
    for index, ((operator, inputs), kernel) in enumerate(zip(cases, kernels, strict=True)):
        table, names = f"table_{index}", [f"in{i}" for i in range(len(inputs))]
        call = kernel.call([f"{name}.data()" for name in names], "out.data()", table)
        lines = [
            *(f"const auto {n} = read({a.size});" for n, a in zip(names, inputs, strict=True)),
            f"std::vector<float> out({_size(operator, inputs)}, heepstor::to_float({JUNK}));",
            f"{call};",
            "write(out);",
        ]
        functions += kernel.table.define(table) + "\n" if kernel.table else ""
        functions += f"void case_{index}() {{\n  " + "\n  ".join(lines) + "\n}\n"
    calls = "".join(f"  case_{index}();\n" for index in range(len(cases)))
    return PROGRAM % (
        "".join(f'#include "heepstor/{header}"\n' for header in headers),
        functions,
        calls,
    )


def _built(source: str) -> Path:
    """Compile a program, unless it was compiled before from these very sources."""
    digest = hashlib.sha256("\n".join([*FLAGS, source]).encode())
    for header in sorted((ROOT / "sw" / "include").rglob("*.hpp")):
        digest.update(header.read_bytes())
    folder = CACHE / digest.hexdigest()[:16]
    if not (folder / "kernels").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "kernels.cpp").write_text(source)
        command = ["c++", *FLAGS, f"-I{ROOT / 'sw' / 'include'}", "kernels.cpp", "-o", "made"]
        subprocess.run(command, check=True, cwd=folder)
        (folder / "made").replace(folder / "kernels")
    return folder / "kernels"
