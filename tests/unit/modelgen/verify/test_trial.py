"""Random modules through the compiler, from torch.export to the reference; what a trial sees."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modelgen.errors import ModelError
from modelgen.frontends.torch_export.importer import Imported
from modelgen.hardware import Hardware
from modelgen.ir.graph import Graph
from modelgen.operators.integer.base import IntegerOperator
from modelgen.verify import trial
from modelgen.verify.random_modules import RandomModule, Step, draw, text
from modelgen.verify.trial import Case, Failure, Refusal, attempt

HARDWARE = Hardware()


@pytest.mark.parametrize("first", range(0, 48, 8))
@pytest.mark.parametrize("size", [4, 16])
def test_random_modules(first: int, size: int) -> None:
    """None is wrong, none ends in a traceback, each refusal names a layer."""
    results = [attempt(draw(seed), Hardware(array_size=size)) for seed in range(first, first + 8)]
    failures = [result for result in results if isinstance(result, Failure)]
    assert not failures, f"{failures[0].reason}\n{text(failures[0].module)}"
    assert any(isinstance(result, Case) for result in results)


@pytest.mark.parametrize("first", range(0, 32, 8))
def test_random_modules_with_int8_activations(first: int) -> None:
    results = [attempt(draw(seed), HARDWARE, "int8") for seed in range(first, first + 8)]
    failures = [result for result in results if isinstance(result, Failure)]
    assert not failures, f"{failures[0].reason}\n{text(failures[0].module)}"
    operators = (
        node.operator
        for result in results
        if isinstance(result, Case)
        for node in result.program.graph.nodes
    )
    assert any(isinstance(operator, IntegerOperator) for operator in operators)


def module_of(*steps: Step) -> RandomModule:
    base = replace(draw(0), batch=2, features=(2, 5, 5), outputs=(len(steps),), values="plain")
    return replace(base, steps=steps, weights="plain", names="plain", scale="max", train=False)


CONV = Step(
    "conv",
    (0,),
    {
        **{"form": "nn", "channels": 3, "kernel": 3, "stride": 1, "padding": 1, "dilation": 1},
        **{"groups": "one", "bias": True, "mode": "zeros"},
    },
)
FLATTEN = Step("flatten", (1,), {"form": ("{0}.flatten(1)", "")})
ARGMAX = Step("argmax", (3,), {"form": ("{0}.argmax({dim})", ""), "dim": -1})
LINEAR = Step("linear", (2,), {"form": "nn", "outputs": 4, "bias": True})


def test_a_right_module() -> None:
    case = attempt(module_of(CONV, FLATTEN), HARDWARE)
    assert isinstance(case, Case)
    # Two inferences, one after the other, of a batch of two.
    assert case.inputs.shape == (2, 2 * 5 * 5 * 2)
    assert case.expected.shape == (2, 2 * 75)


def test_layers_after_an_argmax() -> None:
    """Classes are whole numbers, also where a padding of minus infinity is put around them."""
    pool = {"form": "F", "kernel": 4, "stride": None, "padding": 0, "ceil_mode": True}
    steps = (
        *(CONV, FLATTEN, LINEAR, ARGMAX),
        Step("view", (4,), {"form": "view", "rank": 3, "picks": [0, 0]}),
        Step("max_pool", (5,), {**pool, "dilation": 1}),
    )
    assert isinstance(attempt(module_of(*steps), HARDWARE), Case)


def test_a_wrong_importer_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the module that outputs are compared with, and not the imported graph."""
    right = trial.import_with_origins

    def wrong(*arguments: object) -> Imported:
        imported = right(*arguments)
        constants = imported.graph.constants
        changed = {name: value + np.float32(0.01) for name, value in constants.items()}
        return replace(imported, graph=replace(imported.graph, constants=changed))

    monkeypatch.setattr(trial, "import_with_origins", wrong)
    failure = attempt(module_of(CONV), HARDWARE)
    assert isinstance(failure, Failure)
    assert failure.kind == "wrong"
    assert "Layer 'conv1' (Conv2d) computes a different result after the import" in failure.reason


def test_a_wrong_layer_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if the outputs are right, by all that is known of them."""
    monkeypatch.setattr(trial, "differing_layers", lambda *_: iter(("layer 'conv1' gives 1",)))
    failure = attempt(module_of(CONV), HARDWARE)
    assert isinstance(failure, Failure)
    assert failure.reason == "wrong: layer 'conv1' gives 1"


@pytest.mark.parametrize("steps", [(CONV,), (CONV, FLATTEN, LINEAR, ARGMAX)])
def test_a_wrong_program_is_seen(monkeypatch: pytest.MonkeyPatch, steps: tuple[Step, ...]) -> None:
    right = trial.quantize

    def wrong(*arguments: object) -> Graph:
        graph = right(*arguments)
        name = graph.nodes[0].constants["scale"]
        return replace(graph, constants={**graph.constants, name: -graph.constants[name]})

    monkeypatch.setattr(trial, "quantize", wrong)
    failure = attempt(module_of(*steps), HARDWARE)
    assert isinstance(failure, Failure)
    assert failure.kind == "wrong"
    assert "differ from the module's; the first is" in failure.reason


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (KeyError("softmax"), "KeyError: 'softmax' (test_trial.py:"),
        (AssertionError("descriptor 3"), "AssertionError: descriptor 3"),
        (ModelError("the buffer is too small"), "refused without a layer: the buffer"),
        (ModelError("Layer 'a' is\nodd"), "refused without a layer"),
    ],
)
def test_what_is_no_refusal(monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(trial, "compile_graph", fail)
    failure = attempt(module_of(CONV), HARDWARE)
    assert isinstance(failure, Failure)
    assert failure.reason.startswith(reason)


def test_refusals_of_one_kind_have_one_reason() -> None:
    cumprod = ("{0}.cumprod(-1)", "")
    reasons = set()
    for steps in (
        (Step("strange", (0,), {"form": cumprod}),),
        (CONV, Step("strange", (1,), {"form": cumprod})),
    ):
        refusal = attempt(module_of(*steps), HARDWARE)
        assert isinstance(refusal, Refusal)
        assert refusal.message.startswith("Function cumprod ")
        reasons.add(refusal.reason)
    assert reasons == {"Function cumprod is not supported"}
