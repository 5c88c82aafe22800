"""Kernels of operators compiled for the host, with sanitizers, and called as the compiler calls."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from flows.repository import ROOT
from modelgen.operators import Operator
from modelgen.operators.base import Arrays, Cut, Kernel
from modelgen.operators.movement import Movement
from tests.support.runtime_host import FLAGS

Case = tuple[Operator, Sequence[np.ndarray]] | tuple[Operator, Sequence[np.ndarray], Arrays]
"""An operator, its inputs, FP32 or INT8, and its constants if it has any."""
CACHE = ROOT / "build" / "cache" / "host"
JUNK = {"float": "heepstor::to_float(0x7fa5a5a5)", "std::int8_t": "-77"}
"""What outputs hold before; of FP32, bits that no kernel writes."""

PROGRAM = """
#include <cstdio>
#include <cstdlib>
#include <cstdint>
#include <vector>
#include "heepstor/bits.hpp"
%s
namespace {
// Of the exact size, so that the sanitizer sees any access beyond it.
template <class T>
std::vector<T> read(std::size_t count) {
  std::vector<T> values(count);
  if (std::fread(values.data(), sizeof(T), count, stdin) != count) std::exit(2);
  return values;
}
template <class T>
void write(const std::vector<T>& values) {
  std::fwrite(values.data(), sizeof(T), values.size(), stdout);
}
%s
}  // namespace
int main() {
%s
}
"""


def check_kernels(cases: Sequence[Case]) -> None:
    """Assert that kernels give the same bits as their operators in NumPy."""
    for case, got in zip(cases, run_kernels(cases), strict=True):
        np.testing.assert_array_equal(_bits(got), _bits(_wanted(case)), err_msg=str(case[0]))


def run_kernels(cases: Sequence[Case]) -> list[np.ndarray]:
    """Return what kernels write, one flat array for each case."""
    program = _built(_source(cases))
    values = b"".join(
        np.ascontiguousarray(array).tobytes()
        for case in cases
        for array in (*_inputs(case), *(data.values for data in _kernel(case).data))
    )
    done = subprocess.run([program], input=values, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    found, place = [], 0
    for wanted in map(_wanted, cases):
        found.append(np.frombuffer(done.stdout, wanted.dtype, wanted.size, place))
        place += wanted.nbytes
    return found


def _wanted(case: Case) -> np.ndarray:
    """Return what the operator computes in NumPy, flat."""
    result = np.asarray(case[0].evaluate_exact(case[1], _constants(case), Cut(8)))
    return result.astype(np.int8 if result.dtype == np.int8 else np.float32).reshape(-1)


def _constants(case: Case) -> Arrays:
    return case[2] if len(case) == 3 else {}


def _bits(values: np.ndarray) -> np.ndarray:
    return values.view(np.int8 if values.dtype == np.int8 else np.uint32)


def _inputs(case: Case) -> list[np.ndarray]:
    return [a if a.dtype == np.int8 else a.astype(np.float32) for a in case[1]]


def _kernel(case: Case) -> Kernel:
    operator, inputs = case[0], _inputs(case)
    shapes = [array.shape for array in inputs]
    if isinstance(operator, Movement):
        kernel = operator.copying(shapes, inputs[0].itemsize)
    else:
        kernel = operator.kernel(shapes, _constants(case))
    assert kernel is not None
    return kernel


def _cpp(array: np.ndarray) -> str:
    return "std::int8_t" if array.dtype == np.int8 else "float"


def _source(cases: Sequence[Case]) -> str:
    kernels = [_kernel(case) for case in cases]
    headers = sorted({kernel.header for kernel in kernels})
    functions = ""
    for index, (case, kernel) in enumerate(zip(cases, kernels, strict=True)):
        table, inputs, wanted = f"table_{index}", _inputs(case), _wanted(case)
        names = [f"in{i}" for i in range(len(inputs))]
        data = [f"data{i}" for i in range(len(kernel.data))]
        call = kernel.call(
            [f"{name}.data()" for name in names],
            "out.data()",
            table,
            [f"{name}.data()" for name in data],
        )
        kinds = [*map(_cpp, inputs), *(each.element for each in kernel.data)]
        sizes = [array.size for array in (*inputs, *(each.values for each in kernel.data))]
        reads = zip((*names, *data), kinds, sizes, strict=True)
        kind = _cpp(wanted)
        lines = [
            *(f"const auto {name} = read<{kind}>({size});" for name, kind, size in reads),
            f"std::vector<{kind}> out({wanted.size}, {JUNK[kind]});",
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
