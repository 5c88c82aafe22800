"""The compiler's stages: each reads a folder (or a project) and writes a folder.

Equal inputs produce equal bytes. Imports are inside the functions, so that a tool can run one stage
without loading what the others need.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modelgen.hardware import Hardware
    from modelgen.progress import Progress


def trace(project_dir: Path, out_dir: Path, data_dir: Path, options: Mapping[str, Any]) -> None:
    """Write trace.json, and the graph of a project's model before any training.

    What cannot be translated is listed in trace.json under "problems", all at once; then there is
    no graph. Otherwise writes graph.json and constants.npz.

    Args:
        project_dir: folder with project.py, or the file of a model.
        out_dir: folder to write to.
        data_dir: folder of the data sets.
        options: "batch" overrides the project's setting; "random_weights" is as for `export`, and
            "data" as its `data_file`.

    Raises:
        modelgen.errors.ModelError: the project or its data cannot be used, or the model cannot be
            traced.
    """
    from modelgen.stages.model_trace import run

    run(Path(project_dir), Path(out_dir), Path(data_dir), options)


def check(trace_dir: Path, out_dir: Path, hardware: Hardware, options: Mapping[str, Any]) -> None:
    """Write check.json: whether a model can be built, and what it needs.

    What keeps the model from being built is listed under "problems", all at once; what the hardware
    configuration lacks, under "memory".

    Args:
        trace_dir: what `trace` wrote.
        out_dir: folder to write to.
        hardware: sizes of the hardware.
        options: "inputs", "activations", "interface", "weights", "quantization" and "scale"
            override the project's settings of the same names.
    """
    from modelgen.stages.model_check import run

    run(Path(trace_dir), Path(out_dir), hardware, options)


def check_file(path: Path, hardware: Hardware, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `check` writes, for a model in a file.

    Args:
        path: a .pt2 file, which torch.export.save wrote, or an .onnx or .tflite file.
        hardware: sizes of the hardware.
        options: as for `check`; also "batch", for an .onnx or .tflite file that leaves it open.
    """
    from modelgen.stages.model_check import examine
    from modelgen.stages.model_trace import of_file

    return examine(of_file(Path(path), options.get("batch")), hardware, options)


def export(
    project_dir: Path,
    out_dir: Path,
    data_dir: Path,
    progress: Progress,
    *,
    random_weights: bool = False,
    batch: int | None = None,
    data_file: Path | None = None,
    precision: Mapping[str, str] | None = None,
) -> None:
    """Train the project's model if necessary, and write its graph, its test data and its outputs.

    Writes graph.json, constants.npz, test.npz and project.json. Trained values are kept in
    `data_dir`/checkpoints.

    Args:
        project_dir: folder with project.py, or the file of a model.
        out_dir: folder to write to.
        data_dir: folder of the data sets.
        progress: reports progress.
        random_weights: use seeded random values instead of trained ones, if only speed matters.
        batch: inputs that one inference takes; None: the project's setting.
        data_file: inputs for a model in a file; None: random ones.
        precision: "activations" and "weights" override the project's settings of the same names;
            if missing or "", the setting applies. The others are for `quantize`.

    Raises:
        modelgen.errors.ModelError: the project, its data or its model cannot be used, or the
            graph's results differ from the model's.
    """
    from modelgen.stages.model_export import run

    folders = Path(project_dir), Path(out_dir), Path(data_dir)
    run(
        *folders,
        progress,
        random_weights=random_weights,
        batch=batch,
        data_file=data_file,
        precision=precision,
    )


def explain(
    project_dir: Path, export_dir: Path, data_dir: Path, options: Mapping[str, Any]
) -> dict[str, Any]:
    """Compare a compiled model layer by layer with what it came from, on a few inferences.

    A model in a file is compared with the tensors of its runtime, and equal in every bit; any other
    with its own network before quantization, of which the report has the noise of each layer.

    Args:
        project_dir: folder with project.py, or the file of a model.
        export_dir: what `export` wrote.
        data_dir: folder of the data sets.
        options: as for `quantize`.
    """
    from modelgen.stages.explanation import run

    return run(Path(project_dir), Path(export_dir), Path(data_dir), options)


def quantize(
    export_dir: Path,
    out_dir: Path,
    options: Mapping[str, Any],
    progress: Progress,
    project_dir: Path | None = None,
    data_dir: Path | None = None,
) -> None:
    """Simplify the graph, quantize weights and perhaps activations, and measure the accuracy.

    Writes graph.json, constants.npz, test.npz, project.json, accuracy.json and, with FP32
    activations, quantized.pt2, the quantized model for use without this project (see
    `modelgen.quantize.portable`).

    Args:
        export_dir: what `export` wrote.
        out_dir: folder to write to.
        options: "device", "activations", "interface", "weights", "quantization" and "scale"
            override the project's settings of the same names; if missing or "", the setting
            applies.
        progress: reports progress.
        project_dir: folder with project.py, needed if the project has its own metric.
        data_dir: folder of the data sets, for that metric.
    """
    from modelgen.stages.quantization import run

    run(Path(export_dir), Path(out_dir), options, progress, project_dir, data_dir)


def generate(
    quantize_dir: Path, out_dir: Path, hardware: Hardware, options: Mapping[str, Any]
) -> None:
    """Compile the quantized graph for one hardware configuration.

    Writes src/ (C++), model.json (layers, limits, arena) and golden/ (golden outputs).

    Args:
        quantize_dir: what `quantize` wrote.
        out_dir: folder to write to.
        hardware: sizes of the hardware.
        options: "inputs" overrides the number of test inputs to simulate.
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

    Writes the same files as `generate`. There is a ReLU between the layers.

    Args:
        sizes: number of values of the input and of each layer's output, such as
            (784, 128, 64, 10).
        batch: inputs of the one inference.
        hardware: sizes of the hardware.
        out_dir: folder to write to.
        softmax: append a softmax.
        seed: seed of weights and inputs.
    """
    from modelgen.stages.generation import linear_program

    linear_program(sizes, batch, hardware, Path(out_dir), softmax=softmax, seed=seed)
