"""Random modules through all of HEEPstor, from PyTorch to the simulated SoC.

Each module is exported, compiled, run on the reference and compared with the module's own outputs;
with INT8 activations it is quantized before it is compiled, and its layers are compared alone.
Many compiled modules share one firmware and one simulator run, without a reset in between; every
output of that run must equal the reference's, bit for bit. A failing module is shrunk as long as it
still fails, and both versions are printed as PyTorch code.
"""

from __future__ import annotations

import dataclasses
import json as jsonlib
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from flows import config as configuration
from flows.config import Config
from flows.errors import HeepstorError
from flows.repository import ROOT
from flows.simulate import hardware
from flows.stages.options import Options
from flows.stages.run import run as run_pipeline
from flows.system import interrupts
from flows.system.processes import run_lines, worker_threads
from flows.terminal.progress import Progress, Terminal
from flows.toolchain import firmware
from flows.toolchain.riscv import Toolchain
from modelgen.verify import bundle
from modelgen.verify.random_modules import RandomModule, draw, smaller, text
from modelgen.verify.trial import INFERENCES, Case, Failure, Refusal, attempt

_CODE_BYTES = 96 * 1024
"""Bytes left free for code, stack and tables."""
_MOST_NETWORKS = 40
"""Most networks in one firmware."""
_CYCLES_EACH = 20_000_000
"""A network that takes more cycles hangs."""
_MOST_ROUNDS = 40
"""Most rounds of shrinking a failing module."""
_MOST_CANDIDATES = 12
"""Smaller modules that are tried in one run."""

Result = Case | Refusal | Failure


@dataclass
class Report:
    """The results of the modules that were tried."""

    right: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    @property
    def tried(self) -> int:
        """Number of modules with a known result."""
        return self.right + len(self.refusals) + len(self.failures)

    def reasons(self) -> dict[str, int]:
        """Return each reason for refusals and how often it occurred, the most frequent first."""
        return dict(Counter(refusal.reason for refusal in self.refusals).most_common())

    def to_dict(self) -> dict:
        """Return the report in a form for JSON."""
        failures = [{"seed": f.module.seed, "reason": f.reason} for f in self.failures]
        return {
            "tried": self.tried,
            "right": self.right,
            "refused": len(self.refusals),
            "reasons": self.reasons(),
            "failed": failures,
        }

    def lines(self) -> Iterator[str]:
        """Yield the lines of the report as text."""
        for reason, count in self.reasons().items():
            yield f"{count:6} refused: {reason}"
        for failure in self.failures:
            yield f"seed {failure.module.seed} failed: {failure.reason}"
        yield (
            f"{self.tried} modules: {self.right} right, {len(self.refusals)} refused, "
            f"{len(self.failures)} failed"
        )


def main(
    count: int, seed: int, config: str, *, activations: str = "fp32", json: bool = False
) -> int:
    """Try `count` modules from `seed` on; return 0 if none fails.

    Args:
        count: number of modules.
        seed: seed of the first module; the others use the following numbers.
        config: path of the hardware configuration.
        activations: "fp32", or "int8": after post-training quantization.
        json: print the report as JSON, and everything else on stderr.
    """
    terminal = Terminal(sys.stderr)
    config_path = Path(config).resolve()
    run_pipeline(ROOT, Options("", config_path), "hardware", terminal)
    report = Report()
    try:
        with Bench(configuration.load(config_path), activations) as bench:
            with terminal.progress("fuzz") as progress:
                bench.run(bench.drawn(range(seed, seed + count)), report, progress)
            _show_smaller(bench, report, terminal)
    finally:
        # Also when interrupted, with what is known so far.
        print(jsonlib.dumps(report.to_dict(), indent=1) if json else "\n".join(report.lines()))
    return 1 if report.failures else 0


def _show_smaller(bench: Bench, report: Report, terminal: Terminal) -> None:
    """Print the first failing module, and a smaller one that fails in the same way."""
    for failure in report.failures[:1]:
        terminal.note(f"seed {failure.module.seed}: {failure.reason}\n{text(failure.module)}")
        with terminal.progress("shrink") as progress:
            small = bench.shrink(failure, progress)
        terminal.note(f"A smaller module that also fails: {small.reason}\n{text(small.module)}")


class Bench:
    """Runs modules on the simulator of one configuration; a context manager."""

    def __init__(self, config: Config, activations: str = "fp32") -> None:
        self._activations = activations
        # The arenas of many networks are in memory at once.
        self._config = dataclasses.replace(config, arena_kib=None)
        self._simulator = hardware.folder(config) / hardware.SIMULATOR / hardware.SIMULATOR
        self._stopped = threading.Event()

    def __enter__(self) -> Bench:
        self._folder = tempfile.TemporaryDirectory()
        # Objects of networks, which are compiled only once, do not belong in the cache.
        self._toolchain = Toolchain(Path(self._folder.name) / "cache")
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def drawn(self, seeds: Iterable[int]) -> list[RandomModule]:
        """Return the random modules of the given seeds, for this hardware."""
        engine = self._config.hardware()
        return [draw(seed, engine.buffer_words, engine.accumulator_depth) for seed in seeds]

    def run(self, modules: Sequence[RandomModule], report: Report, progress: Progress) -> None:
        """Try modules, simulating some while the next are being compiled.

        Args:
            modules: the modules to try.
            report: results are added to it at once, so that none is lost when interrupted.
            progress: shows how many are done.
        """
        waiting: list[Future[None]] = []
        show = _shown(progress, modules, time.monotonic())
        with worker_threads(1) as simulator:
            try:
                for group in self._groups(modules, report, show):
                    waiting.append(simulator.submit(self._run, group, report))
                for future in waiting:
                    future.result()
                    show(report.tried)
            except BaseException:
                self._stopped.set()
                raise
        report.failures.sort(key=lambda failure: failure.module.seed)

    def shrink(self, failure: Failure, progress: Progress) -> Failure:
        """Return the failure of the smallest module found that fails in the same way."""
        for number in range(_MOST_ROUNDS):
            progress.show(f"round {number + 1}, {len(failure.module.steps)} steps")
            found = self._first_alike(failure)
            if found is None:
                break
            failure = found
        return failure

    def _first_alike(self, failure: Failure) -> Failure | None:
        candidates = list(smaller(failure.module))
        for start in range(0, len(candidates), _MOST_CANDIDATES):
            report = Report()
            self.run(candidates[start : start + _MOST_CANDIDATES], report, Progress())
            # The candidates are sorted, the simplest first.
            alike = {id(f.module): f for f in report.failures if f.kind == failure.kind}
            for candidate in candidates[start : start + _MOST_CANDIDATES]:
                if id(candidate) in alike:
                    return alike[id(candidate)]
        return None

    def _groups(
        self, modules: Sequence[RandomModule], report: Report, show: Callable[[int], None]
    ) -> Iterator[list[Case]]:
        """Compile modules; yield those that can be run, in groups that fit main memory."""
        room = self._config.memory.bytes - _CODE_BYTES
        engine = self._config.hardware()
        group: list[Case] = []
        filled = 0
        for done, module in enumerate(modules):
            show(done)
            with interrupts.deferred():
                result = attempt(module, engine, self._activations)
            if not isinstance(result, Case):
                _add(result, report)
                continue
            size = bundle.memory_bytes(result.program, INFERENCES)
            if size > room:
                report.refusals.append(Refusal(module, "needs more memory than there is"))
                continue
            if group and (filled + size > room or len(group) == _MOST_NETWORKS):
                yield group
                group, filled = [], 0
            group.append(result)
            filled += size
        if group:
            yield group

    def _run(self, cases: Sequence[Case], report: Report) -> None:
        """Run networks on the simulator, and add the results to the report."""
        try:
            lines = self._simulate(cases)
        except HeepstorError as error:
            self._run_halves(cases, report, str(error))
            return
        if self._stopped.is_set():
            # The simulator was terminated and may not have printed everything.
            return
        matches = (re.fullmatch(r"network (\d+) (\d+)", line) for line in lines)
        found = {int(match[1]): int(match[2]) for match in matches if match}
        for index, case in enumerate(cases):
            if index not in found:
                reason = f"no end: the engine or the program hangs: {_tail(lines)}"
                report.failures.append(Failure(case.module, reason))
                # The networks after one that hangs did not run.
                if cases[index + 1 :]:
                    self._run(cases[index + 1 :], report)
                return
            if found[index]:
                reason = f"{found[index]} of {case.expected.size} outputs differ from the reference"
                report.failures.append(Failure(case.module, f"RTL: {reason}"))
            else:
                report.right += 1

    def _run_halves(self, cases: Sequence[Case], report: Report, reason: str) -> None:
        """Bisect to find the networks that cannot be built or run."""
        if self._stopped.is_set():
            return
        if len(cases) == 1:
            report.failures.append(Failure(cases[0].module, f"C++: {reason}"))
            return
        middle = len(cases) // 2
        self._run(cases[:middle], report)
        self._run(cases[middle:], report)

    def _simulate(self, cases: Sequence[Case]) -> list[str]:
        """Return the lines that one simulator run of all these networks prints."""
        with tempfile.TemporaryDirectory(dir=self._folder.name) as name:
            folder = Path(name)
            sources, out = folder / "src", folder / "out"
            names = bundle.write([(c.program, c.inputs, c.expected) for c in cases], sources)
            out.mkdir()
            parts = {part: bundle.definitions(part) for part in names}
            built = firmware.build(
                sources, out, self._config, toolchain=self._toolchain, parts=parts
            )
            command = [
                str(self._simulator),
                f"--firmware={built.elf}",
                f"--max-cycles={_CYCLES_EACH * len(cases)}",
                # The junk in memories and registers is the same whenever these networks run.
                f"--seed={cases[0].module.seed % 2**30 + 1}",
            ]
            lines: list[str] = []
            run_lines(command, lines.append)
            return lines


def _add(result: Refusal | Failure, report: Report) -> None:
    if isinstance(result, Refusal):
        report.refusals.append(result)
    else:
        report.failures.append(result)


def _shown(
    progress: Progress, modules: Sequence[RandomModule], started: float
) -> Callable[[int], None]:
    """Return a function that shows how many modules are done and estimates the time left."""

    def show(done: int) -> None:
        left = (time.monotonic() - started) / max(done, 1) * (len(modules) - done)
        estimate = f", about {left / 60:.0f} min left" if done and left >= 30 else ""
        progress.count(done, len(modules), f"modules{estimate}")

    return show


def _tail(lines: Sequence[str]) -> str:
    return " | ".join(lines[-3:])
