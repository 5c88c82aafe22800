"""The task `check`: of a project, as a stage; of a model in a file, without one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flows import config as configuration
from flows.report import check
from flows.repository.projects import MODEL_SUFFIXES
from flows.stages.options import Options
from flows.stages.run import run as run_stage
from flows.terminal.arguments import user_path
from flows.terminal.progress import Terminal


def run(root: Path, options: Options, terminal: Terminal) -> dict[str, Any]:
    """Check a model and show the findings; return them, for JSON, under "check".

    `options` name a project, or a file that torch.export.save wrote, or an ONNX or TFLite model.
    """
    if options.place.endswith(MODEL_SUFFIXES):
        result = _of_file(options, terminal)
    else:
        result = run_stage(root, options, "check", terminal)
    config = configuration.load(options.config_path)
    result["check"]["can_be_built"] = not check.obstacles(result["check"], config)
    return result


def _of_file(options: Options, terminal: Terminal) -> dict[str, Any]:
    from modelgen import stages

    config = configuration.load(options.config_path)
    chosen = {"inputs": options.inputs, "batch": options.batch, **options.precision}
    found = stages.check_file(user_path(options.place), config.hardware(), chosen)
    check.show(found, config, terminal)
    return {"stages": [], "check": found}
