"""HEEPstor's tasks. `heepstor --list` shows them, `heepstor <task> --help` their options."""

from __future__ import annotations

import functools
import inspect
import json as jsonlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from invoke import Exit, task

# Invoke disables compiled modules; without them, every start compiles all sources again.
sys.dont_write_bytecode = False

# These must come after the line above.
from flows.cli import endings  # noqa: E402
from flows.cli.pairs import Pair, TaskWithPairs  # noqa: E402
from flows.stages.options import defaults, options  # noqa: E402
from flows.system import interrupts, streams  # noqa: E402

ROOT = Path(__file__).resolve().parent

STAGE_OPTIONS = {
    "project": ("", "a name in projects/, or the path of a folder with a project.py"),
    **{name: (default, options()[name].help) for name, default in defaults().items()},
    "json": (False, "print the result as JSON on stdout, and everything else on stderr"),
}
"""Options of every stage's task: default and help."""
BUILD_OPTIONS = {
    **STAGE_OPTIONS,
    "explain": (
        False,
        "instead, compare each layer with the original, and name the first that differs",
    ),
}
CONFIG_OPTIONS = {name: STAGE_OPTIONS[name] for name in ("config", "set")}
CHECK_OPTIONS = {
    name: STAGE_OPTIONS[name]
    for name in STAGE_OPTIONS
    if name not in ("operators", "assertions", "technology", "unit", "clock_hz")
} | {
    "project": (
        STAGE_OPTIONS["project"][0],
        STAGE_OPTIONS["project"][1] + ", or a .pt2 file",
    )
}
REPORT_OPTIONS = {
    **STAGE_OPTIONS,
    "compare": (Pair(), "A B: compare two projects, or two report.json files"),
}
BOARD_OPTIONS = {
    "port": ("", "the board's serial port, such as /dev/ttyUSB1; sim: the simulator instead"),
    **{
        name: STAGE_OPTIONS[name]
        for name in STAGE_OPTIONS
        if name not in ("technology", "unit", "clock_hz")
    },
}
RUN_OPTIONS = {
    **BOARD_OPTIONS,
    "input": ("", "images or .npy files, separated by commas (default: the project's test inputs)"),
}
DEBUG_OPTIONS = {
    **{name: BOARD_OPTIONS[name] for name in BOARD_OPTIONS if name != "json"},
    "port": ("sim", "sim: the simulator; zcu104: the board; or an OpenOCD file for your adapter"),
    "commands": ("", "a file of GDB commands to run instead of the prompt"),
}
PROGRAM_OPTIONS = {
    "board": ("", "the board: zcu104 or ulx3s"),
    **CONFIG_OPTIONS,
    "config": ("", "the hardware configuration's file (default: the board's own)"),
    "bitstream": ("", "a bitstream built elsewhere from the same sources, next to its record"),
    "tool": ("", "vivado or openfpgaloader (default: the first one found)"),
    "json": STAGE_OPTIONS["json"],
}


def _reports_errors(function):
    """End with only a message on errors; exit with code 130 on Ctrl-C, 143 on SIGTERM."""

    @functools.wraps(function)
    def wrapped(*arguments, **options):
        streams.open_missing()
        with interrupts.as_exceptions():
            try:
                result = function(*arguments, **options)
                sys.stdout.flush()
                return result
            except Exit:
                raise
            except BaseException as error:
                ending = endings.of(error, ROOT)
                raise Exit(ending.message, code=ending.code) from error

    return wrapped


def _in_build(function):
    """Keep `clean` away while a task works in build/ or in a project's results."""

    @functools.wraps(function)
    def wrapped(c, **options):
        from flows.repository import projects
        from flows.stages import cleaning

        place = options.get("model") or options.get("project", "")
        typed = place, options.get("build_dir", "")
        project = projects.lookup(ROOT, *typed)
        with cleaning.in_use(ROOT, project, _say_waiting("is cleaning")):
            return function(c, **options)

    return wrapped


def _in_repository(function):
    """Make a task fail with a message if the sources are an installed package."""

    @functools.wraps(function)
    def wrapped(*arguments, **options):
        from flows import repository

        repository.require_repository(ROOT)
        return function(*arguments, **options)

    return wrapped


def _say_waiting(reason: str):
    """Return a callback that names the process for which this one waits."""
    return lambda holder: print(f"Waiting for {holder}, which {reason}.", file=sys.stderr)


def _with_options(options: Mapping[str, tuple[object, str]]):
    """Return a decorator: a task in build/ whose keyword options come from a table."""

    def make(function):
        kind = inspect.Parameter.KEYWORD_ONLY
        keywords = [inspect.Parameter(name, kind, default=o[0]) for name, o in options.items()]
        context = inspect.Parameter("c", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        wrapped = _reports_errors(_in_build(function))
        wrapped.__signature__ = inspect.Signature([context, *keywords])
        help_texts = {name: option[1] for name, option in options.items()}
        return task(wrapped, klass=TaskWithPairs, help=help_texts)

    return make


def _answer(json: bool, work, *arguments):
    """Call `work(*arguments, terminal)`; with `json`, print its result. Return it."""
    from flows.terminal.progress import Terminal

    result = work(*arguments, Terminal(sys.stderr if json else sys.stdout))
    if json:
        print(jsonlib.dumps(result, indent=1))
    return result


def _stage(name: str, project: str, options: dict, json: bool) -> None:
    from flows.stages.options import Options
    from flows.stages.run import run

    _answer(json, run, ROOT, Options.from_command_line(ROOT, project=project, **options), name)


def _stage_task(name: str, text: str):
    """Return a task that brings one stage, and those before it, up to date."""

    def body(c, *, project, json, **options):
        _stage(name, project, options, json)

    body.__name__ = name
    body.__doc__ = text
    return _with_options(STAGE_OPTIONS)(body)


@_with_options(BUILD_OPTIONS)
def build(c, *, explain, project, json, **options):
    """Run all stages, from the model to its run on the SoC's RTL."""
    if explain:
        from flows.stages import explanation
        from flows.stages.options import Options

        choice = Options.from_command_line(ROOT, project=project, **options)
        _answer(json, explanation.run, ROOT, choice)
    else:
        _stage("build", project, options, json)


export = _stage_task("export", "Train or load the model, and write its graph, weights and data.")
quantize = _stage_task("quantize", "Make the weights INT8 and measure the accuracy.")
generate = _stage_task("generate", "Write the C++ application for the configured hardware.")
firmware = _stage_task("firmware", "Compile and link the application for RISC-V.")
hardware = _stage_task("hardware", "Build the simulator of the whole SoC from its RTL.")
synth = _stage_task("synth", "Estimate the SoC's FPGA resource usage, or its area in silicon.")
simulate = _stage_task("simulate", "Run the application on the simulated SoC; check its outputs.")


@_with_options(CHECK_OPTIONS)
def check(c, *, project, json, **options):
    """Show what runs where, what it needs, and all that cannot run, before any training."""
    from flows.stages import model_check
    from flows.stages.options import Options

    choice = Options.from_command_line(ROOT, project=project, **options)
    result = _answer(json, model_check.run, ROOT, choice)
    if not result["check"]["can_be_built"]:
        raise Exit(code=1)


@_with_options(REPORT_OPTIONS)
def report(c, *, compare, project, json, **options):
    """Show where every cycle and every byte went; or compare two builds."""
    from flows.report import comparison

    if compare:
        shown = options["unit"], options["clock_hz"]
        _answer(json, comparison.run, ROOT, *compare, *shown)
    else:
        _stage("report", project, options, json)


@_with_options(BOARD_OPTIONS)
def flash(c, *, port, project, json, **options):
    """Send the application to a board, run it there, and check its outputs."""
    from flows.serial import board
    from flows.stages.options import Options

    choice = Options.from_command_line(ROOT, project=project, **options)
    _answer(json, board.flash, ROOT, choice, port)


@_with_options(RUN_OPTIONS)
def run(c, *, input, port, project, json, **options):
    """Run inference on your own inputs, on a board where the application keeps running."""
    from flows.serial import board
    from flows.stages.options import Options

    choice = Options.from_command_line(ROOT, project=project, **options)
    _answer(json, board.infer, ROOT, choice, port, input, not json)


@_with_options(DEBUG_OPTIONS)
def debug(c, *, port, commands, project, **options):
    """Open GDB on the application, simulated or on a board, through OpenOCD."""
    from flows.debug import session
    from flows.stages.options import Options
    from flows.terminal.progress import Terminal

    choice = Options.from_command_line(ROOT, project=project, **options)
    if code := session.run(ROOT, choice, port, commands, Terminal(sys.stdout)):
        raise Exit(code=code)


@_with_options(PROGRAM_OPTIONS)
def program(c, *, board, bitstream, tool, json, config, set):
    """Load the bitstream onto a board with Vivado or openFPGALoader; never an outdated one."""
    from flows.config import boards
    from flows.fpga import program as program_flow
    from flows.stages.options import config_file
    from flows.terminal.arguments import user_path

    chosen = boards.find(board)
    config_path = config_file(ROOT, config, set, ROOT / chosen.configuration)
    file = user_path(bitstream) if bitstream else None
    _answer(json, program_flow.run, ROOT, chosen, config_path, file, tool)


@task(name="list", help={"json": "print it as JSON"})
@_reports_errors
def list_all(c, json=False):
    """Show projects, FuseSoC targets, and what has been built."""
    from flows.cli import listing

    found = listing.collect(ROOT)
    if json:
        print(jsonlib.dumps(found, indent=1))
    else:
        listing.print_listing(found)


@task(
    positional=["name"],
    help={
        "name": "the name of the project and of its folder",
        "folder": "where to create that folder (default: projects/, or the current folder if "
        "HEEPstor is an installed package)",
    },
)
@_reports_errors
def new(c, name, folder=""):
    """Create a project that runs out of the box: a small network, data, settings."""
    from flows.repository import new_project

    print(new_project.write(ROOT, name, folder))


@task(
    help={
        "project": "remove only this project's results",
        "build_dir": "the folder of these results, if not the default",
    }
)
@_reports_errors
def clean(c, project="", build_dir=""):
    """Remove build/ with everything generated; keep data/ and .venv."""
    from flows.repository import projects
    from flows.stages import cleaning

    found = projects.find(ROOT, project, build_dir) if project or build_dir else None
    print(cleaning.remove(ROOT, found, _say_waiting("is working there")))


@task(
    help={
        "json": "print it as JSON",
        "install_command": "print the one command that installs what the build and the tests lack",
    }
)
@_reports_errors
def doctor(c, json=False, install_command=False):
    """Show every tool with its version, what it is for, and how to install what is missing."""
    from flows.cli import doctor as doctor_flow

    if install_command:
        print(doctor_flow.install_command())
        return
    show = (lambda found: print(jsonlib.dumps(found, indent=1))) if json else None
    if code := doctor_flow.main(ROOT, show):
        raise Exit(code=code)


@task(
    help={
        "quick": "leave out the tests that build hardware or run whole networks",
        "all": "also run the nightly tests, which take hours",
        "only": "run the tests whose names match this expression (pytest -k)",
    }
)
@_reports_errors
@_in_repository
@_in_build
def test(c, quick=False, all=False, only=""):
    """Run the tests; what follows `--` goes to pytest."""
    from flows.testing import checks

    if code := checks.run_tests(ROOT, checks.selection(quick, all), only, c.remainder):
        raise Exit(code=code)


@task(
    help={
        "only": "mutants with any of these words in their name or file, separated by commas",
        "jobs": "how many at a time (default: one per CPU)",
        "again": "also run those with a known result on these sources",
    }
)
@_reports_errors
@_in_repository
@_in_build
def mutate(c, only="", jobs="", again=False):
    """Apply small wrong edits to a copy, one by one; the tests must fail with each."""
    from flows.terminal.arguments import whole_number
    from flows.terminal.progress import Terminal
    from flows.testing import mutate as mutate_flow

    count = whole_number("jobs", jobs or str(os.cpu_count() or 1), 1)
    if code := mutate_flow.main(ROOT, only, count, again, Terminal(sys.stdout)):
        raise Exit(code=code)


@task
@_reports_errors
@_in_repository
@_in_build
def lint(c):
    """Check Python (ruff), C++ (clang-format) and every core's RTL (Verilator)."""
    from flows.testing import checks

    failed = checks.lint(ROOT)
    if failed:
        raise Exit(f"\nFailed: {', '.join(failed)}", code=1)


@task(
    help={
        "suite": "networks, linear, kernels, host, zoo, mlperf or all",
        "sizes": "array sizes, such as 4,8 (default: 8,16); suites networks, zoo and mlperf",
        "ports": "words per cycle of the memory port (default: 4,8); suite mlperf",
        "only": "networks to measure, separated by commas; suites networks and zoo",
        "json": "print the figures as JSON on stdout",
        **{name: option[1] for name, option in CONFIG_OPTIONS.items()},
    }
)
@_reports_errors
@_in_build
def bench(c, suite="networks", sizes="", ports="", only="", json=False, config="", set=""):
    """Measure cycles, error and size against the stated goals."""
    from flows import bench as bench_flow
    from flows.stages.options import config_file

    path = str(config_file(ROOT, config, set))
    if code := bench_flow.main(suite, json=json, config=path, sizes=sizes, only=only, ports=ports):
        raise Exit(code=code)


@task(
    help={
        "count": "number of modules (default: 200)",
        "seed": "seed of the first module (default: 0); the others use the following numbers",
        "activations": "fp32 or int8 (default: fp32)",
        "json": "print the report as JSON on stdout, and everything else on stderr",
        **{name: option[1] for name, option in CONFIG_OPTIONS.items()},
    }
)
@_reports_errors
@_in_build
def fuzz(c, count="", seed="", activations="", json=False, config="", set=""):
    """Export, compile and run random modules; compare them with PyTorch and the reference."""
    from flows import fuzz as fuzz_flow
    from flows.stages.options import config_file
    from flows.terminal.arguments import check_choice, whole_number

    modules = whole_number("count", count or "200", 1)
    first = whole_number("seed", seed or "0", 0)
    path = str(config_file(ROOT, config, set))
    kind = activations or "fp32"
    check_choice("activations", kind, ("fp32", "int8"))
    if code := fuzz_flow.main(modules, first, path, activations=kind, json=json):
        raise Exit(code=code)
