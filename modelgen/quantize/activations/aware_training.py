"""Quantization-aware training: a trained network gets used to its integers.

Batch-norms are folded before. Each step computes with rounded weights, of the scales that they have
at that moment, and with activations that are rounded to the scales of the calibration; gradients
pass through the rounding (`simulation`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from modelgen.errors import ModelError
from modelgen.ir.graph import Graph
from modelgen.ir.packing import pack_inputs
from modelgen.quantize.activations.calibration import calibrate
from modelgen.quantize.activations.insertion import with_integers
from modelgen.quantize.activations.observation import stacked
from modelgen.quantize.activations.placement import layers_with_weights, quantized_tensors
from modelgen.quantize.activations.post_training import Recipe
from modelgen.quantize.activations.simulation import each_inference, rounded
from modelgen.quantize.weights import LARGEST_OF
from modelgen.threads import single_thread

if TYPE_CHECKING:
    import torch

Track = Callable[[range], Iterable[int]]
"""Reports progress while steps are iterated over."""


@dataclass(frozen=True)
class Schedule:
    """How long a network is trained, and how fast."""

    steps: int
    """Number of batches."""
    batch: int
    """Samples of a step."""
    learning_rate: float
    """Of the first step; it falls to zero in the last."""
    seed: int


def train_aware(
    graph: Graph,
    inputs: Sequence[np.ndarray],
    labels: np.ndarray,
    calibration: np.ndarray,
    recipe: Recipe,
    schedule: Schedule,
    track: Track = iter,
) -> Graph:
    """Return a float graph with weights and biases that suffer less from being quantized.

    Args:
        graph: of float operators, as `modelgen.passes.integers.prepare` makes it; its output has a
            value for each class.
        inputs: of the training; one array for each input of the graph, shape (samples, ...), in
            PyTorch's order.
        labels: classes, integers, shape (samples,).
        calibration: rows of inputs; see `modelgen.ir.packing`.
        recipe: how the network will be quantized.
        schedule: how long it is trained, and how fast.
        track: reports progress.

    Raises:
        ModelError: the training diverges.
    """
    import torch

    groups = quantized_tensors(graph, recipe.in_fp32)
    quantizations = calibrate(graph, calibration, groups, recipe.calibration)
    simulated = with_integers(graph, quantizations, (), _never)
    network = _Network(graph, simulated, recipe)
    optimizer = torch.optim.Adam(network.parameters.values(), lr=schedule.learning_rate)
    rate = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, schedule.steps)
    generator = np.random.default_rng(schedule.seed)
    samples = max(schedule.batch // graph.batch, 1) * graph.batch
    with single_thread():
        for _ in track(range(schedule.steps)):
            chosen = generator.integers(len(labels), size=samples)
            rows = pack_inputs(graph, [array[chosen] for array in inputs])
            optimizer.zero_grad()
            network.loss(rows, torch.from_numpy(labels[chosen].astype(np.int64))).backward()
            optimizer.step()
            rate.step()
    return network.trained()


def _never(*_: object) -> tuple[np.ndarray, np.ndarray]:
    raise AssertionError("no weights are quantized here")


class _Network:
    """A graph whose weights and biases are trained."""

    def __init__(self, graph: Graph, simulated: Graph, recipe: Recipe) -> None:
        import torch

        self._graph, self._simulated, self._recipe = graph, simulated, recipe
        self._fixed = {
            name: torch.from_numpy(np.ascontiguousarray(value))
            for name, value in simulated.constants.items()
        }
        self._bits: dict[str, int] = {}
        for node in layers_with_weights(graph, recipe.in_fp32):
            self._bits[node.constants["weight"]] = recipe.bits_of(node.name)
        layers = [node for node in graph.nodes if "weight" in node.constants]
        names = {n.constants[role] for n in layers for role in n.constants}
        self.parameters = {
            name: self._fixed[name].clone().requires_grad_() for name in sorted(names)
        }

    def loss(self, rows: np.ndarray, labels: torch.Tensor) -> torch.Tensor:
        """Return the cross entropy of a batch."""
        import torch

        weights = {name: self._rounded(name, value) for name, value in self.parameters.items()}
        run = each_inference(self._simulated, {**self._fixed, **weights})
        given = {n: torch.from_numpy(v) for n, v in stacked(self._graph, rows).items()}
        outputs = run(given)[self._simulated.outputs[0]].reshape(len(labels), -1)
        return torch.nn.functional.cross_entropy(outputs, labels)

    def _rounded(self, name: str, value: torch.Tensor) -> torch.Tensor:
        """Return weights as they will be quantized; everything else as it is."""
        import torch

        if name not in self._bits:
            return value
        largest = LARGEST_OF[self._bits[name]]
        rows = value.detach().abs().reshape(len(value), -1).amax(dim=1)
        if self._recipe.scheme == "per_tensor":
            rows = rows.max().expand(len(value))
        scale = torch.where(rows > 0, rows / largest, torch.ones_like(rows))
        shaped = scale.reshape(-1, *(1 for _ in value.shape[1:]))
        return rounded(value / shaped, -largest, largest) * shaped

    def trained(self) -> Graph:
        """Return the float graph with the trained values."""
        found = {name: value.detach().numpy() for name, value in self.parameters.items()}
        if not all(np.isfinite(value).all() for value in found.values()):
            raise ModelError(
                "The quantization-aware training diverged. Lower 'learning_rate' of the setting "
                "'qat'."
            )
        return self._graph.with_nodes(
            self._graph.nodes, constants={**self._graph.constants, **found}
        )
