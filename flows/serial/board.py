"""The tasks `flash` and `run`: a project on a board, or on the simulator in its place."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from flows.errors import HeepstorError
from flows.report.accuracy import compared
from flows.repository import shown
from flows.serial import inputs, serve
from flows.serial.flash import run as flash_board
from flows.serial.port import check_present, known_ports
from flows.serial.session import SIMULATOR
from flows.simulate import hardware
from flows.stages.options import Options
from flows.stages.pipeline import Pipeline
from flows.stages.run import run as run_stages
from flows.terminal.arguments import user_path
from flows.terminal.progress import Progress, Terminal
from flows.units import megahertz, size
from modelgen.strict_json import finite


def flash(root: Path, options: Options, port: str, terminal: Terminal) -> dict:
    """Build, send, run and check the application; return the result for JSON."""
    stages = _prepare(root, options, port, "firmware", terminal)
    simulator = _simulator(stages, options, port, terminal)
    folder = stages.build / "flash"
    with terminal.progress("flash") as progress:
        result = flash_board(
            port,
            stages.config,
            stages.firmware.folder / "firmware.elf",
            stages.generate.folder,
            simulator,
            folder,
            progress,
        )
    _show_flash(result, shown(root, folder), terminal)
    return result


def infer(
    root: Path, options: Options, port: str, files: str, show: bool, terminal: Terminal
) -> dict:
    """Run inputs (default: the project's test inputs) on the board; return the answers for JSON.

    `files` are names separated by commas. `show` prints a table.
    """
    paths = [user_path(name.strip()) for name in files.split(",") if name.strip()]
    inputs.check_present(paths)
    stages = _prepare(root, options, port, "server", terminal)
    description = json.loads((stages.generate.folder / "model.json").read_text())
    chosen, expected = _inputs(stages, paths, description)
    simulator = _simulator(stages, options, port, terminal)
    with terminal.progress("run") as progress:
        answers = serve.run(
            port,
            stages.config,
            stages.server.folder / "firmware.elf",
            simulator,
            chosen,
            serve.Form(
                description["outputs"], description["batch"], description["elements"]["output"]
            ),
            progress,
        )
    if expected is not None:
        serve.check_golden(answers, expected)
    has_classes = len(description["outputs"]) == 1
    result = _answers(port, stages, chosen, answers, expected is not None, has_classes)
    if show:
        _show_answers(result, terminal)
    return result


def _prepare(root: Path, options: Options, port: str, stage: str, terminal: Terminal) -> Pipeline:
    """Bring the application up to date, once there is a port for it."""
    if not port:
        raise HeepstorError(
            f"no port is given. Use --port /dev/ttyUSB1, or --port {SIMULATOR} for the "
            f"simulator in place of a board. {known_ports()}"
        )
    if port != SIMULATOR:
        check_present(port)
    run_stages(root, options, stage, terminal)
    return Pipeline(root, options, Progress)


def _simulator(stages: Pipeline, options: Options, port: str, terminal: Terminal) -> Path | None:
    """Return the simulator, brought up to date, if it takes the board's place."""
    if port != SIMULATOR:
        return None
    run_stages(stages.root, options, "hardware", terminal)
    return stages.hardware.folder / hardware.SIMULATOR


def _inputs(stages: Pipeline, paths: Sequence[Path], description: dict):
    """Return the inputs and, for the project's own inputs, the golden outputs."""
    if not paths:
        return serve.golden_inputs(stages.generate.folder)
    project = json.loads((stages.quantize.folder / "project.json").read_text())
    network = description["network"]
    forms = {}
    for name in network["inputs"]:
        tensor = network["tensors"][name]
        order = network["orders"].get(name, range(len(tensor["shape"])))
        element = description["elements"]["input"]
        forms[name] = inputs.Form(tensor["shape"], order, element, tensor["quantization"])
    return inputs.read(list(paths), forms, project["pixels"]), None


def _answers(
    port: str,
    stages: Pipeline,
    chosen: inputs.Inputs,
    answers: Sequence[serve.Answer],
    checked: bool,
    has_classes: bool,
) -> dict:
    rows = [(row, answer.cycles) for answer in answers for row in answer.outputs]
    result = {
        "port": port,
        "configuration": stages.config.hash,
        "clock_hz": stages.config.clock_hz,
        "checked": checked,
        "inputs": [
            {
                "name": name,
                "class": int(outputs.argmax()) if has_classes and len(outputs) > 1 else None,
                "outputs": [float(value) for value in outputs],
                "cycles": cycles,
            }
            for name, (outputs, cycles) in zip(chosen.names, rows, strict=False)
        ],
    }
    return finite(result)


def _show_flash(result: dict, folder: Path, terminal: Terminal) -> None:
    cycles = [found["cycles"] for found in result["inputs"]]
    mean = sum(cycles) / len(cycles)
    clock = result["clock_hz"]
    terminal.note(
        f"\nBoard        {result['port']}, configuration {result['configuration']}: "
        f"{result['hardware']}\n"
        f"Sent         {size(result['sent'])}; {size(result['found'])} were there\n"
        f"Inferences   {len(cycles)}, {mean:,.0f} cycles each: {1e3 * mean / clock:.3f} ms at "
        f"{megahertz(clock)}\n"
        f"Outputs      {compared(result)}\n"
        f"Output       {folder}"
    )


def _show_answers(result: dict, terminal: Terminal) -> None:
    from rich.table import Table

    from flows.terminal.tables import console

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("input")
    for heading in ("class", "output", "cycles", "ms"):
        table.add_column(heading, justify="right")
    for found in result["inputs"]:
        index = found["class"]
        table.add_row(
            found["name"],
            "" if index is None else str(index),
            f"{found['outputs'][index or 0]:.6g}",
            f"{found['cycles']:,}",
            f"{1e3 * found['cycles'] / result['clock_hz']:.3f}",
        )
    out = console(stream=terminal.stream)
    out.print()
    out.print(table)
    if result["checked"]:
        out.print("The project's test inputs: outputs equal to the reference bit for bit.")
