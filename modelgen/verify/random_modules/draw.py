"""Drawing and shrinking of random modules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from modelgen.verify.random_modules.description import (
    STRUCTURES,
    Kind,
    Random,
    RandomModule,
    Shape,
    Step,
    UnfitError,
)
from modelgen.verify.random_modules.source import AGAIN, KINDS, Builder, first_unfit
from modelgen.verify.random_modules.values import can_join, draw_join
from modelgen.verify.random_modules.weights import VALUES

_COMPUTING = frozenset(KINDS) - {"flatten", "view", "ones", "copy"}
_KEEPING_SIZE = ("conv", "linear", "batch_norm", "activation", "sum", "affine", "join", "softmax")
"""Kinds of steps in a branch, which keep the number of rows and columns of maps."""
_TRIES = 8
"""Number of attempts to draw a step that fits."""


def draw(seed: int, most_words: int = 1 << 16, most_entries: int = 1024) -> RandomModule:
    """Return a random module.

    Args:
        seed: determines everything.
        most_words: largest size of the activation buffer, in words.
        most_entries: largest number of accumulator entries.
    """
    random = Random(seed)
    batch = random.choice((1, 2, 3), (6, 1, 1))
    features = _features(random, 20 if random.chance(0.1) else 12)
    names = random.choice(("plain", "odd"), (9, 1))
    steps = _steps(random, Builder(batch, features, names))
    last = len(steps)
    return RandomModule(
        seed=seed,
        batch=batch,
        features=features,
        steps=steps,
        outputs=_outputs(random, last),
        structure=random.choice(STRUCTURES),
        train=random.chance(0.2),
        names=names,
        weights=random.choice(("plain", "odd"), (3, 1)),
        values=random.choice(VALUES, (8, 4, 4, 1, 1, 1)),
        scale=random.choice(("max", "mse"), (4, 1)),
        buffer_words=1 << random.number(8, most_words.bit_length() - 1),
        accumulator_depth=1 << random.number(4, most_entries.bit_length() - 1),
    )


def _outputs(random: Random, last: int) -> tuple[int, ...]:
    """Return the values that a module returns: mostly the last one."""
    if random.chance(0.03):
        return (random.number(0, last),)
    others = [random.number(0, last) for _ in range(random.choice((0, 1, 2), (8, 2, 1)))]
    return tuple(dict.fromkeys((*others, last)))


def _features(random: Random, most: int) -> Shape:
    """Return the shape of one input: mostly images, but also features, sequences, and others."""
    kinds = {"image": 70, "line": 6, "features": 14, "sequence": 8, "scalar": 1, "video": 1}
    kind = random.choice(list(kinds), list(kinds.values()))
    channels = random.choice((random.number(1, 4), random.number(1, 24)))
    if kind == "image":
        return channels, random.number(1, most), random.number(1, most)
    if kind == "line":
        length = random.number(1, 3 * most)
        return (channels, 1, length) if random.chance(0.5) else (channels, length, 1)
    if kind == "features":
        return (random.number(1, 80),)
    if kind == "sequence":
        return random.number(1, 12), random.number(1, 24)
    return () if kind == "scalar" else (2, 2, random.number(1, 3), random.number(1, 4))


def _steps(random: Random, builder: Builder) -> tuple[Step, ...]:
    """Return random steps that fit one another."""
    strange = random.chance(0.12)
    steps: list[Step] = []
    for _ in range(random.choice((random.number(0, 4), random.number(2, 8), random.number(4, 14)))):
        if random.chance(0.06):
            _add_branches(random, builder, steps)
            continue
        for _ in range(_TRIES):
            step = _step(random, builder, steps, strange)
            if step is not None and builder.add(step):
                steps.append(step)
                break
    if not any(step.kind in _COMPUTING for step in steps) and random.chance(0.9):
        last = Step("activation", (len(steps),), {"form": ("F.relu({0})", "")})
        steps += [last] if builder.add(last) else []
    return tuple(steps)


def _step(random: Random, builder: Builder, steps: list[Step], strange: bool) -> Step | None:
    last = len(steps)
    source = last if random.chance(0.88) else random.number(0, last)
    shape = builder.shape(source)
    if not shape:
        return None
    if steps and random.chance(0.06):
        return Step(AGAIN, (source,), {"of": random.number(1, last)})
    rates = {name: _rate(kind.weights, shape) for name, kind in KINDS.items()}
    rates["strange"] *= 1.0 if strange else 0.0
    kind = random.choice(list(rates), list(rates.values()))
    sources = _sources(random, builder, KINDS[kind], source, last)
    try:
        return Step(kind, sources, KINDS[kind].draw(random, shape))
    except UnfitError:
        return None


def _sources(
    random: Random, builder: Builder, kind: Kind, source: int, last: int
) -> tuple[int, ...]:
    """Return the values that a step reads, `source` and others that fit."""
    shape = builder.shape(source)
    fitting = [value for value in range(last + 1) if kind.beside(shape, builder.shape(value))]
    sources = [random.choice(fitting) for _ in range(random.choice(kind.sources) - 1)]
    sources.insert(random.number(0, len(sources)), source)
    return tuple(sources)


def _add_branches(random: Random, builder: Builder, steps: list[Step]) -> None:
    """Add branches that read the same value, and a join of their results."""
    start = len(steps)
    shape = builder.shape(start)
    if len(shape) < 2:
        return
    ends = [_branch(random, builder, steps, start) for _ in range(random.number(2, 3))]
    if random.chance(0.2):
        ends.append(random.choice((start, *ends)))
    fitting = tuple(end for end in ends if can_join(shape, builder.shape(end)))
    join = Step("join", fitting or (start,), draw_join(random, shape))
    if builder.add(join):
        steps.append(join)


def _branch(random: Random, builder: Builder, steps: list[Step], start: int) -> int:
    """Add up to two steps after a value, and return the last of them, or the value."""
    end = start
    for _ in range(random.choice((0, 1, 2), (1, 4, 3))):
        shape = builder.shape(end)
        rates = {name: _rate(kind.weights, shape) for name, kind in KINDS.items()}
        kind = random.choice(_KEEPING_SIZE, [rates[name] for name in _KEEPING_SIZE])
        sources = _sources(random, builder, KINDS[kind], end, len(steps))
        settings = KINDS[kind].draw(random, shape)
        if kind == "conv":
            settings |= {"stride": 1, "padding": "same"}
        step = Step(kind, sources, settings)
        if builder.add(step):
            steps.append(step)
            end = len(steps)
    return end


def _rate(weights: dict[int, float], shape: Shape) -> float:
    if len(shape) in (2, 3, 4):
        return weights.get(len(shape), weights.get(0, 0.0) if set(weights) == {0} else 0.0)
    return weights.get(0, 0.0)


def smaller(module: RandomModule) -> Iterator[RandomModule]:
    """Yield modules that are one change simpler, the simplest first."""
    for candidate in _candidates(module):
        if candidate != module:
            yield candidate


def _candidates(module: RandomModule) -> Iterator[RandomModule]:
    steps = module.steps
    if max(module.outputs) < len(steps):
        yield replace(module, steps=steps[: max(module.outputs)])
    if len(module.outputs) > 1:
        for output in module.outputs:
            yield replace(module, outputs=tuple(o for o in module.outputs if o != output))
    for number in range(len(steps), 0, -1):
        yield _without(module, number)
    yield replace(module, batch=1)
    yield replace(module, train=False)
    yield replace(module, names="plain")
    yield replace(module, weights="plain")
    yield replace(module, values="plain")
    yield replace(module, scale="max")
    for axis, size in enumerate(module.features):
        for less in {1, -(-size // 2), max(size - 1, 1)}:
            features = (*module.features[:axis], less, *module.features[axis + 1 :])
            yield _fitting(replace(module, features=features))
    for index, step in enumerate(steps):
        for sources in _fewer(step):
            changed = replace(step, sources=sources)
            yield _fitting(replace(module, steps=(*steps[:index], changed, *steps[index + 1 :])))
        for settings in _simpler(step.settings):
            changed = replace(step, settings=settings)
            yield _fitting(replace(module, steps=(*steps[:index], changed, *steps[index + 1 :])))


def _fitting(module: RandomModule) -> RandomModule:
    """Return a module without the steps that no longer fit."""
    while (number := first_unfit(module)) is not None:
        module = _without(module, number)
    return module


def _without(module: RandomModule, number: int) -> RandomModule:
    """Return a module without one step; readers of its value read its first source instead."""
    source = module.steps[number - 1].sources[0]

    def moved(value: int) -> int:
        return source if value == number else value - (value > number)

    steps = []
    for index, step in enumerate(module.steps, 1):
        if index == number:
            continue
        settings = dict(step.settings)
        if step.kind == AGAIN:
            settings["of"] = 0 if settings["of"] == number else moved(settings["of"])
        sources = tuple(moved(value) for value in step.sources)
        steps.append(replace(step, sources=sources, settings=settings))
    outputs = tuple(dict.fromkeys(map(moved, module.outputs)))
    return replace(module, steps=tuple(steps), outputs=outputs)


def _fewer(step: Step) -> Iterator[tuple[int, ...]]:
    """Yield the sources of a join with each one left out."""
    if step.kind == "join" and len(step.sources) > 1:
        for left_out in range(len(step.sources)):
            yield step.sources[:left_out] + step.sources[left_out + 1 :]


_SIMPLEST: dict[str, Any] = {
    "kernel": 1,
    "stride": 1,
    "padding": 0,
    "dilation": 1,
    "groups": "one",
    "bias": False,
    "ceil_mode": False,
    "affine": False,
    "epsilon": 1e-5,
    "form": "nn",
    "channels": 1,
    "outputs": 1,
    "factor": 2,
    "constant": 1,
}


def _simpler(settings: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name, value in settings.items():
        simplest = _SIMPLEST.get(name, value)
        if isinstance(value, str) != isinstance(simplest, str) or value == simplest:
            continue
        yield {**settings, name: simplest}
        if isinstance(value, int) and not isinstance(value, bool) and value > 2:
            yield {**settings, name: value // 2}
            yield {**settings, name: value - 1}
        if isinstance(value, tuple) and all(isinstance(part, int) for part in value):
            yield from ({**settings, name: part} for part in set(value))
