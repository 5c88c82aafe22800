"""The compiler's stages: each reads a folder (or a project) and writes a folder.

The same inputs give the same bytes. Imports are inside the functions, so that a tool can ask for
one stage without loading what the others need.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modelgen.hardware import Hardware
    from modelgen.progress import Progress


def export(
    project_dir: Path,
    out_dir: Path,
    data_dir: Path,
    progress: Progress,
    *,
    random_weights: bool = False,
    batch: int | None = None,
) -> None:
    """Train the project's model if need be, and write its graph, its test data and its outputs.

    Writes graph.json, constants.npz, test.npz and project.json. Trained values are kept in
    `data_dir`/checkpoints.

    Args:
        project_dir: folder with project.py.
        out_dir: folder to write to.
        data_dir: folder of the data sets.
        progress: shows how far it is.
        random_weights: seeded random values instead of trained ones, where only speed counts.
        batch: inputs that one inference takes; None: what the project's settings say.

    Raises:
        modelgen.errors.ModelError: the project, its data or its model cannot be used, or the graph
            computes something else than the model.
    """
    from modelgen.stages.model_export import run

    folders = Path(project_dir), Path(out_dir), Path(data_dir)
    run(*folders, progress, random_weights=random_weights, batch=batch)


def quantize(
    export_dir: Path,
    out_dir: Path,
    options: Mapping[str, Any],
    progress: Progress,
    project_dir: Path | None = None,
    data_dir: Path | None = None,
) -> None:
    """Simplify the graph, quantize its weights, and measure the accuracy of both.

    Writes graph.json, constants.npz, test.npz, project.json, accuracy.json and quantized.pt2, the
    quantized model for use without this project (see `modelgen.quantize.portable`).

    Args:
        export_dir: what `export` wrote.
        out_dir: folder to write to.
        options: "device", "quantization" and "scale" override the project's settings of those
            names; "" or a missing one: the setting.
        progress: shows how far it is.
        project_dir: folder with project.py, where that has a metric of its own.
        data_dir: folder of the data sets, for that metric.
    """
    from modelgen.stages.quantization import run

    run(Path(export_dir), Path(out_dir), options, progress, project_dir, data_dir)


def generate(
    quantize_dir: Path, out_dir: Path, hardware: Hardware, options: Mapping[str, Any]
) -> None:
    """Compile the quantized graph for one hardware configuration.

    Writes src/ (C++), model.json (layers, limits, arena) and golden/ (expected outputs).

    Args:
        quantize_dir: what `quantize` wrote.
        out_dir: folder to write to.
        hardware: sizes of the hardware.
        options: "inputs" overrides how many test inputs are simulated.
    """
    from modelgen.stages.generation import run

    run(Path(quantize_dir), Path(out_dir), hardware, options)


def linear(
    sizes: Sequence[int],
    batch: int,
    hardware: Hardware,
    out_dir: Path,
    *,
    softmax: bool = False,
    seed: int = 0,
) -> None:
    """Write a program of linear layers with seeded random weights and inputs, for benchmarks.

    The same files as `generate`. ReLU stands between the layers.

    Args:
        sizes: values of the input and of each layer's output, such as (784, 128, 64, 10).
        batch: inputs of the one inference.
        hardware: sizes of the hardware.
        out_dir: folder to write to.
        softmax: end in a softmax.
        seed: of weights and inputs.
    """
    from modelgen.stages.generation import linear_program

    linear_program(sizes, batch, hardware, Path(out_dir), softmax=softmax, seed=seed)
