"""Power of a real inference: a run on the simulated SoC, replayed on the mapped gates."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict
from pathlib import Path

from flows.errors import HeepstorError
from flows.simulate import simulation
from flows.synth import rtlil
from flows.synth.mapping import Mapper
from flows.synth.silicon import POWER, liberty, power, waveform
from flows.synth.silicon.technology import Technology
from flows.system import tools
from flows.system.processes import running
from flows.terminal.progress import Progress

ROOT = "TOP.soc_sim.u_soc"
"""The SoC in the waveform."""
CLOCK = "TOP.clk_i"
BUSY = f"{ROOT}.u_engine.busy"
"""Is 1 while the engine works on a network."""
WINDOW, WINDOWS = 256, 8
"""Cycles recorded at a stretch, and how often, spread over the inference."""
LEAST_RIGHT = 0.999
"""Share of the registers' values that have to follow from the gates."""
_WAVEFORM = "waveform.fst"


def run(
    simulator: Path,
    elf: Path,
    model: Path,
    design: Path,
    mapper: Mapper,
    technology: Technology,
    megahertz: float,
    out: Path,
    progress: Progress,
) -> None:
    """Run an application, measure what the first inference takes, and write power.json to `out`.

    `simulator` records every signal; `model` is the folder of the generate stage, `design` the
    elaborated SoC, `megahertz` the clock for the power. Raises HeepstorError if the simulation or
    any output is wrong, or if the gates do not do what was simulated.
    """
    require()
    waves = out / _WAVEFORM
    log = simulation.execute(simulator, elf, out, progress, options=[f"--trace={waves}"])
    simulation.check(log, model)
    cycles = log.inputs[min(log.inputs)].cycles
    progress.show("reading the waveform")
    windows = waveform.Windows(WINDOW, max(cycles // WINDOWS, WINDOW), WINDOW * WINDOWS)
    recording = record(waves, windows)
    waves.unlink()

    def on_progress(done: int, total: int) -> None:
        progress.show(f"replaying the gates: {done} of {total} modules")

    modules = rtlil.read(design)
    cells = liberty.read(technology.liberty)
    mapped = mapper.run(modules)
    top, agreement = power.measure(modules, mapped, recording, ROOT, technology, cells, on_progress)
    _check(agreement)
    result = {
        "technology": {"name": technology.name, "label": technology.label},
        "megahertz": megahertz,
        "transition": power.TRANSITION,
        "inference_cycles": cycles,
        "recorded_cycles": recording.cycles,
        "agreement": asdict(agreement),
        "total": top.total.as_json(megahertz),
        "tree": top.as_json(lambda energy: energy.as_json(megahertz)),
    }
    (out / POWER).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def require() -> None:
    """Raise HeepstorError, saying how to install it, if what reads waveforms is missing."""
    if tools.FST2VCD.path() is None:
        raise HeepstorError(f"power cannot be measured:\n{tools.describe_missing([tools.FST2VCD])}")


def record(waves: Path, windows: waveform.Windows) -> waveform.Recording:
    """Return the cycles of a waveform in which the engine works, as far as they are in windows."""
    command = [tools.FST2VCD.path() or "fst2vcd", "-f", str(waves)]
    with running(command, stdout=subprocess.PIPE) as process:
        # The program ends by a signal if it is not read to its end.
        recording = waveform.read(process.stdout or (), CLOCK, BUSY, windows)
    if not recording.cycles:
        raise HeepstorError(
            "the engine does not work in this network: there is no power to measure. Use a model "
            "with layers on the engine; the task check tells where each runs."
        )
    return recording


def _check(agreement: power.Agreement) -> None:
    """Raise HeepstorError if the gates do not do what was simulated."""
    right = agreement.checked - agreement.wrong
    if right < LEAST_RIGHT * agreement.checked:
        raise HeepstorError(
            f"{agreement.wrong:,} of {agreement.checked:,} values of registers in the simulation "
            "do not follow from the mapped gates, so the power would be wrong. This is a bug in "
            "HEEPstor; please report it."
        )
