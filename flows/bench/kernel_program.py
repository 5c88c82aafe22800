"""A program that calls kernels on the simulated SoC, and reports cycles and a hash of outputs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from flows.errors import HeepstorError
from flows.simulate import simulation
from flows.system.processes import run_lines
from flows.toolchain import firmware

if TYPE_CHECKING:
    from flows.bench.runner import Bench
    from modelgen.operators import Operator

_MAX_CYCLES = 100_000_000
_HASH_BASE, _HASH_FACTOR = 2166136261, 16777619
"""Of FNV-1a, here on words."""

POOLS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "normal": lambda random, size: 2.0 * random.standard_normal(size),
    "positive": lambda random, size: random.uniform(0.1, 10.0, size),
    "ids": lambda random, size: np.floor(random.uniform(0.0, 16.0, size)),
}
"""Name -> seeded values of that kind."""

PROGRAM = """#include <cstddef>
#include <cstdint>

#include "heepstor/cycles.hpp"
#include "heepstor/print.hpp"
{includes}

namespace {{

using heepstor::print;

{pools}
float out[{largest}];
{tables}

template <class Call>
__attribute__((noinline)) std::uint32_t cycles_of(Call call) {{
  const std::uint32_t start = heepstor::cycles();
  call();
  return heepstor::cycles() - start;
}}

/// FNV-1a of words.
std::uint32_t hash(std::size_t words) {{
  std::uint32_t state = {base}u;
  for (std::size_t i = 0; i < words; ++i) state = (state ^ heepstor::to_bits(out[i])) * {factor}u;
  return state;
}}

template <class Call>
void measure(int index, std::size_t words, Call call) {{
  const std::uint32_t cycles = cycles_of(call) - cycles_of([] {{}});
  print("kernel ", index, " ", cycles, " ", hash(words), "\\n");
}}

}}  // namespace

int main() {{
{calls}
  return 0;
}}
"""


@dataclass(frozen=True)
class Call:
    """A kernel to call."""

    name: str
    operator: Operator
    shapes: Sequence[tuple[int, ...]]
    """Of the inputs."""
    values: str
    """Which of POOLS the inputs are from."""

    @property
    def sizes(self) -> list[int]:
        """Elements of each input."""
        return [math.prod(shape) for shape in self.shapes]

    @property
    def outputs(self) -> int:
        """Elements of the output."""
        return math.prod(self.operator.infer_shape(self.shapes, {}))

    def inputs(self, pools: dict[str, np.ndarray]) -> list[np.ndarray]:
        """Return the inputs, which are one after the other in their pool."""
        ends = np.cumsum(self.sizes)
        pool = pools[self.values]
        return [
            pool[end - size : end].reshape(shape)
            for end, size, shape in zip(ends, self.sizes, self.shapes, strict=True)
        ]


def measure(bench: Bench, array_size: int, calls: Sequence[Call]) -> list[tuple[int, int]]:
    """Return the cycles of each call, and the elements of the largest of its inputs and output.

    Raises HeepstorError if an output differs from the operator's in a single bit.
    """
    size = max(sum(call.sizes) for call in calls)
    random = np.random.default_rng(0)
    used = {call.values for call in calls}
    pools = {name: POOLS[name](random, size).astype(np.float32) for name in sorted(used)}
    printed = _run(bench, array_size, source(calls, pools))
    reported = [line.split() for line in printed if line.startswith("kernel ")]
    if len(reported) != len(calls):
        raise HeepstorError("the program of kernels ended early:\n" + "\n".join(printed[-15:]))
    for call, line in zip(calls, reported, strict=True):
        if int(line[3]) != _expected_hash(call, pools):
            raise HeepstorError(f"{call.name}: outputs differ from the operator's in NumPy.")
    return [
        (int(line[2]), max(*call.sizes, call.outputs))
        for call, line in zip(calls, reported, strict=True)
    ]


def _run(bench: Bench, array_size: int, text: str) -> list[str]:
    """Build and run a program; return the lines that it prints."""
    config, _ = bench.config(array_size)
    simulator = bench.simulator(array_size)
    folder = bench.folder / f"S{array_size}" / "kernels"
    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "src" / "main.cpp").write_text(text, encoding="utf-8")
    printed: list[str] = []
    with bench.terminal.progress("kernels") as progress:
        progress.show("building")
        built = firmware.build(folder / "src", folder, config, firmware.Options(assertions=False))
        progress.show("running on the simulated SoC")
        command = [str(simulator), f"--firmware={built.elf}", f"--max-cycles={_MAX_CYCLES}"]
        code = run_lines([*command, f"--seed={simulation.new_seed()}"], printed.append)
    if code != 0:
        end = "\n".join(printed[-15:])
        raise HeepstorError(f"the program of kernels failed (exit code {code}):\n{end}")
    return printed


def source(calls: Sequence[Call], pools: dict[str, np.ndarray]) -> str:
    """Return the program in C++."""
    kernels = [call.operator.kernel(call.shapes, {}) for call in calls]
    tables, lines = [], []
    for index, (call, kernel) in enumerate(zip(calls, kernels, strict=True)):
        assert kernel is not None, f"{call.name} has no kernel"
        offsets = np.cumsum([0, *call.sizes[:-1]])
        sources = [f"{call.values} + {offset}" for offset in offsets]
        table = f"table_{index}"
        if kernel.table:
            tables.append(kernel.table.define(table))
        text = kernel.call(sources, "out", table)
        lines.append(f"  measure({index}, {call.outputs}, [] {{ {text}; }});")
    headers = sorted({kernel.header for kernel in kernels if kernel})
    return PROGRAM.format(
        includes="\n".join(f'#include "heepstor/{header}"' for header in headers),
        pools="\n".join(_array(name, values) for name, values in pools.items()),
        largest=max(call.outputs for call in calls),
        tables="\n".join(tables),
        base=_HASH_BASE,
        factor=_HASH_FACTOR,
        calls="\n".join(lines),
    )


def _array(name: str, values: np.ndarray) -> str:
    """Return the definition of an array, which the compiler must not compute with."""
    numbers = ", ".join(f"{float(value).hex()}f" for value in values)
    return f"float {name}[] = {{{numbers}}};"


def _expected_hash(call: Call, pools: dict[str, np.ndarray]) -> int:
    from modelgen.operators.base import Cut

    inputs = call.inputs(pools)
    result = np.ascontiguousarray(call.operator.evaluate_exact(inputs, {}, Cut(8)), np.float32)
    state = _HASH_BASE
    for word in result.reshape(-1).view(np.uint32).tolist():
        state = (state ^ word) * _HASH_FACTOR & 0xFFFFFFFF
    return state
