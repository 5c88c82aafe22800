"""The fuzzer: its report, how failures are found and made smaller, firmware of many networks."""

from __future__ import annotations

import itertools
import os
import re
import signal
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from flows import config as configuration
from flows import fuzz
from flows.config import Config
from flows.repository import ROOT
from flows.system import interrupts
from flows.system.processes import run_lines
from flows.terminal.progress import Progress
from flows.toolchain import firmware
from modelgen.verify import bundle
from modelgen.verify.random_modules import RandomModule, Step, draw, text
from modelgen.verify.trial import Case, Failure, attempt
from tests.support.networks import bits

CONFIG = configuration.load(ROOT / "heepstor_cfg.hjson")
RELU = Step("activation", (0,), {"form": ("F.relu({0})", "")})
DEPTHWISE = Step(
    "conv",
    (1,),
    {
        **{"form": "nn", "channels": 2, "kernel": 3, "stride": 1, "padding": 1, "dilation": 1},
        **{"groups": "depthwise", "bias": True, "mode": "zeros"},
    },
)
SORTED = Step("strange", (0,), {"form": ("torch.sort({0})[0]", "")})


def module(seed: int, *steps: Step) -> RandomModule:
    """A module of the steps, on maps of two channels."""
    plain = replace(draw(seed), batch=1, features=(2, 4, 5), names="plain", values="plain")
    return replace(plain, steps=steps, outputs=(len(steps),))


RIGHT, BAD, REFUSED = (RELU,), (RELU, DEPTHWISE), (SORTED,)
MODULES = tuple(
    module(seed, *steps)
    for seed, steps in enumerate((RIGHT, RIGHT, BAD, REFUSED, RIGHT, BAD, RIGHT, BAD, RIGHT))
)


class Fake(fuzz.Bench):
    """The engine hangs, or two outputs are wrong, in every network with a depthwise convolution."""

    def __init__(self, hangs: bool) -> None:
        super().__init__(CONFIG)
        self.hangs = hangs
        self.images: list[int] = []
        """Networks in each image that was run."""

    def _simulate(self, cases: Sequence[Case]) -> list[str]:
        self.images.append(len(cases))
        lines = []
        for index, case in enumerate(cases):
            if is_bad(case.module) and self.hangs:
                break
            lines.append(f"network {index} {2 * is_bad(case.module)}")
        return [*lines, "simulator: the end"]


def is_bad(module: RandomModule) -> bool:
    return any(step.settings.get("groups") == "depthwise" for step in module.steps)


def compiled() -> Iterator[Case]:
    """Yield the random modules that can be compiled."""
    results = (attempt(draw(seed), CONFIG.hardware()) for seed in itertools.count())
    return (result for result in results if isinstance(result, Case))


def report_of(bench: fuzz.Bench, modules: Sequence[RandomModule] = MODULES) -> fuzz.Report:
    report = fuzz.Report()
    with bench:
        bench.run(modules, report, Progress())
    return report


def test_networks_after_one_that_hangs_are_tried() -> None:
    wrong, hanging = report_of(Fake(hangs=False)), report_of(Fake(hangs=True))
    assert len(wrong.failures) > 1
    assert wrong.tried == hanging.tried == len(MODULES)
    assert wrong.right == hanging.right > 0
    assert [f.module for f in hanging.failures] == [f.module for f in wrong.failures]
    assert all(re.match(r"RTL: 2 of \d+ outputs", f.reason) for f in wrong.failures)
    assert all(f.reason.startswith("no end: ") for f in hanging.failures)


def test_networks_run_one_after_another_in_one_image() -> None:
    bench = Fake(hangs=False)
    report = report_of(bench)
    assert bench.images == [report.right + len(report.failures)]
    assert bench.images[0] > 1


def test_each_image_begins_with_junk_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulator's seed follows from the modules', so that a run can be repeated."""
    commands: list[list[str]] = []
    built = SimpleNamespace(elf=Path("networks.elf"))
    monkeypatch.setattr(fuzz.firmware, "build", lambda *_, **__: built)
    monkeypatch.setattr(fuzz, "run_lines", lambda command, _: commands.append(command))
    one, other = itertools.islice(compiled(), 2)
    with fuzz.Bench(CONFIG) as bench:
        for case in (one, other, one):
            bench._simulate([case])
    seeds = [re.search(r"--seed=(\d+)", " ".join(command))[1] for command in commands]
    assert seeds[0] == seeds[2] != seeds[1]
    assert all(0 < int(seed) < 2**31 for seed in seeds)


def test_a_failure_is_made_smaller() -> None:
    failure = report_of(Fake(hangs=False)).failures[0]
    with Fake(hangs=False) as bench:
        small = bench.shrink(failure, Progress())
    assert [step.kind for step in small.module.steps] == ["conv"]
    assert is_bad(small.module)
    assert small.kind == failure.kind
    assert "groups=" in text(small.module) or small.module.features[0] == 1


def test_the_report_counts_reasons() -> None:
    report = report_of(Fake(hangs=False))
    document = report.to_dict()
    assert document["tried"] == len(MODULES)
    assert document["right"] + document["refused"] + len(document["failed"]) == len(MODULES)
    assert sum(document["reasons"].values()) == document["refused"] > 0
    lines = list(report.lines())
    assert lines[-1].startswith(f"{len(MODULES)} modules: {report.right} right, ")
    assert sum("refused: " in line for line in lines) == len(document["reasons"])


class Known(Fake):
    """Nothing is tried: what comes of the modules is known."""

    failures: tuple[Failure, ...] = ()

    def __init__(self, _config: Config, _activations: str) -> None:
        super().__init__(hangs=False)

    def run(self, modules: Sequence[RandomModule], report: fuzz.Report, _: Progress) -> None:
        report.right += len(modules) - len(self.failures)
        report.failures += self.failures


@pytest.mark.parametrize(("kind", "code"), [(None, 0), ("wrong", 1), ("KeyError", 1)])
def test_the_exit_code_says_whether_a_module_failed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kind: str, code: int
) -> None:
    failures = (Failure(draw(0), f"{kind}: x"),) if kind else ()
    monkeypatch.setattr(Known, "failures", failures)
    monkeypatch.setattr(Known, "shrink", lambda self, failure, progress: failure)
    monkeypatch.setattr(fuzz, "Bench", Known)
    monkeypatch.setattr(fuzz, "run_pipeline", lambda *_: None)
    assert fuzz.main(2, 0, str(configuration.DEFAULT_PATH)) == code
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"2 modules: {2 - code} right, 0 refused, {code} failed"


class Stopped(Fake):
    """Ctrl-C comes while the simulator runs."""

    def _simulate(self, cases: Sequence[Case]) -> list[str]:
        if self.bundles:
            raise interrupts.Interrupted(signal.SIGINT)
        self.bundles += 1
        return super()._simulate(cases)


def test_an_interrupted_run_reports_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "_MOST_NETWORKS", 4)
    report = fuzz.Report()
    with Stopped(hangs=False) as bench:
        bench.bundles = 0
        with pytest.raises(interrupts.Interrupted):
            bench.run(MODULES, report, Progress())
    assert 4 <= report.tried < len(MODULES)


class Sleeping(Fake):
    """Ctrl-C comes while a program that the simulator's thread has started runs."""

    def _simulate(self, cases: Sequence[Case]) -> list[str]:
        lines: list[str] = []

        def take(line: str) -> None:
            lines.append(line)
            os.kill(os.getpid(), signal.SIGINT)

        run_lines(["sh", "-c", "echo started; exec sleep 600"], take)
        return lines


def test_ctrl_c_ends_the_simulator_and_blames_no_network() -> None:
    report = fuzz.Report()
    interrupted = pytest.raises(interrupts.Interrupted)
    with interrupted, interrupts.as_exceptions(), Sleeping(hangs=False) as bench:
        bench.run(MODULES[:4], report, Progress())
    assert (report.right, report.failures) == (0, [])


class Unbuildable(Fake):
    """One network's C++ does not compile."""

    def _simulate(self, cases: Sequence[Case]) -> list[str]:
        if any(is_bad(case.module) for case in cases):
            raise fuzz.HeepstorError("the device code does not compile")
        return super()._simulate(cases)


def test_a_network_that_cannot_be_built_is_named() -> None:
    report = report_of(Unbuildable(hangs=False))
    assert [f.module for f in report.failures] == [
        f.module for f in report_of(Fake(hangs=False)).failures
    ]
    assert {f.reason for f in report.failures} == {"C++: the device code does not compile"}


def test_a_network_that_memory_does_not_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    too_many = CONFIG.memory.bytes
    monkeypatch.setattr(fuzz.bundle, "memory_bytes", lambda program, inferences: too_many)
    report = report_of(Fake(hangs=False), MODULES[:2])
    assert [refusal.reason for refusal in report.refusals] == 2 * [
        "needs more memory than there is"
    ]
    assert report.right == 0 and not report.failures


def test_a_bundle_links(tmp_path: Path) -> None:
    """Networks in one firmware, with layers on the CPU; what lies in it is what is expected."""
    first = next(compiled())
    on_cpu = next(case for case in compiled() if len(case.program.segments) > 1)
    chosen = [(c.program, c.inputs, c.expected) for c in (first, on_cpu)]
    names = bundle.write(chosen, tmp_path / "src")
    assert "kInferences = 2;" in (tmp_path / "src" / "main.cpp").read_text()
    (tmp_path / "out").mkdir()
    parts = {name: bundle.definitions(name) for name in names}
    built = firmware.build(tmp_path / "src", tmp_path / "out", CONFIG, parts=parts)
    written = (tmp_path / "src" / "network_1_expected.bin").read_bytes()
    np.testing.assert_array_equal(np.frombuffer(written, "<u4"), bits(on_cpu.expected).reshape(-1))
    counted = sum(bundle.memory_bytes(program, len(values)) for program, values, _ in chosen)
    assert built.size["total"] < counted + fuzz._CODE_BYTES
