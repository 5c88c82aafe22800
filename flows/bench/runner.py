"""Building programs and running them on the simulated SoC, for the suites."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from flows import config as configuration
from flows.config import Config
from flows.errors import HeepstorError
from flows.report.causes import array_limit
from flows.repository import build_folder, work_folder
from flows.simulate import hardware, simulation
from flows.simulate.device_log import Counters, DeviceLog, InputRun
from flows.stages.hashing import FileHashes
from flows.stages.options import Options
from flows.stages.pipeline import Pipeline
from flows.stages.stage import Runner, Stage
from flows.terminal.progress import Progress, Terminal
from flows.toolchain import firmware

if TYPE_CHECKING:
    from modelgen.workload.project import Project


@dataclass(frozen=True)
class Measurement:
    """One inference on the RTL, in cycles of the SoC's clock.

    `cycles` spans the whole inference, from the call of infer() to its return; `engine` is the
    engine's share, and `predicted` what the compiler's cost model expects it to be. `causes` breaks
    `cycles` down: the engine's counters, then layers on the CPU, then the driver's overhead.
    """

    array_size: int
    macs: int
    cycles: int
    limit: float
    streaming_limit: float
    """The limit if every feature map went through the memory port."""
    array_limit: float
    """Cycles that the MACs take on a fully used array."""
    depthwise: float
    """Cycles that depthwise layers need because a channel has one lane."""
    engine: int
    predicted: int
    causes: dict[str, int]
    layers: list[dict]
    """For each layer: name, place, shape, macs, limit, prediction, cycles; and, on the engine, the
    waits, and the cycles lost to underutilization (`underutilized`)."""
    size: dict[str, int]
    """Bytes of code, data, weights and arena, and in total."""
    simulated_cycles: int
    wall_seconds: float

    def to_dict(self) -> dict:
        """Return the figures for JSON, with the ratios to the limits and to the array's peak."""
        ratios = {
            "ratio": self.cycles / self.limit,
            "streaming_ratio": self.cycles / self.streaming_limit,
            "share_of_peak": self.array_limit / self.cycles,
        }
        return {**asdict(self), **ratios}


class Bench:
    """Builds and runs a suite's programs.

    `config_path` is the hardware configuration, of which the suites replace the array size.
    """

    def __init__(self, root: Path, config_path: Path, terminal: Terminal) -> None:
        self.root = root
        self.folder = build_folder(root) / "bench"
        self.terminal = terminal
        self.config_path = config_path
        self._base = configuration.load(config_path)
        self._simulators: dict[int, Path] = {}
        self._networks: dict[str, Path] = {}
        self._variants: dict[str, Bench] = {}
        self.folder.mkdir(parents=True, exist_ok=True)

    def with_banks(self, bank_kib: int) -> Bench:
        """Return a bench whose memory has banks of this size, in a folder of its own."""
        return self._variant(f"banks-{bank_kib}", "memory", {"bank_kib": bank_kib})

    def with_array(self, array_size: int, port_words: int) -> Bench:
        """Return a bench for an array with this memory port, in a folder of its own."""
        sizes = {"array_size": array_size, "port_words": port_words}
        return self._variant(f"S{array_size}-P{port_words}", "engine", sizes)

    def _variant(self, name: str, part: str, knobs: Mapping[str, int]) -> Bench:
        """Return a bench with other knobs in one part of the configuration."""
        if name not in self._variants:
            values = self._base.to_dict()
            values[part] |= knobs
            values["arena_kib"] = "auto"
            folder = self.folder / name
            folder.mkdir(exist_ok=True)
            path = folder / "config.hjson"
            path.write_text(json.dumps(values, indent=1), encoding="utf-8")
            other = Bench(self.root, path, self.terminal)
            other.folder = folder
            # Quantized networks do not depend on the hardware.
            other._networks = self._networks
            self._variants[name] = other
        return self._variants[name]

    def config(self, array_size: int) -> tuple[Config, Path]:
        """Return the configuration with this array size, and its file."""
        if array_size == self._base.engine.array_size:
            return self._base, self.config_path
        values = self._base.to_dict()
        values["engine"]["array_size"] = array_size
        values["arena_kib"] = "auto"
        path = self.folder / f"S{array_size}.hjson"
        path.write_text(json.dumps(values, indent=1), encoding="utf-8")
        return configuration.load(path), path

    def simulator(self, array_size: int) -> Path:
        """Return the simulator with this array size, building it if necessary."""
        if array_size not in self._simulators:
            config, path = self.config(array_size)
            name = f"S={array_size}"
            progress: list[Progress] = []
            pipeline = Pipeline(self.root, Options("", path), lambda: progress[-1])
            stage = dataclasses.replace(
                pipeline.hardware, command=f"heepstor hardware --config {path}"
            )
            self.run_stage(stage, name, progress)
            self._simulators[array_size] = (
                hardware.folder(config, self.root) / hardware.SIMULATOR / hardware.SIMULATOR
            )
        return self._simulators[array_size]

    def run_stage(self, stage: Stage, label: str, shown: list[Progress] | None = None) -> None:
        """Bring a stage up to date, and print a line about it."""
        runner = Runner(self.root, FileHashes(build_folder(self.root) / ".hashes.json"))
        with self.terminal.progress(f"{stage.name} {label}") as progress:
            (shown if shown is not None else []).append(progress)
            outcome = runner.run(stage, lambda _, reason: progress.show(reason))
        status = "up to date" if outcome.reason is None else f"done in {outcome.seconds:.1f} s"
        self.terminal.line(f"{stage.name} {label}", status)

    def linear(
        self, name: str, array_size: int, sizes: Sequence[int], batch: int, softmax: bool
    ) -> Measurement:
        """Measure linear layers with random weights; see `modelgen.stages.linear`.

        Raises HeepstorError if any output differs from the reference's.
        """

        def generate(config: Config, out: Path) -> None:
            from modelgen import stages

            stages.linear(sizes, batch, config.hardware(), out, softmax=softmax)

        return self.measure(name, array_size, generate)

    def network(
        self,
        project: Project,
        array_size: int,
        *,
        random_weights: bool = True,
        inputs: int = 1,
    ) -> Measurement:
        """Measure one inference of a project with random weights, those that model() returns, or
        those in its model's file.

        Args:
            project: whose test inputs run.
            array_size: S.
            random_weights: instead of those that model() returns.
            inputs: how many test inputs run; the first one is measured.

        Raises:
            HeepstorError: an output differs from the reference's.
        """
        quantized = self._quantized(project, random_weights)

        def generate(config: Config, out: Path) -> None:
            from modelgen import stages

            stages.generate(quantized, out, config.hardware(), {"inputs": inputs})

        return self.measure(project.name, array_size, generate)

    def accuracy(self, project: Project) -> dict[str, Any]:
        """Return what the stage `quantize` measured on all test inputs of a model in a file."""
        quantized = self._quantized(project, random_weights=False)
        return json.loads((quantized / "accuracy.json").read_text())

    def program(self, name: str, array_size: int) -> Path:
        """Return the folder of a program: what the stages `generate` and `firmware` write."""
        return self.folder / f"S{array_size}" / name

    def software_cycles(self, name: str, array_size: int) -> int:
        """Return the cycles that an already measured program takes without the engine."""
        config, _ = self.config(array_size)
        sources = self.program(name, array_size)
        options = firmware.Options(operators="software", assertions=False)
        log = self._simulate(f"{name}, CPU alone", array_size, config, sources, options)
        return log.inputs[0].cycles

    def measure(
        self, name: str, array_size: int, generate: Callable[[Config, Path], None]
    ) -> Measurement:
        """Build and run what `generate` writes; return the figures of its first inference."""
        config, _ = self.config(array_size)
        folder = self.program(name, array_size)
        folder.mkdir(parents=True, exist_ok=True)
        with self.terminal.progress(name) as progress:
            progress.show("compiling")
            generate(config, folder)
        log = self._simulate(name, array_size, config, folder, firmware.Options(assertions=False))
        return measurement(
            array_size,
            log.inputs[0],
            json.loads((folder / "model.json").read_text()),
            json.loads((folder / "size.json").read_text()),
            json.loads((folder / simulation.STATISTICS).read_text()),
        )

    def _simulate(
        self,
        name: str,
        array_size: int,
        config: Config,
        folder: Path,
        options: firmware.Options,
    ) -> DeviceLog:
        """Build and run the program in a folder. Raises HeepstorError if outputs are wrong."""
        simulator = self.simulator(array_size)
        out = folder if options.operators == "engine" else folder / options.operators
        with self.terminal.progress(name) as progress:
            progress.show("building")
            built = firmware.build(folder / "src", out, config, options)
            log = simulation.execute(simulator, built.elf, out, progress)
        if log.mismatches != 0:
            raise HeepstorError(
                f"{name} at S = {array_size}: {log.mismatches} outputs differ from the reference."
            )
        cycles = log.inputs[0].cycles
        self.terminal.line(f"S={array_size}", f"{name}: {cycles:,} cycles, outputs bit-identical")
        return log

    def _quantized(self, project: Project, random_weights: bool) -> Path:
        """Return the folder with a project's quantized graph."""
        name = project.name
        if name not in self._networks:
            folder = self.folder / "networks" / name
            with self.terminal.progress(name) as progress:
                progress.show("quantizing")
                data = work_folder(self.root) / "data"
                self._networks[name] = _quantize(project, random_weights, folder, data)
        return self._networks[name]


def with_random_inputs(folder: Path, shape: Sequence[int]) -> Project:
    """Return the project in a folder with one batch of random inputs of a shape as its data.

    It has no metric: random results mean nothing.
    """
    from modelgen.workload.data import Data
    from modelgen.workload.project import load_project

    project = load_project(folder)
    generator = np.random.default_rng(0)
    inputs = generator.standard_normal((project.settings.batch, *shape)).astype(np.float32)
    return dataclasses.replace(project, load_data=lambda _: Data("random", inputs), metric=None)


def _quantize(project: Project, random_weights: bool, folder: Path, data: Path) -> Path:
    from modelgen import stages
    from modelgen.stages.model_export import run_project

    exported, quantized = folder / "export", folder / "quantize"
    for stage in (exported, quantized):
        stage.mkdir(parents=True, exist_ok=True)
    if callable(project.model):
        run_project(project, exported, folder, Progress(), random_weights=random_weights)
    else:
        stages.export(project.folder, exported, data, Progress())
    stages.quantize(exported, quantized, {}, Progress())
    return quantized


def measurement(
    array_size: int, run: InputRun, model: dict, size: dict[str, int], statistics: dict
) -> Measurement:
    """Return the figures of one inference.

    `model` is the content of model.json, `size` that of the firmware's size.json, `statistics` that
    of the simulator's statistics file.
    """
    layers = run.layer_counters(model)
    return Measurement(
        array_size=array_size,
        macs=model["macs"],
        cycles=run.cycles,
        limit=model["limit_cycles"],
        streaming_limit=model["streaming_limit_cycles"],
        array_limit=model["array_limit_cycles"],
        depthwise=model["depthwise_cycles"],
        engine=sum(layer.cycles for layer in layers.values()),
        predicted=sum(
            layer["predicted_cycles"] for layer in model["layers"] if layer["place"] == "engine"
        ),
        causes=_causes(run, layers.values()),
        layers=[_layer(layer, run, layers) for layer in model["layers"]],
        size=size,
        simulated_cycles=statistics["cycles"],
        wall_seconds=statistics["wall_seconds"],
    )


def _layer(layer: dict, run: InputRun, counters: Mapping[int, Counters]) -> dict[str, Any]:
    """Return one layer's cycles, and those it lost by cause."""
    figures = {key: layer[key] for key in ("name", "place", "op", "shape", "macs")}
    figures["limit"] = layer["limit_cycles"]
    figures["streaming_limit"] = layer["streaming_limit_cycles"]
    figures["predicted"] = layer["predicted_cycles"]
    if layer["place"] == "cpu":
        return {**figures, "cycles": run.cpu[layer["index"]]}
    counted = counters[layer["index"]]
    return {
        **figures,
        # Pooling and additions bypass the array, so it cannot be underutilized.
        "underutilized": counted.busy - array_limit(layer) if layer["macs"] else 0,
        **counted._asdict(),
    }


def _causes(run: InputRun, layers: Collection[Counters]) -> dict[str, int]:
    """Break an inference's cycles down by cause."""
    engine = {
        cause: sum(getattr(layer, counter) for layer in layers)
        for cause, counter in (
            ("array busy", "busy"),
            ("weights", "wait_weights"),
            ("activations", "wait_activations"),
            ("accumulators", "wait_accumulator"),
            ("store", "wait_store"),
            ("descriptors", "wait_descriptor"),
        )
    }
    on_cpu = sum(run.cpu.values())
    driver = run.cycles - sum(engine.values()) - on_cpu
    return {**engine, "CPU layers": on_cpu, "driver": driver}
