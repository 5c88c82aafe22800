"""Random networks on the simulated SoC: every output equals the reference's, bit for bit.

Many networks share one firmware and one run of the simulator. A network that fails is made smaller
as long as it still fails, and both are printed with the seed.
"""

from __future__ import annotations

import dataclasses
import re
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from flows import config as configuration
from flows import firmware, hardware
from flows.config import Config
from flows.options import Options
from flows.pipeline import run as run_pipeline
from flows.processes import run_lines
from flows.progress import Terminal
from modelgen import bundle
from modelgen.compiler import compile_graph
from modelgen.errors import ModelError
from modelgen.execute import run_graph as run_torch
from modelgen.program import Program
from modelgen.random_networks import Network, build, draw, smaller
from modelgen.tolerance import output_tolerance
from modelgen.verification import golden_outputs

ROOT = Path(__file__).resolve().parents[1]
_CODE_BYTES = 96 * 1024
"""Left free for code, stack and tables."""
_MOST_NETWORKS = 40
"""Networks in one firmware."""
_CYCLES_EACH = 20_000_000
"""A network that takes longer hangs."""
_MOST_ROUNDS = 30
"""Of making a failing network smaller."""
_NORMAL = (-3.0, 3.0)
"""Powers of ten between which the sizes of the inputs lie."""


@dataclass(frozen=True)
class Case:
    """A network that was compiled, with inputs and what must come out."""

    network: Network
    program: Program
    values: np.ndarray
    expected: np.ndarray

    @property
    def bytes(self) -> int:
        """Main memory that it takes."""
        return bundle.memory_bytes(self.program, self.values)


def main(count: int, seed: int, config: str) -> int:
    """Try `count` networks from `seed` on; 0 if none fails.

    Args:
        count: of networks.
        seed: of the first; the others follow.
        config: path of the hardware configuration.
    """
    terminal = Terminal(sys.stderr)
    config_path = Path(config).resolve()
    run_pipeline(ROOT, Options("", config_path), "hardware", terminal)
    bench = Bench(configuration.load(config_path))
    failures = bench.failing(range(seed, seed + count))
    for network, reason in failures[:1]:
        small = bench.shrink(network)
        print(f"seed {network.seed}: {reason}\n{network.text()}")
        print(f"A smaller network that fails too:\n{small.text()}")
    names = ", ".join(str(network.seed) for network, _ in failures)
    print(f"{count} networks, {len(failures)} failed" + (f": seeds {names}" if failures else ""))
    return 1 if failures else 0


class Bench:
    """Runs networks on the simulator of one configuration."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._simulator = hardware.folder(config) / hardware.SIMULATOR / hardware.SIMULATOR

    def failing(self, seeds: Iterable[int]) -> list[tuple[Network, str]]:
        """Return the networks of these seeds that fail, and why."""
        engine = self._config.hardware()
        networks = [draw(seed, engine.buffer_words, engine.accumulator_depth) for seed in seeds]
        return self._failing(networks)

    def shrink(self, network: Network) -> Network:
        """Return the smallest network found on the way that still fails."""
        for _ in range(_MOST_ROUNDS):
            failures = self._failing(list(smaller(network)))
            if not failures:
                break
            network = failures[0][0]
        return network

    def _failing(self, networks: Sequence[Network]) -> list[tuple[Network, str]]:
        failures: list[tuple[Network, str]] = []
        cases: list[Case] = []
        for network in networks:
            try:
                cases.append(self._case(network))
            except (AssertionError, ModelError) as error:
                failures.append((network, str(error)))
        for group in self._groups(cases):
            failures += self._run(group)
        order = {id(network): index for index, network in enumerate(networks)}
        return sorted(failures, key=lambda failure: order[id(failure[0])])

    def _case(self, network: Network) -> Case:
        """Compile a network, and check reference against reference and PyTorch.

        Raises:
            AssertionError: they disagree.
        """
        graph = build(network)
        engine = dataclasses.replace(
            self._config.hardware(),
            buffer_words=network.buffer_words,
            accumulator_depth=network.accumulator_depth,
        )
        program = compile_graph(graph, engine)
        random = np.random.default_rng(network.seed)
        shape = graph.tensors[graph.input].shape
        size = 10.0 ** random.uniform(*_NORMAL)
        values = (random.standard_normal(shape) * size).astype(np.float32)
        expected = golden_outputs(program, values[None])[0]
        rows = expected.reshape(graph.batch, -1)
        difference = np.abs(run_torch(graph, values).reshape(rows.shape) - rows)
        if not (difference <= output_tolerance(graph, values)).all():
            raise AssertionError("the reference differs from PyTorch by more than the tolerance")
        return Case(network, program, values, expected)

    def _groups(self, cases: Sequence[Case]) -> Iterable[list[Case]]:
        """Give groups that fit main memory."""
        room = self._config.memory.bytes - _CODE_BYTES
        group: list[Case] = []
        for case in cases:
            if group and (
                sum(c.bytes for c in group) + case.bytes > room or len(group) == _MOST_NETWORKS
            ):
                yield group
                group = []
            group.append(case)
        if group:
            yield group

    def _run(self, cases: Sequence[Case]) -> list[tuple[Network, str]]:
        """Return the networks that give something else on the simulator, and how much."""
        lines = self._simulate(cases)
        matches = (re.fullmatch(r"network (\d+) (\d+)", line) for line in lines)
        found = {int(match[1]): int(match[2]) for match in matches if match}
        failures = []
        for index, case in enumerate(cases):
            if index not in found:
                reason = "the engine or the program did not end: " + _tail(lines)
                later = cases[index + 1 :]
                # What comes after a network that hangs was not tried.
                return [*failures, (case.network, reason), *(self._run(later) if later else [])]
            if found[index]:
                reason = f"{found[index]} of {case.expected.size} outputs differ from the reference"
                failures.append((case.network, reason))
        return failures

    def _simulate(self, cases: Sequence[Case]) -> list[str]:
        """Return what one run of all these networks on the simulator prints."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            bundle.write([(c.program, c.values, c.expected) for c in cases], folder / "src")
            (folder / "out").mkdir()
            built = firmware.build(folder / "src", folder / "out", self._config)
            limit = _CYCLES_EACH * len(cases)
            lines: list[str] = []
            command = [str(self._simulator), f"--firmware={built.elf}", f"--max-cycles={limit}"]
            run_lines(command, lines.append)
        return lines


def _tail(lines: Sequence[str]) -> str:
    return " | ".join(lines[-3:])
