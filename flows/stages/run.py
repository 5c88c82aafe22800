"""Brings the stages of a project up to date, one after the other, and shows what comes out."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

from flows.errors import HeepstorError
from flows.report import check
from flows.repository import build_folder, projects, shown
from flows.stages.hashing import FileHashes
from flows.stages.options import Options
from flows.stages.pipeline import PREREQUISITES, WITHOUT_PROJECT, Pipeline
from flows.stages.stage import Outcome, Runner
from flows.system.locks import file_lock
from flows.terminal.progress import Progress, Terminal


def run(root: Path, options: Options, target: str, terminal: Terminal) -> dict:
    """Bring a stage and those before it up to date; return what was done, for JSON.

    `target` is a stage, or "build" for all of them. For the stage report and the build, prints the
    report's tables at the end.
    """
    last = _last(target, options)
    if not (last in WITHOUT_PROJECT and not options.place):
        projects.find(root, options.place, options.build_dir)
    current: list[Progress] = []
    pipeline = Pipeline(root, options, lambda: current[-1])

    def on_wait(holder: str) -> None:
        terminal.note(f"Waiting for {holder}, which is building the same.")

    runner = Runner(root, FileHashes(build_folder(root) / ".hashes.json"), on_wait)
    outcomes = []
    # Other processes wait until all stages of the project are done: their options may differ.
    with file_lock(pipeline.build / ".lock", on_wait) if options.place else nullcontext():
        for name in (*PREREQUISITES[last], last):
            with terminal.progress(name) as progress:
                current[:] = [progress]
                outcome = runner.run(pipeline.stage(name), lambda _, reason: progress.show(reason))
            terminal.line(name, _status(outcome))
            if outcome.untracked:
                why = f"it {outcome.untracked}, which cannot be tracked"
                terminal.note(f"{name} runs each time: {why}.")
            outcomes.append(outcome)
            if name == "check" and name != last:
                _require_buildable(pipeline, terminal)
    result: dict = {"stages": [_as_json(outcome, root) for outcome in outcomes]}
    if last == "check":
        result["check"] = check.read(pipeline.check.folder)
        check.show(result["check"], pipeline.config, terminal)
    elif last == "report":
        result["report"] = _show_report(pipeline, terminal)
    elif last == "quantize":
        result["accuracy"] = _show_accuracy(pipeline, terminal)
    elif last in ("synth", "power"):
        from flows.synth import stage

        result["synth"] = stage.print_result(
            pipeline.synth.folder, root, terminal, options.technology
        )
        if last == "power":
            result["power"] = stage.print_power(pipeline.power.folder, root, terminal)
    return result


def _last(target: str, options: Options) -> str:
    """Return the last stage that a task runs: with a project, synthesis for silicon has power."""
    if target == "synth" and options.technology != "fpga" and options.place:
        return "power"
    return "report" if target == "build" else target


def _require_buildable(pipeline: Pipeline, terminal: Terminal) -> None:
    """Show why a model cannot be built, and raise HeepstorError, if that is so."""
    found = check.read(pipeline.stage("check").folder)
    if reasons := check.obstacles(found, pipeline.config):
        terminal.note("\n".join(reasons))
        task = pipeline.options.command("check")
        raise HeepstorError(f"the model cannot be built; {task} shows all about it.")


def _show_report(pipeline: Pipeline, terminal: Terminal) -> dict:
    from flows.report import data, page
    from flows.report import terminal as tables

    folder = pipeline.report.folder
    report = data.read(folder)
    tables.show(report, terminal)
    tables.show_page(shown(pipeline.root, folder / page.PAGE), terminal)
    return report


def _show_accuracy(pipeline: Pipeline, terminal: Terminal) -> dict:
    from flows.report import accuracy

    found = accuracy.read(pipeline.quantize.folder)
    accuracy.show(found, terminal)
    return found


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
        "folder": str(shown(root, outcome.stage.folder)),
    }
