"""HEEPstor's tasks. `invoke --list` shows them, `invoke <task> --help` what each takes."""

from __future__ import annotations

import errno
import functools
import json as jsonlib
import os
import sys
from pathlib import Path

from invoke import Exit, task

# Invoke turns compiled modules off; without them every start reads all sources anew.
sys.dont_write_bytecode = False

# After the line above, which they need.
from flows.errors import HeepstorError  # noqa: E402
from modelgen.errors import ModelError  # noqa: E402

ROOT = Path(__file__).resolve().parent

PROJECT_HELP = {
    "project": "the project: a folder under projects/",
    "config": "the hardware configuration's file (default: heepstor_cfg.hjson)",
    "operators": "where layers run: engine, or software (on the CPU, with the same results)",
    "assertions": "--no-assertions leaves the device code's assertions out",
    "inputs": "how many test inputs to run (default: the project's own setting)",
    "json": "print the result as JSON on stdout, and everything else on stderr",
}


def _reports_errors(function):
    """A user's mistake ends with its message alone, Ctrl-C with exit code 130."""

    @functools.wraps(function)
    def wrapped(*arguments, **options):
        try:
            return function(*arguments, **options)
        except HeepstorError as error:
            raise Exit(f"\nError: {error}", code=error.code) from error
        except ModelError as error:
            raise Exit(f"\nError: {error}", code=1) from error
        except BrokenPipeError:
            # The reader of a pipe has had enough; nothing more can be printed.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise Exit(code=141) from None
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC):
                raise
            place = f"{error.strerror}: {error.filename}"
            hint = "Is there space, and do build/ and data/ belong to this user?"
            raise Exit(f"\nError: {place}. {hint}", code=1) from error
        except KeyboardInterrupt:
            raise Exit("\nInterrupted. What was complete is kept.", code=130) from None

    return wrapped


def _stage(name: str, project: str, options: dict, json: bool) -> None:
    from flows.pipeline import Options, run
    from flows.progress import Terminal

    terminal = Terminal(sys.stderr if json else sys.stdout)
    choice = Options.from_command_line(ROOT, project=project, **options)
    result = run(ROOT, choice, name, terminal)
    if json:
        print(jsonlib.dumps(result, indent=1))


def _stage_task(name: str, text: str):
    """A task that brings one stage, and those before it, up to date."""

    def body(c, project="", config="", operators="engine", assertions=True, inputs="", json=False):
        options = {
            "config": config,
            "operators": operators,
            "assertions": assertions,
            "inputs": inputs,
        }
        _stage(name, project, options, json)

    body.__name__ = name
    body.__doc__ = text
    return task(_reports_errors(body), help=PROJECT_HELP, name=name)


build = _stage_task("build", "From the PyTorch model to its run on the SoC's RTL: all stages.")
export = _stage_task("export", "Train or load the model, and write its graph, weights and data.")
quantize = _stage_task("quantize", "Make the weights INT8 and measure the accuracy.")
generate = _stage_task("generate", "Write the C++ application for the configured hardware.")
firmware = _stage_task("firmware", "Compile and link the application for RISC-V.")
hardware = _stage_task("hardware", "Build the simulator of the whole SoC from its RTL.")
simulate = _stage_task("simulate", "Run the application on the simulated SoC; check its outputs.")
report = _stage_task("report", "Show where every cycle and every byte went.")


@task(name="list", help={"json": "print it as JSON"})
@_reports_errors
def list_all(c, json=False):
    """Show projects, FuseSoC targets, and what is built."""
    from flows import listing

    found = listing.collect(ROOT)
    if json:
        print(jsonlib.dumps(found, indent=1))
    else:
        listing.print_listing(found)


@task(help={"project": "remove this project's results only"})
@_reports_errors
def clean(c, project=""):
    """Remove build/, where everything generated lies; data and .venv stay."""
    from flows import cleaning, projects

    folder = projects.find(ROOT, project).name if project else ""
    print(cleaning.remove(ROOT / "build", folder))


@task(help={"json": "print it as JSON"})
@_reports_errors
def doctor(c, json=False):
    """Show every tool with its version, what it is for, and how to install what is missing."""
    from flows import doctor as doctor_flow

    show = (lambda found: print(jsonlib.dumps(found, indent=1))) if json else None
    if code := doctor_flow.main(ROOT, show):
        raise Exit(code=code)


@task(
    help={
        "quick": "leave out the tests that build hardware or run whole networks",
        "only": "run the tests whose names match this expression (pytest -k)",
    }
)
@_reports_errors
def test(c, quick=False, only=""):
    """Run the tests; what follows `--` goes to pytest."""
    from flows import checks

    if code := checks.run_tests(ROOT, quick, only, c.remainder):
        raise Exit(code=code)


@task
@_reports_errors
def lint(c):
    """Check Python (ruff), C++ (clang-format) and every core's RTL (Verilator)."""
    from flows import checks

    failed = checks.lint(ROOT)
    if failed:
        raise Exit(f"\nFailed: {', '.join(failed)}", code=1)


@task(
    help={
        "suite": "the benchmark's name",
        "json": "print the figures as JSON on stdout",
        "config": PROJECT_HELP["config"],
    }
)
@_reports_errors
def bench(c, suite="linear", json=False, config=""):
    """Measure cycles, error and size against the stated goals."""
    from flows import bench as bench_flow

    if code := bench_flow.main(suite, json=json, config=config or None):
        raise Exit(code=code)
