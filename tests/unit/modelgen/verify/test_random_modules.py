"""Random modules: the same from the same seed, of all kinds, printed as code, made smaller."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from modelgen import operators
from modelgen.errors import ModelError
from modelgen.frontends.torch_export.arguments import arguments_of
from modelgen.frontends.torch_export.importer import OPERATORS, import_with_origins
from modelgen.frontends.torch_export.module_run import run_module
from modelgen.frontends.torch_export.tracing import trace
from modelgen.hardware import Hardware
from modelgen.ir.graph import Graph, Node
from modelgen.operators import Concatenate, Conv2d, Elementwise, Reshape
from modelgen.operators.epilogue import Epilogue
from modelgen.passes.simplify import simplify
from modelgen.progress import Silent
from modelgen.quantize.weights import quantize
from modelgen.verify import random_modules
from modelgen.verify.random_modules import RandomModule, Step, draw, smaller, text
from modelgen.verify.random_modules.source import KINDS
from modelgen.verify.random_modules.strange import FORMS, REFUSED
from modelgen.verify.trial import Case, Failure, Refusal, attempt


def made(module: RandomModule) -> torch.nn.Module:
    model = random_modules.make_class(module)()
    random_modules.fill(model, module.seed, module.weights)
    return model.eval()


def graph_of(seed: int) -> Graph | None:
    """The quantized graph of a random module; None if it is refused."""
    module = draw(seed)
    try:
        arguments = arguments_of(random_modules.draw_inputs(module, 1))
        imported = import_with_origins(made(module), arguments, module.batch)
        return quantize(simplify(imported.graph))
    except ModelError:
        return None


def test_a_seed_gives_always_the_same_module() -> None:
    assert draw(7) == draw(7) != draw(8)
    one, other = made(draw(7)), made(draw(7))
    for name, value in one.state_dict().items():
        assert torch.equal(value, other.state_dict()[name])


def test_all_kinds_are_drawn() -> None:
    modules = [draw(seed) for seed in range(200)]
    assert {step.kind for module in modules for step in module.steps} == {*KINDS, "again"}
    assert {module.batch for module in modules} == {1, 2, 3}
    assert {len(module.features) for module in modules} == {0, 1, 2, 3, 4}
    assert {len(module.outputs) for module in modules} == {1, 2, 3}
    several = [m for m in modules if any(step.kind == "argument" for step in m.steps)]
    drawn = [array for module in several for array in random_modules.draw_inputs(module, 1)[1:]]
    assert {array.dtype.name for array in drawn} == {"float32", "int64", "bool"}
    settings = [step.settings for module in modules for step in module.steps if step.kind == "conv"]
    assert {"same", "valid"} <= {conv["padding"] for conv in settings if conv["padding"]}
    widest = [
        max(np.atleast_1d(conv["padding"]) / np.atleast_1d(conv["kernel"]))
        for conv in settings
        if not isinstance(conv["padding"], str)
    ]
    assert max(widest) == 2
    assert {conv["groups"] for conv in settings} >= {"one", "depthwise"}


@pytest.fixture(scope="module")
def graphs() -> list[Graph]:
    return [graph for seed in range(300) if (graph := graph_of(seed))]


def trials(forms: Sequence[tuple[str, str]]) -> list[Case | Refusal]:
    """What becomes of forms on maps, sequences and vectors; none may fail."""
    base = replace(draw(0), batch=2, outputs=(1,), values="plain", weights="plain", names="plain")
    base = replace(base, scale="max", train=False, buffer_words=4096, accumulator_depth=64)
    modules = [
        replace(base, features=features, steps=(Step("strange", (0,), {"form": form}),))
        for form in forms
        for features in ((3, 4, 6), (4, 6), (6,))
    ]
    results = [attempt(module, Hardware()) for module in modules]
    failures = [result for result in results if isinstance(result, Failure)]
    assert not failures, f"{failures[0].reason}\n{text(failures[0].module)}"
    return [result for result in results if not isinstance(result, Failure)]


@pytest.mark.parametrize("form", REFUSED, ids=lambda form: " ".join(form))
def test_what_is_refused_is_refused_by_name(form: tuple[str, str]) -> None:
    assert any(isinstance(result, Refusal) for result in trials([form]))


@pytest.mark.nightly
def test_all_operators_of_the_device_are_drawn(graphs: list[Graph]) -> None:
    right = [result.program.graph for result in trials(FORMS) if isinstance(result, Case)]
    drawn = [node.operator for graph in [*graphs, *right] for node in graph.nodes]
    # Passes remove and expand two of them; the others are for maps that do not fit the buffer.
    gone = {operators.Dropout, operators.ConvTranspose2d, operators.Rows, operators.StackRows}
    # Quantization makes the operators of INT8 networks of these.
    of_fp32 = {one for one in operators.ALL if ".integer." not in one.__module__}
    assert {type(operator) for operator in drawn} == of_fp32 - gone
    epilogues = [o.epilogue for o in drawn if hasattr(o, "epilogue")]
    for field in fields(Epilogue):
        assert any(getattr(e, field.name) != field.default for e in epilogues)
    assert any(operator.depthwise for operator in drawn if isinstance(operator, Conv2d))


NOT_DRAWN = {
    *("constant_pad_nd", "max_pool1d_with_indices"),
    *(f"{mode}_pad{n}d" for mode in ("reflection", "replication") for n in (1, 2, 3)),
    *("quantized_decomposed", "heepstor"),
}
"""What torch.export makes of nothing that is drawn: modules for it give other operators, and those
of quantized models, by their libraries."""


def family(operator: str) -> str:
    """An operator's name without its overload, in place or not."""
    return operator.removeprefix("aten.").split(".")[0].rstrip("_")


@pytest.mark.nightly
def test_all_operators_of_the_importer_are_drawn() -> None:
    drawn: set[str] = set()
    for seed in range(4000):
        module = draw(seed)
        try:
            arguments = arguments_of(random_modules.draw_inputs(module, 1))
            program = trace(made(module), arguments, module.batch)
        except ModelError:
            continue
        calls = (node for node in program.graph.nodes if node.op == "call_function")
        drawn |= {family(str(call.target)) for call in calls}
    assert {*map(family, OPERATORS)} - drawn == NOT_DRAWN


def forms_of(graph: Graph, node: Node) -> Iterator[str]:
    """What is special about a concatenation."""
    makers = [graph.producer(name) for name in node.inputs]
    yield f"{len(node.inputs)} operands"
    if len(set(graph.shapes(node))) > 1:
        yield "several shapes"
    if len(set(node.inputs)) < len(node.inputs):
        yield "an operand twice"
    if graph.inputs[0] in node.inputs:
        yield "the input"
    if any(len(graph.consumers(name)) > 1 for name in node.inputs):
        yield "another reader"
    for operator in (Concatenate, Reshape, Elementwise):
        if any(maker and isinstance(maker.operator, operator) for maker in makers):
            yield f"of a {operator.name}"
        if any(isinstance(reader.operator, operator) for reader in graph.consumers(node.output)):
            yield f"read by a {operator.name}"


@pytest.mark.nightly
def test_concatenations_of_all_forms_are_drawn(graphs: list[Graph]) -> None:
    joins = [
        (g, node) for g in graphs for node in g.nodes if isinstance(node.operator, Concatenate)
    ]
    assert {form for join in joins for form in forms_of(*join)} >= {
        *("1 operands", "2 operands", "3 operands", "4 operands", "several shapes"),
        *("an operand twice", "another reader", "the input"),
        *("of a concatenate", "of a reshape", "of a elementwise"),
        *("read by a concatenate", "read by a reshape", "read by a elementwise"),
    }


def test_quantization_loses_nothing() -> None:
    """The weights of every layer are INT8 times a scale, bit for bit."""
    layers = 0
    for seed in range(40):
        model = made(draw(seed))
        for module in model.modules():
            if isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
                weight = module.weight.detach().flatten(1).double()
                scale = weight.abs().amax(1, keepdim=True) / 127
                steps = torch.where(scale > 0, weight / scale, 0)
                assert torch.equal(steps, steps.round())
                assert torch.equal(scale.float().double(), scale)
                layers += 1
    assert layers > 20


@pytest.mark.parametrize("seed", range(8))
def test_the_text_is_the_module(seed: int) -> None:
    module = draw(seed)
    scope: dict = {"modelgen": __import__("modelgen.verify.random_modules")}
    exec(text(module), scope)
    values = random_modules.draw_inputs(module, 1)
    models = scope["model"], made(module)
    pasted, own = (run_module(model, values, module.batch, Silent()) for model in models)
    for one, other in zip(pasted, own, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("seed", range(8))
def test_smaller_modules_are_modules(seed: int) -> None:
    module = draw(seed)
    for step in smaller(module):
        assert step != module
        assert len(step.steps) <= len(module.steps)
        made(step)


def test_a_step_less_leaves_the_others() -> None:
    """What read the removed value reads what that was made of; shared layers stay shared."""
    steps = (
        Step("linear", (0,), {"form": "nn", "outputs": 4, "bias": False}),
        Step("activation", (1,), {"form": ("F.relu({0})", "")}),
        Step("again", (2,), {"of": 1}),
        Step("sum", (3, 2), {"text": "{0} + {1}"}),
    )
    module = RandomModule(
        *(0, 1, (4,), steps, (4,), "tuple", False, "plain", "plain", "plain", "max", 65536, 1024)
    )
    without = next(small for small in smaller(module) if "relu" not in text(small))
    assert "x2 = self.linear1(x1)" in text(without)
    assert "x3 = x2 + x1" in text(without)


def test_a_concatenation_loses_one_operand_at_a_time() -> None:
    join = Step("join", (0, 1, 1), {"text": "torch.cat([{0}], {dim})", "dim": 1})
    steps = (Step("activation", (0,), {"form": ("F.relu({0})", "")}), join)
    module = RandomModule(
        *(0, 1, (4,), steps, (2,), "tuple", False, "plain", "plain", "plain", "max", 65536, 1024)
    )
    lines = {line.strip() for small in smaller(module) for line in text(small).splitlines()}
    assert "x2 = torch.cat([x0, x1], 1)" in lines
    assert "x2 = torch.cat([x1, x1], 1)" in lines
