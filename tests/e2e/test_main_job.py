"""The main job, `build --project mnist`, in a copy of the repository."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import time
from pathlib import Path

import pytest

from flows import config as configuration
from flows import fusesoc
from flows.simulate import hardware
from flows.stages.hashing import FileHashes
from flows.stages.options import Options
from flows.stages.pipeline import BUILD, Pipeline
from flows.stages.stage import Runner
from flows.system.locks import file_lock
from flows.terminal.progress import Progress
from tests.e2e.workspace import ROOT, Copy, ran, write_config

pytestmark = pytest.mark.slow

STAGES = list(BUILD)
INPUTS = ("--inputs", "2")


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Copy:
    made = Copy(tmp_path_factory.mktemp("main") / "repository")
    made.bring_simulator(ROOT / "heepstor_cfg.hjson")
    return made


@pytest.fixture(scope="module")
def first(copy) -> dict:
    """What the first build reports."""
    return copy.build(*INPUTS)


@pytest.fixture
def built(copy, first) -> Copy:
    """The copy, with everything up to date."""
    copy.build(*INPUTS)
    return copy


def test_every_stage_runs_and_the_answers_are_right(first):
    assert ran(first) == [stage for stage in STAGES if stage != "hardware"]
    report = first["report"]
    assert [layer["place"] for layer in report["layers"]] == ["engine", "engine", "engine", "cpu"]
    assert report["predictions"]["equal_to_module"] == 2
    assert report["accuracy"]["quantized"] > 0.9
    assert report["accuracy"]["float"] - report["accuracy"]["quantized"] < 0.02
    assert 0 < report["memory"]["stack_used"] < report["memory"]["stack"]
    for layer in report["layers"][:3]:
        counters = layer["counters"]
        waits = sum(value for name, value in counters.items() if name.startswith("wait"))
        assert counters["busy"] + waits == counters["cycles"], "every cycle has a name"


def test_the_goal_for_this_network_is_kept(first):
    total = first["report"]["total"]
    assert total["macs"] == 784 * 128 + 128 * 64 + 64 * 10
    assert total["ratio_to_limit"] <= 1.25


def test_second_run_does_nothing_and_loads_nothing_large(built, monkeypatch):
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    code, out, err = built.task("build", "--project", "mnist", "--json", *INPUTS)
    assert code == 0 and ran(json.loads(out)) == []
    imported = set(re.findall(r"(?m)^import time:.*\| +(\w+)$", err))
    assert "flows" in imported
    assert imported.isdisjoint({"torch", "sklearn", "fusesoc", "jinja2"})


# Compiled objects and trained weights: kept by content, and verified by a checksum.
KEPT = ("build/cache/", "data/checkpoints/")


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage != "hardware"])
def test_a_stage_reads_nothing_but_its_inputs(built, stage):
    read, declared = built.reads(stage)
    assert read, "something was recorded"
    assert {name for name in read - declared if not name.startswith(KEPT)} == set()


def test_the_simulator_is_made_of_nothing_but_its_inputs(copy):
    """By the lists of what Verilator and the C++ compiler have read."""
    options = Options("", ROOT / "heepstor_cfg.hjson")
    pipeline = Pipeline(ROOT, options, Progress)
    declared = Runner(ROOT, FileHashes()).declared(pipeline.hardware)
    work = pipeline.hardware.folder.with_name("work")
    folders = fusesoc.core_folders(ROOT)
    listed = {word for file in work.glob("*.d") for word in file.read_text().split()}
    copies = {fusesoc.original_paths(word, folders) for word in listed if word.startswith("src/")}
    read = {name for name in copies if (ROOT / name).is_file()}
    assert {"cores/engine/rtl/engine.sv", "cores/soc_sim/cpp/main.cpp"} <= read
    assert read <= declared.keys()


EDITS = {
    "README.md": set(),
    "docs/overview.md": set(),
    "tests/unit/flows/stages/test_stage.py": set(),
    "cores/engine/README.md": set(),
    "sw/selftest": set(),
    "sw/src/engine.cpp": {"firmware"},
    "sw/include/heepstor/engine.hpp": {"firmware"},
    "cores/engine/rtl/engine.sv": {"hardware"},
    "cores/soc_sim/cpp/main.cpp": {"hardware"},
    "heepstor.core": {"hardware"},
    "projects/mnist/project.py": {"trace", "export"},
    "modelgen/workload/training.py": {"trace", "export"},
    "modelgen/emit/templates/main.cpp.j2": {"generate"},
    "modelgen/emit/context.py": {"generate"},
    "flows/toolchain/riscv.py": {"firmware", "hardware"},
    "flows/simulate/simulation.py": {"simulate"},
    "flows/report/data.py": {"report"},
    "flows/report/templates/style.css": {"report"},
    "flows/report/terminal.py": set(),
    "flows/cli/doctor.py": set(),
}


@pytest.mark.parametrize(("name", "expected"), EDITS.items())
def test_an_edit_reruns_exactly_what_reads_it(built, name, expected):
    path = built.root / name
    if path.is_dir():
        path = next(p for p in sorted(path.iterdir()) if p.is_file())
    content = path.read_bytes()
    try:
        path.write_bytes(content + b"\n")
        # What a stage reads of stages before it counts by content, once those have run.
        assert built.stale() - {"export", "quantize", "generate"} == expected - {
            "export",
            "quantize",
            "generate",
        }
        assert expected <= built.stale()
        if expected.isdisjoint({"export", "quantize", "generate"}):
            assert built.stale() == expected
    finally:
        path.write_bytes(content)
    assert built.stale() == set()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("stack_kib: 8", "stack_kib: 16", {"check", "generate", "firmware", "report"}),
        (
            "array_size: 8",
            "array_size: 12",
            {"check", "generate", "firmware", "hardware", "simulate", "report"},
        ),
        ("# nothing", "", set()),
    ],
)
def test_the_configuration_counts_by_its_values(built, old, new, expected):
    path = built.root / "heepstor_cfg.hjson"
    text = path.read_text()
    try:
        path.write_text(text.replace(old, new) + "\n// a comment\n")
        assert built.stale() == expected
    finally:
        path.write_text(text)


def test_same_bytes_stop_the_chain(built):
    """A comment in the compiler runs `generate` again; the same C++ comes out, so no more runs.

    But for the report, which tells what everything was made from.
    """
    path = built.root / "modelgen" / "emit" / "context.py"
    text = path.read_text()
    try:
        path.write_text(text + "\n# A comment.\n")
        assert ran(built.build(*INPUTS)) == ["generate", "report"]
    finally:
        path.write_text(text)


def test_device_code_that_changed_is_simulated_again(built):
    path = built.root / "sw" / "src" / "stack.cpp"
    text = path.read_text()
    try:
        path.write_text(text + '\nextern "C" int unused_and_dropped() { return 1; }\n')
        assert ran(built.build(*INPUTS))[0] == "firmware"
    finally:
        path.write_text(text)


def test_software_operators_give_the_same_bits(built, first):
    result = built.build(*INPUTS, "--operators", "software")
    assert ran(result) == ["firmware", "simulate", "report"]
    report = result["report"]
    assert report["quantized_difference"] == first["report"]["quantized_difference"]
    assert report["total"]["cycles"] > 10 * first["report"]["total"]["cycles"]


def test_without_assertions_the_code_is_smaller(built, first):
    result = built.build(*INPUTS, "--no-assertions")
    assert ran(result) == ["firmware", "simulate", "report"]
    assert result["report"]["memory"]["code"] < first["report"]["memory"]["code"]


def test_ctrl_c_ends_with_130_and_the_next_run_is_right(built):
    process = built.start("build", "--project", "mnist", "--inputs", "40")
    deadline = time.monotonic() + 120
    while not (built.root / "build" / "projects" / "mnist" / ".simulate.partial").exists():
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert built.build(*INPUTS)["report"]["inputs"] == 2
    assert built.stale() == set()


def programs_in(folder: Path) -> list[str]:
    """The names of the processes that work in a folder or below."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "cwd").readlink().is_relative_to(folder):
                found.append((process / "comm").read_text().strip())
    return found


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_build_that_is_killed_leaves_no_compiler_behind(copy, number):
    """Whoever waits for its lock gets it when nobody works in the folder any more."""
    config = write_config(copy.root / "small.hjson", array_size=4)
    process = copy.start("hardware", "--config", config.name)
    work = hardware.folder(configuration.load(config), copy.root)
    while not {"verilator_bin", "cc1plus"} & set(programs_in(work)):
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(number)
    with file_lock(work / ".simulator.lock", lambda holder: None):
        assert programs_in(work) == []
    _, err = process.communicate(timeout=30)
    assert process.returncode == (143 if number == signal.SIGTERM else -number)
    assert "Traceback" not in err
    assert not (work / "simulator").exists()


def test_two_builds_at_the_same_time(built):
    arguments = ("build", "--project", "mnist", "--inputs", "3")
    processes = [built.start(*arguments), built.start(*arguments)]
    outputs = [process.communicate(timeout=300) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    assert sorted(out.count("up to date") for out, _ in outputs) == [4, 9]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("build", "--project", "mnis"), "Did you mean mnist?"),
        (("build",), "Projects: bench-fmnist-large, "),
        (
            ("build", "--project", "mnist", "--set", "engine.size=8"),
            "'engine.size' is not a knob of the hardware configuration; "
            "did you mean engine.array_size?",
        ),
        (("report", "--compare", "mnist"), "--compare needs two values"),
        (("biuld", "--project", "mnist"), "Did you mean build?"),
        (("build", "--project", "mnist", "--operators", "gpu"), "Valid choices: engine, software"),
        (("build", "mnist"), "It is a project: --project mnist"),
        (("build", "--project"), "--project needs a value"),
        (("build", "--project", "mnist", "--inputs", "-1"), "expected an integer >= 1"),
        (("build", "--project", "mnist", "--inputs", "many"), "expected an integer >= 1"),
        (("build", "--project", "mnist", "--config", "nothing.hjson"), "nothing.hjson"),
        (("build", "--nothing"), "--help lists a task's options"),
        (("fuzz", "--count", "many"), "--count is 'many'"),
    ],
)
def test_mistakes_end_with_a_message(copy, arguments, message):
    code, out, err = copy.task(*arguments)
    assert code not in (0, 130)
    assert message in out + err
    assert "Traceback" not in out + err


def test_tables_fit_a_pipe_of_100_columns(built):
    code, out, _ = built.task("report", "--project", "mnist", *INPUTS)
    assert code == 0
    assert max(map(len, out.splitlines())) <= 100
    page = re.search(r"(?m)^Page +(\S+)$", out)[1]
    text = (built.root / page).read_text()
    assert "./heepstor build --project mnist --inputs 2" in text


def test_times_in_another_unit_need_only_a_report(built, first):
    result = built.build(*INPUTS, "--unit", "us", "--clock-hz", "50000000")
    assert ran(result) == ["report"]
    assert result["report"]["time"] == {"unit": "us", "clock_hz": 50_000_000}
    assert result["report"]["total"] == first["report"]["total"]


def test_two_builds_side_by_side(built, tmp_path):
    kept = tmp_path / "kept.json"
    kept.write_bytes((built.root / "build/projects/mnist/report/report.json").read_bytes())
    code, out, err = built.task("report", "--compare", "mnist", str(kept))
    assert code == 0, err
    assert (built.root / re.search(r"(?m)^Page +(\S+)$", out)[1]).exists()
