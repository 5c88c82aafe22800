"""Training of a classifier, reproducible by its seed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from modelgen.agreement import agrees_with_rerun
from modelgen.errors import ModelError
from modelgen.frontends.torch_export.arguments import arguments_of
from modelgen.frontends.torch_export.importer import import_with_origins
from modelgen.frontends.torch_export.traceable import check_traceable
from modelgen.frontends.torch_export.tracing import tensors_in, try_forward
from modelgen.ir.execute import select_device
from modelgen.ir.graph import Graph
from modelgen.progress import Progress
from modelgen.threads import single_thread
from modelgen.workload.checkpoint import load_checkpoint, load_verified, save_checkpoint
from modelgen.workload.data import Data
from modelgen.workload.names import check_module
from modelgen.workload.outputs import check_labels, check_outputs
from modelgen.workload.project import Project
from modelgen.workload.settings import Training

if TYPE_CHECKING:
    import torch

_COMPARED = 64
"""Number of inputs on which a trained model is compared with its checkpoint."""


def trained_model(
    project: Project, data: Data, checkpoints: Path, progress: Progress
) -> tuple[torch.nn.Module, str]:
    """Return the project's model with its trained values, and where they come from.

    The first of these that applies: the checkpoint named in the settings; the project's own
    training; the model as it is, if nothing is to be trained; the result of an earlier training
    with the same model, data and settings; the built-in training.

    Args:
        project: a loaded project.
        data: the project's data, in the types that the model takes.
        checkpoints: folder where trained values are kept.
        progress: reports the progress of the training.
    """
    training = project.settings.training
    model = seeded_model(project)
    if project.settings.checkpoint is not None:
        load_checkpoint(model, project.folder / project.settings.checkpoint)
        return model, f"checkpoint {project.settings.checkpoint}"
    if training is None and project.train is None:
        return model, "as returned by model()"
    if training is None:
        _train_by_project(project, model, data)
        return model, "trained by the project's train()"
    # Before the training, because training a model that cannot be used would be wasted time.
    arguments = arguments_of(data.test_arrays)
    graph = import_with_origins(model, arguments, project.settings.batch).graph
    check_outputs(graph, project.settings, data, classes=project.metric is None)
    check_trainable(model, data)
    kept = checkpoints / f"{project.name}-{_key(project, graph, data, training)}.pt"
    if kept.is_file():
        try:
            load_verified(model, kept)
            return model, "trained before"
        except ModelError as error:
            progress.note(f"{error} Training again.")
    train(model, data, training, select_device(project.settings.device), progress)
    # This run continues with the same values that later runs will load.
    reloaded = seeded_model(project)

    def check(saved: Path) -> None:
        load_checkpoint(reloaded, saved)
        _check_reloaded(model, reloaded, data)

    save_checkpoint(model, kept, check)
    return reloaded, f"trained on {len(data.train_arrays[0])} inputs"


def _train_by_project(project: Project, model: torch.nn.Module, data: Data) -> None:
    """Train in place with the project's train(); nothing is kept, as it may depend on anything."""
    import torch

    torch.manual_seed(0)
    project.train_model(model.train(), data)
    for name, value in model.state_dict().items():
        if value.is_meta or value.layout != torch.strided:
            raise ModelError(
                f"After train(), '{name}' is a meta or sparse tensor; expected a dense one with "
                "values."
            )
    model.to("cpu").eval()
    if not all(bool(torch.isfinite(value).all()) for value in model.parameters()):
        raise ModelError(
            "After train(), some parameters are NaN or infinite. Lower the learning rate."
        )


def _check_reloaded(trained: torch.nn.Module, reloaded: torch.nn.Module, data: Data) -> None:
    """Raise ModelError if a model's results change when it is loaded from its checkpoint."""
    import torch

    values = [torch.from_numpy(array[:_COMPARED]) for array in data.test_arrays]
    before, after = (_only_output(model.eval(), values) for model in (trained, reloaded))
    if not agrees_with_rerun(after.numpy(), before.numpy()).all():
        raise ModelError(
            "The trained model's results change when its values are saved and loaded: it keeps "
            "values outside its state_dict, such as plain attributes or buffers with "
            "persistent=False. Register them as parameters or persistent buffers."
        )


def seeded_model(project: Project) -> torch.nn.Module:
    """Return the project's model with its initial values, the same on every call."""
    import torch

    training = project.settings.training
    torch.manual_seed(training.seed if training else 0)
    model = project.build_model()
    check_traceable(model)
    check_module(model)
    _check_state(model)
    return model


def _check_state(model: torch.nn.Module) -> None:
    """Raise ModelError if the state_dict has values that are not tensors."""
    import torch

    for name, value in model.state_dict().items():
        if not torch.is_tensor(value):
            raise ModelError(
                f"'{name}' in the model's state_dict is a {type(value).__name__}; expected a "
                "tensor. Remove get_extra_state() from the model's layers, or register the value "
                "as a buffer."
            )


def _key(project: Project, graph: Graph, data: Data, training: Training) -> str:
    """Return a hash of everything that the trained values depend on."""
    import torch

    digest = hashlib.sha256()
    digest.update(repr(graph.nodes).encode())
    digest.update(json.dumps(asdict(training), sort_keys=True).encode())
    digest.update(data.fingerprint().encode())
    # Forked, so that the training that follows draws the same random numbers either way.
    with torch.random.fork_rng(devices=[]):
        for part in _first_step(seeded_model(project), data, training):
            digest.update(part)
    return digest.hexdigest()[:12]


def _first_step(model: torch.nn.Module, data: Data, training: Training) -> Iterator[bytes]:
    """Yield the values and gradients of a model after one batch on the CPU.

    They reflect what the graph, which represents the model in evaluation mode, does not: what
    forward() does only in training, and which parameters are frozen.
    """
    import torch

    # In the importer's form, regardless of what model() returns.
    model = model.to("cpu", torch.float32).train()
    inputs, labels, generator = _training_data(data, training, "cpu")
    with single_thread():
        _accumulate_gradients(model, inputs, labels, training.batch, generator)
    for value in model.state_dict().values():
        yield value.contiguous().numpy().tobytes()
    for parameter in model.parameters():
        yield b"none" if parameter.grad is None else parameter.grad.contiguous().numpy().tobytes()


def _check_classes(model: torch.nn.Module, data: Data) -> None:
    """Raise ModelError if the model does not return one value for each class of the labels."""
    import torch

    assert data.train_labels is not None
    output = _only_output(model.eval(), [torch.from_numpy(a[:1]) for a in data.train_arrays])
    if output.dim() != 2:
        shape = "x".join(map(str, output.shape))
        raise ModelError(
            f"The model's output for one input has the shape {shape}; training needs one value per "
            "class. Train the model elsewhere, and name its checkpoint in the settings."
        )
    check_labels(data.name, "training", data.train_labels, output.shape[1])


def _only_output(model: torch.nn.Module, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
    """Run a model and return its output. Raises ModelError if there are several."""
    outputs = tensors_in(try_forward(model, inputs))
    if len(outputs) > 1:
        raise ModelError(
            f"The model returns {len(outputs)} tensors; the built-in training needs a single one, "
            "with a value per class. Define train() in project.py, or name a checkpoint in the "
            "settings."
        )
    return outputs[0]


def check_trainable(model: torch.nn.Module, data: Data) -> None:
    """Raise ModelError if there is no training data, or the model does not fit it."""
    import torch

    if not all(bool(torch.isfinite(value).all()) for value in model.parameters()):
        raise ModelError(
            "model() returns parameters that are NaN or infinite. Initialize them with finite "
            "values."
        )
    if data.train_inputs is None or data.train_labels is None:
        raise ModelError(
            f"Data '{data.name}' has no training data. Provide train_inputs and train_labels, name "
            "a checkpoint in the settings, or set 'training' to None."
        )
    _check_classes(model, data)


def train(
    model: torch.nn.Module, data: Data, training: Training, device: str, progress: Progress
) -> None:
    """Train in place with cross entropy, Adam, and one cycle of the learning rate."""
    import torch

    model.to(device).train()
    inputs, labels, generator = _training_data(data, training, device)
    optimizer = torch.optim.Adam(model.parameters(), lr=training.learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=training.learning_rate, total_steps=training.steps
    )
    with single_thread():
        for _ in progress.track(range(training.steps), "training", training.steps):
            optimizer.zero_grad()
            _accumulate_gradients(model, inputs, labels, training.batch, generator)
            optimizer.step()
            schedule.step()
    model.to("cpu").eval()
    if not all(bool(torch.isfinite(value).all()) for value in model.parameters()):
        raise ModelError("The training diverged. Lower 'learning_rate' in the settings.")


def _training_data(
    data: Data, training: Training, device: str
) -> tuple[list[torch.Tensor], torch.Tensor, torch.Generator]:
    """Return the training inputs and labels, and the generator that batches are drawn with."""
    import torch

    inputs = [torch.from_numpy(array).to(device) for array in data.train_arrays]
    labels = torch.from_numpy(data.train_labels).to(device)
    return inputs, labels, torch.Generator().manual_seed(training.seed)


def _accumulate_gradients(
    model: torch.nn.Module,
    inputs: Sequence[torch.Tensor],
    labels: torch.Tensor,
    batch: int,
    generator: torch.Generator,
) -> None:
    """Draw a batch, and add the gradients of its cross entropy to the parameters' gradients."""
    import torch

    chosen = torch.randint(len(labels), (batch,), generator=generator).to(labels.device)
    (output,) = tensors_in(model(*(values[chosen] for values in inputs)))
    torch.nn.functional.cross_entropy(output, labels[chosen]).backward()
